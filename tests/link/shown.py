"""A session on a terminal, seen by its user: attached to in a thread, on a terminal of the test's own."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import termios
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from vibenv_core.attach import Attached, attach
from vibenv_core.detach_key import DetachKey
from vibenv_core.engine import Engine

DETACH = b"\x1c"


class Shown:
    """What is typed and seen at the terminal. A thread reads all the time, so that nothing is held up."""

    def __init__(self, user: int, ended: Future[Attached]) -> None:
        self.seen = bytearray()
        """All that was painted, and up to where a test has looked at it: `mark`."""
        self.mark = 0
        self.arrived: Callable[[bytes], object] = lambda data: None
        """Called with what is painted, as it comes."""
        self._user, self._ended = user, ended
        self._came = threading.Condition()
        self.reads = True
        """Whether the terminal takes what is painted; a user's ctrl-s stops that."""

    def read(self, over: threading.Event) -> None:
        """Take what is painted until `over` is set."""
        while not over.is_set():
            if self.reads and select.select([self._user], [], [], 0.02)[0]:
                data = os.read(self._user, 1 << 16)
                with self._came:
                    self.seen += data
                    self.arrived(data)
                    self._came.notify_all()
            elif not self.reads:
                over.wait(0.02)

    def type(self, keys: bytes) -> None:
        os.write(self._user, keys)

    def until(self, wanted: bytes, within_s: float = 20) -> bytes:
        """What is painted from where the last look ended, up to the pattern `wanted`."""
        deadline = time.monotonic() + within_s
        with self._came:
            while not (found := re.compile(wanted, re.DOTALL).search(self.seen, self.mark)):
                left = deadline - time.monotonic()
                assert left > 0, f"no {wanted!r} in {bytes(self.seen[self.mark :][-2000:])!r}"
                self._came.wait(min(left, 0.1))
                assert not self._ended.done() or wanted in self.seen[self.mark :], self._ended.result()
            seen, self.mark = bytes(self.seen[self.mark : found.end()]), found.end()
        return seen

    def ended(self, within_s: float = 10) -> Attached:
        """What became of it, once it is no longer shown."""
        return self._ended.result(within_s)


@contextlib.contextmanager
def showing(
    engine: Engine,
    name: str,
    *,
    rows: int = 24,
    cols: int = 80,
    keys: str = "ctrl-\\",
    watching: bool = False,
) -> Iterator[Shown]:
    """A session on a terminal of that size, once it is painted; it is left at the end, whatever it does."""
    user, program = pty.openpty()
    termios.tcsetwinsize(program, (rows, cols))
    cancelled, over = threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        ended = pool.submit(
            attach, engine, name, tty_fd=program, key=DetachKey(keys), watching=watching, cancelled=cancelled
        )
        shown = Shown(user, ended)
        pool.submit(shown.read, over)
        try:
            shown.until(rb"\x1b\[H\x1b\[J.{20}")
            shown.mark = 0
            yield shown
        finally:
            shown.reads = True
            cancelled.set()
            with contextlib.suppress(Exception):
                ended.result(10)
            over.set()
    os.close(user)
    os.close(program)
