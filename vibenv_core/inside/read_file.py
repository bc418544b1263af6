"""Gives a caller elsewhere the content of a file of the session."""

# ruff: noqa: PTH111, PTH113, PTH202
# To import pathlib takes a third of the time that this runs.
from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from . import caller, mounts
from .framing import BLOCK, OUTPUT


def main(asked: caller.Request) -> caller.Result:
    """Do what is asked: `path`, and `bulk`: that a large file is to be had of the engine instead."""
    path = os.path.expanduser(asked["path"])
    if asked["bulk"] and _is_large(path) and mounts.is_in_root(path):
        return {"elsewhere": os.path.realpath(path)}
    caller.send(OUTPUT, content(path))
    return {}


def _is_large(path: str) -> bool:
    """Whether it is a large file, which the session's user may read."""
    return os.path.isfile(path) and os.path.getsize(path) >= mounts.LARGE and os.access(path, os.R_OK)


def content(path: str) -> Iterator[bytes]:
    """The content of the file at `path`, following links. Raises: OSError, ValueError (it is no file)."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        kind = os.fstat(file).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(21, "Is a directory", path)
        if not stat.S_ISREG(kind):
            raise ValueError(f"{path} is no regular file")
        while block := os.read(file, BLOCK):
            yield block
    finally:
        os.close(file)
