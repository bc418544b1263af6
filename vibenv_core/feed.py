"""Input that is read by a thread of its own, while its reader waits for other things too."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

_READ_AHEAD = 1 << 20


class Feed:
    """Blocks of bytes from an iterable that may keep one waiting; made and taken from in one thread.

    `fileno` is for select, and readable when `take` has something to say. The thread ends when the iterable
    has, or at the first block after `close`.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = blocks
        self._waiting = bytearray()
        self._least = 1
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False
        self._rung = False
        self._error: BaseException | None = None
        self._readable, self._bell = os.pipe()
        threading.Thread(target=self._read, name="vibenv-feed", daemon=True).start()

    def fileno(self) -> int:
        """The end of a pipe."""
        return self._readable

    def want(self, least: int) -> None:
        """Have nothing to say before so many bytes came, or the end: many small blocks are taken as one."""
        with self._changed:
            self._least = least
            self._ring()

    def take(self, most: int) -> bytes | None:
        """At most `most` of the bytes that have come, None at their end. Raises: what the iterable raised."""
        with self._changed:
            if len(self._waiting) < self._least and not self._ended:
                return b""
            data = bytes(self._waiting[:most])
            del self._waiting[:most]
            if data:
                self._changed.notify()
                self._ring()
            elif self._error is not None:
                raise self._error
            else:
                return None
            return data

    def close(self) -> None:
        """Want no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            os.close(self._readable)
            os.close(self._bell)

    def _read(self) -> None:
        try:
            for block in self._blocks:
                if not self._put(block):
                    return
        except BaseException as error:  # its reader is the one to raise it
            self._error = error
        with self._changed:
            self._ended = True
            self._ring()

    def _put(self, block: bytes) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._waiting) < _READ_AHEAD)
            self._waiting += block
            self._ring()
            return not self._closed

    def _ring(self) -> None:
        """Let the pipe be readable when there is something to say, and only then."""
        ready = self._ended or len(self._waiting) >= self._least
        if ready == self._rung or self._closed:
            return
        self._rung = ready
        if ready:
            os.write(self._bell, b"\0")
        else:
            os.read(self._readable, 1)
