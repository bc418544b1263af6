"""The user's terminal: raw for as long as a session is shown on it, and then as it was."""

from __future__ import annotations

import os
import select
import termios
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Self

_USUAL_SIZE = 24, 80
_LAST_WORDS_S = 1.0
"""How long, at the end, to wait for a terminal that takes no output."""


class Terminal:
    """The user's terminal, raw while entered.

    It is opened anew, as non-blocking: with a descriptor that others share it would be so for them as well.
    """

    def __init__(self, tty_fd: int) -> None:
        self._name = os.ttyname(tty_fd)
        self._fd = tty_fd

    def __enter__(self) -> Self:
        self._fd = os.open(self._name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._attributes = termios.tcgetattr(self._fd)
        tty.setraw(self._fd, termios.TCSADRAIN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, self._attributes)
        except termios.error:
            pass  # its window was closed
        finally:
            os.close(self._fd)

    def fileno(self) -> int:
        return self._fd

    def size(self) -> tuple[int, int]:
        """Rows and columns; of a terminal that does not know, or is gone, the usual ones."""
        try:
            size = os.get_terminal_size(self._fd)
        except OSError:
            return _USUAL_SIZE
        return size.lines or _USUAL_SIZE[0], size.columns or _USUAL_SIZE[1]

    def read(self) -> bytes:
        """What was typed, at most 64 KiB; b"" when the terminal is gone."""
        try:
            return os.read(self._fd, 1 << 16)
        except OSError:
            return b""

    def write(self, data: bytearray) -> int:
        """Paint what the terminal takes now: so many bytes."""
        if not data:
            return 0
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)  # its window was closed, which `read` tells

    def write_out(self, data: bytearray, painted: Callable[[int], None]) -> None:
        """Paint all of `data`, unless the terminal takes nothing for long; `painted` removes what was."""
        while data and select.select([], [self], [], _LAST_WORDS_S)[1]:
            painted(self.write(data))
