"""The terminal, lent to a command: nu steps back, and everything is put back as it was afterwards."""

from __future__ import annotations

import os
import termios
from contextlib import suppress

from .data import TYPE_CHECKING
from .errors import LabeledError, NoTerminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Foreground:
    """A context manager whose value is a descriptor of the terminal, open for reading and writing.

    At its end the terminal has the settings that it had, and belongs to nu again: nu does not restore
    settings, and in a script it would be stopped if its group were not in the foreground when it takes the
    terminal back.
    """

    def __init__(self, enter: Callable[[], int | None], leave: Callable[[], object]) -> None:
        self._enter = enter
        self._leave = leave

    def __enter__(self) -> int:
        try:
            self._tty = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise _no_terminal() from error
        try:
            self._settings = termios.tcgetattr(self._tty)
            try:
                self._group = self._enter()
            except LabeledError as error:
                raise _no_terminal(error) from error
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


def _no_terminal(*inner: LabeledError) -> NoTerminal:
    return NoTerminal(
        "there is no terminal to be had",
        code="plugin::no_terminal",
        help="run this where nu itself has a terminal",
        inner=inner,
    )
