"""Gives a caller elsewhere the content of a file of the session."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from . import caller
from .framing import BLOCK, OUTPUT


def main() -> None:
    """Do what the request says: `path`."""
    asked = caller.request()
    try:
        caller.send(OUTPUT, content(os.path.expanduser(str(asked["path"]))))  # noqa: PTH111
    except (OSError, ValueError, EOFError) as error:
        caller.end_with(error)
    else:
        caller.end({})


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
