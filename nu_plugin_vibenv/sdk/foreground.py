"""The terminal, lent to a command: nu's process group steps back, and everything is put back as it was afterwards."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from .data import TYPE_CHECKING
from .errors import LabeledError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


def prepare_signals() -> None:
    """Set this process up so that a terminal can be taken and given back; to be called from the main thread.

    SIGTTOU is ignored, or taking the terminal back from the background would stop the process. The keys' signals get
    handlers that do nothing: they reach the plugin too while it is in the foreground, and unlike SIG_IGN a handler is
    gone in whatever the plugin executes.
    """
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, _nothing)


def _nothing(_number: int, _frame: object) -> None:
    pass


class Foreground:
    """A context manager whose value is a descriptor of the terminal, open for reading and writing.

    At its end the terminal has the settings that it had, and belongs to nu again: nu does not restore settings, and in
    a script it would be stopped if its group were not in the foreground when it takes the terminal back.
    """

    def __init__(self, enter: Callable[[], int | None], leave: Callable[[], object]) -> None:
        self._enter = enter
        self._leave = leave

    def __enter__(self) -> int:
        import termios

        try:
            self._tty = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise LabeledError(
                "there is no terminal",
                code="plugin::no_terminal",
                help="run this where nu itself has a terminal",
            ) from error
        try:
            self._settings = termios.tcgetattr(self._tty)
            self._group = self._enter()
            if self._group is not None:
                with suppress(OSError):  # a process that has ended has no group to join
                    os.setpgid(0, self._group)
        except BaseException:
            os.close(self._tty)
            raise
        return self._tty

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        import termios

        try:
            with suppress(termios.error, OSError):  # the terminal may be gone, as when its window was closed
                termios.tcsetattr(self._tty, termios.TCSADRAIN, self._settings)
                if self._group is None:
                    os.tcsetpgrp(self._tty, os.getpgid(os.getppid()))
            if self._group is not None:
                with suppress(OSError):
                    os.setpgid(0, 0)
        finally:
            os.close(self._tty)
            self._leave()
