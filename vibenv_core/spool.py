"""A stream that is read at once to its end, however slowly what it gives is taken.

An engine holds on to a container as long as an archive of it is being read: meanwhile nobody can enter, look
at or stop it.
"""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from collections.abc import Generator

from .errors import Interrupted

_BLOCK = 1 << 20
_WAKE_S = 0.05
"""How late a cancelled call may be noticed."""


def spooled(blocks: Generator[bytes], cancelled: threading.Event, *, most: int) -> Generator[bytes]:
    """The same bytes, kept in a file without a name until they are taken; `most` is how many there may be.

    Raises: what `blocks` raises, once what came before is taken; Interrupted, OSError (the disk is full, or
    there are more).
    """
    with tempfile.TemporaryFile() as file:
        spool = _Spool(file.fileno(), most)
        threading.Thread(target=spool.fill, args=(blocks,), name="vibenv-spool", daemon=True).start()
        try:
            at = 0
            while at < (length := spool.wait(at, cancelled)):
                yield (block := os.pread(file.fileno(), min(_BLOCK, length - at), at))
                at += len(block)
        finally:
            spool.close()


class _Spool:
    """What a thread writes and another one reads."""

    def __init__(self, file: int, most: int) -> None:
        self._file = os.dup(file)
        self._most = most
        self._changed = threading.Condition()
        self._length = 0
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None

    def fill(self, blocks: Generator[bytes]) -> None:
        """Write all there is, until nobody wants it."""
        try:
            for block in blocks:
                self._write(block)
                with self._changed:
                    self._length += len(block)
                    self._changed.notify()
                    if self._closed:
                        break
        except BaseException as error:  # its reader is the one to raise it
            self._error = error
        finally:
            blocks.close()
            os.close(self._file)
            with self._changed:
                self._ended = True
                self._changed.notify()

    def _write(self, block: bytes) -> None:
        if self._length + len(block) > self._most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def wait(self, at: int, cancelled: threading.Event) -> int:
        """How much there is, once that is more than `at`, or all. Raises: as `spooled`."""
        with self._changed:
            while self._length == at and not self._ended:
                self._changed.wait(_WAKE_S)
                if cancelled.is_set():
                    raise Interrupted("reading")
            if self._length == at and self._error is not None:
                raise self._error
            return self._length

    def close(self) -> None:
        """Want no more."""
        with self._changed:
            self._closed = True
