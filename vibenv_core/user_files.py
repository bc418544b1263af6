"""Files that belong to the user: read, and replaced whole or not at all.

A new content is written beside the old one and renamed over it, on the path that links lead to; mode and
owner stay. What cannot be done so is refused, and the file is as it was.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .errors import WrongState

_LOCK_S = 10.0
"""How long somebody else may be changing a file; some milliseconds are usual."""
_POLL_S = 0.01


def content(path: Path) -> bytes:
    """What the file holds; nothing where there is none.

    Raises: WrongState (a folder, a device, a file that may not be read).
    """
    with told(path, "read"):
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise _wrong(path, "read", "it is no regular file")
            return path.read_bytes()
        except FileNotFoundError:
            _refuse_dangling(path, "read")
            return b""


def replace(path: Path, content: bytes, *, new_mode: int = 0o600) -> None:
    """Give the file another content, or make it with `new_mode`; missing folders are made for its owner only.

    Raises: WrongState.
    """
    place = Path(os.path.realpath(path))
    with told(path, "written"):
        _refuse_dangling(path, "written")
        _make(place.parent)
        before = place.stat() if place.exists() else None
        if before is not None and not os.access(place, os.W_OK):
            raise _wrong(path, "written", "it is read-only")
        _rename_over(place, content, before, new_mode)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else who asks for this lock changes what is in `folder` in the meantime; it is made if missing.

    Raises: WrongState, also where somebody else has the lock for longer than a change takes.
    """
    with contextlib.ExitStack() as stack:
        with told(folder, "locked"):
            _make(folder)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, descriptor)
            deadline = time.monotonic() + _LOCK_S
            while not _locks(descriptor):
                if time.monotonic() > deadline:
                    raise _wrong(folder, "changed", "another program is changing it and does not end")
                time.sleep(_POLL_S)
        yield


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make(folder: Path) -> None:
    if not folder.exists():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _rename_over(place: Path, content: bytes, before: os.stat_result | None, new_mode: int) -> None:
    """Write `content` beside `place`, with the mode and owner of `before`, and rename it there."""
    descriptor, beside = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if before is not None:
                os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(before.st_mode) if before else new_mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(beside).replace(place)
    except BaseException:
        Path(beside).unlink()
        raise
    _sync(place.parent)


def _refuse_dangling(path: Path, done: str) -> None:
    """Refuse a link that leads nowhere: what it is meant to lead to may be away for a while."""
    if path.is_symlink() and not path.exists():
        raise _wrong(path, done, f"it is a link to {path.readlink()}, which is not there")


def _sync(folder: Path) -> None:
    """Have what was renamed in `folder` outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def told(path: Path, done: str) -> Iterator[None]:
    """What goes wrong in the body is said of `path`, which could not be `done`: read, written.

    Raises: WrongState.
    """
    try:
        yield
    except OSError as error:
        raise _wrong(path, done, (error.strerror or str(error)).lower()) from error


def _wrong(path: Path, done: str, why: str) -> WrongState:
    return WrongState(
        f"{path} cannot be {done}: {why}",
        code="file::refused",
        help=f"look at it: `ls -ld {path} {path.parent}`, `df {path.parent}`",
    )
