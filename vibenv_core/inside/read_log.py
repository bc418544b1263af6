"""Gives a caller elsewhere the recording of the session's terminal, and more of it as it is written.

OUTPUT has whole lines, and where a file begins its header, as if the file began where the caller has read to.
"""

# ruff: noqa: PTH116
# To import pathlib takes a third of the time that this runs.
from __future__ import annotations

import json
import os
import select
import zlib
from collections.abc import Iterator
from contextlib import suppress

from . import caller
from .framing import BLOCK, OUTPUT

NEWEST = "session.cast"
OLDER = "session.1.cast"
_LONGEST = 1 << 24
"""Bytes of a line that are still read at once."""
_POLL_S = 0.03
"""How late it may be seen that something was written; to look so often takes no time worth speaking of."""


def main(asked: caller.Request) -> caller.Result:
    """Do what is asked: `folder`, the `position` to go on at or null, `follow`, and `compressed`."""
    pieces = recorded(asked["folder"], asked["position"], follow=asked["follow"])
    caller.send(OUTPUT, _compressed(pieces) if asked["compressed"] else pieces)
    return {}


def recorded(folder: str, position: int | None, *, follow: bool) -> Iterator[bytes]:
    """The recording from `position` on; ends with it, or where it is followed, when the caller is gone.

    Raises: OSError, EOFError (the caller is gone).
    """
    while True:
        files = _files(folder)
        for file in files:
            new = position is None or file.start > position
            offset = file.head if new else file.lines + (position or 0) - file.start
            if file is files[-1] or offset < os.fstat(file.opened).st_size:
                yield file.header if new else file.header_at(position or 0)
            while lines := file.read(offset):
                offset += len(lines)
                yield lines
            while follow and file is files[-1]:
                replaced = file.is_replaced(folder)  # and so not written any more, once this is known
                if lines := file.read(offset):
                    offset += len(lines)
                    yield lines
                elif replaced:
                    break
                else:
                    _wait()
            position = file.start + offset - file.lines
            os.close(file.opened)
        if not follow:
            return
        if not files:
            _wait()


def _wait() -> None:
    if select.select([0], [], [], _POLL_S)[0]:
        caller.hear()  # it says nothing, it can only go


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    compressing = zlib.compressobj(1)
    for piece in pieces:
        yield compressing.compress(piece) + compressing.flush(zlib.Z_SYNC_FLUSH)


class _File:
    """A file of the recording, whatever it is called by now."""

    def __init__(self, path: str) -> None:
        """Raises: OSError; ValueError, LookupError, TypeError (it has no header, or not yet)."""
        self.opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            self.inode = os.fstat(self.opened).st_ino
            self.header = os.pread(self.opened, BLOCK, 0).partition(b"\n")[0] + b"\n"
            self._said = json.loads(self.header)
            self.start = int(self._said["vibenv"]["start"])
            self.head = len(self.header)
            self.lines = self.head + int(self._said["vibenv"]["repaint"])
            """Where the lines begin that go on from the file before."""
        except BaseException:
            os.close(self.opened)
            raise

    def header_at(self, position: int) -> bytes:
        """The header that it would have if it began there."""
        vibenv = {**self._said["vibenv"], "start": position, "repaint": 0}
        return json.dumps({**self._said, "vibenv": vibenv}).encode() + b"\n"

    def read(self, offset: int) -> bytes:
        """Whole lines from there on, some of them if they are many; empty where there are none yet."""
        size = BLOCK
        while not (lines := (data := os.pread(self.opened, size, offset))[: data.rfind(b"\n") + 1]):
            if len(data) < size:
                return b""
            if size == _LONGEST:
                return data
            size *= 2
        return lines

    def is_replaced(self, folder: str) -> bool:
        """Whether another file is the newest now."""
        try:
            return os.stat(f"{folder}/{NEWEST}").st_ino != self.inode
        except FileNotFoundError:  # somebody in the session has removed it
            return False


def _files(folder: str) -> list[_File]:
    """Those that are there, each once, in the order of what they have."""
    files: list[_File] = []
    for name in (NEWEST, OLDER):  # so that none is left out when they turn over in between
        with suppress(OSError, ValueError, LookupError, TypeError):
            file = _File(f"{folder}/{name}")
            if any(file.inode == other.inode or file.start >= other.start for other in files):
                os.close(file.opened)
            else:
                files.insert(0, file)
    return files
