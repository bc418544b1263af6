"""Writes a file of the session from what a caller elsewhere sends: whole, or not at all."""

# ruff: noqa: PTH104, PTH108, PTH102, PTH110, PTH111, PTH116, PTH118, PTH120
# To import pathlib takes a third of the time that this runs.
from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator

from . import caller, mounts

CONTENT = "content"
"""What the engine calls the file that it is given for `take_over`."""
_SETTLES_S = 1.0
"""How long an engine may still be at what it was told to break off."""


def main(asked: caller.Request) -> caller.Result:
    """Do what is asked: `path`, `mode` (None: what is usual for a new file)."""
    path = os.path.realpath(os.path.expanduser(asked["path"]))
    if asked["bulk"] and mounts.is_in_root(os.path.dirname(path), itself=True):
        size = take_over(path, mode=asked["mode"])
    else:
        size = write(path, caller.input_of(asked), mode=asked["mode"])
    return {"path": path, "size": size}


def write(path: str, content: Iterable[bytes], *, mode: int | None) -> int:
    """Put `content` into the file at `path`, and how much it was; until all is there, what was there stays.

    A file that is replaced keeps its mode, unless another is wished, and its owner. Raises: OSError,
    ValueError (there is something that is no file), and what `content` raises.
    """
    before = _before(path)
    temporary = beside(path)
    size = 0
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            for block in content:
                size += len(block)
                rest = memoryview(block)
                while rest:
                    rest = rest[os.write(file, rest) :]
            _make_like(file, before, mode)
        finally:
            os.close(file)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return size


def take_over(path: str, *, mode: int | None) -> int:
    """As `write`, of what the engine puts there as the file `content`."""
    before = _before(path)
    with stage(path) as folder:
        caller.receive_in(folder)
        content = os.path.join(folder, CONTENT)
        file = os.open(content, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _make_like(file, before, mode)
            size = os.fstat(file).st_size
        finally:
            os.close(file)
        os.rename(content, path)
    return size


@contextlib.contextmanager
def stage(path: str) -> Iterator[str]:
    """A folder beside `path` for what is to be called that; it goes again, with what is left in it."""
    folder = beside(path)
    os.mkdir(folder, 0o700)
    try:
        yield folder
    finally:
        deadline = time.monotonic() + _SETTLES_S
        while os.path.exists(folder) and time.monotonic() < deadline:
            shutil.rmtree(folder, ignore_errors=True)


def beside(path: str) -> str:
    """Another name in the folder of `path`. Raises: FileNotFoundError (there is no such folder)."""
    folder, name = os.path.split(path)
    os.stat(folder)
    return os.path.join(folder, temporary_name(name))


def temporary_name(name: str) -> str:
    """What a file is called in its folder until it is whole; names have at most 255 bytes."""
    return os.fsdecode(b".%.200b.vibenv-%s" % (os.fsencode(name), os.urandom(4).hex().encode()))


def _before(path: str) -> os.stat_result | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(21, "Is a directory", path)
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{path} is no regular file")
    if not os.access(path, os.W_OK):
        raise PermissionError(13, "Permission denied", path)
    return found


def _make_like(file: int, before: os.stat_result | None, mode: int | None) -> None:
    """Give a new file the owner and the mode of the one before, or the mode that is wished."""
    if before is not None and (before.st_uid, before.st_gid) != _owner(file):
        os.fchown(file, before.st_uid, before.st_gid)
    os.fchmod(file, _mode(before) if mode is None else mode)


def _owner(file: int) -> tuple[int, int]:
    found = os.fstat(file)
    return found.st_uid, found.st_gid


def _mode(before: os.stat_result | None) -> int:
    if before is not None:
        return stat.S_IMODE(before.st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
