"""The terminal, lent to a command: nu steps back, and everything is put back as it was afterwards."""

from __future__ import annotations

import os
import termios
import threading
from contextlib import suppress

from .data import TYPE_CHECKING
from .errors import Label, LabeledError, NoTerminal
from .running import WhenCancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from .running import Cancellation
    from .span import Span

_LENT = threading.Lock()
"""Held while a command has the terminal: a process has one group, and a terminal one set of settings."""


class Foreground:
    """A context manager whose value is a descriptor of the terminal, open for reading and writing.

    At its end the terminal has the settings that it had, and belongs to nu again: nu does not restore
    settings, and in a script it would be stopped if its group were not in the foreground when it takes the
    terminal back.
    """

    def __init__(self, enter: Callable[[], int | None], leave: Callable[[], object], head: Span) -> None:
        self._enter = enter
        self._leave = leave
        self._head = head

    def __enter__(self) -> int:
        if not _LENT.acquire(blocking=False):
            raise LabeledError(
                "the terminal is taken",
                labels=[Label("another command of this plugin has it", self._head)],
                code="plugin::terminal_taken",
                help="run them one after the other",
            )
        try:
            self._tty = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            _LENT.release()
            raise self._no_terminal() from error
        try:
            self._settings = termios.tcgetattr(self._tty)
            try:
                self._group = self._enter()
            except LabeledError as error:
                raise self._no_terminal(error) from error
            if self._group is not None:
                with suppress(OSError):  # a process that has ended has no group to join
                    os.setpgid(0, self._group)
        except BaseException:
            os.close(self._tty)
            _LENT.release()
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
            _LENT.release()
            self._leave()

    def _no_terminal(self, *inner: LabeledError) -> NoTerminal:
        return NoTerminal(
            "there is no terminal to be had",
            labels=[Label("needs one", self._head)],
            code="plugin::no_terminal",
            help="run this where nu itself has a terminal",
            inner=inner,
        )


def run(
    argv: Sequence[str],
    tty: int,
    *,
    environment: Mapping[str, str],
    directory: str,
    cancelled: Cancellation,
) -> int:
    """Run a program on the terminal to its end, and give its exit status, -N for an end by signal N.

    It is woken when it stops itself, as an editor does at ctrl-z: no prompt could be come back from. It is
    told by SIGHUP when the call is cancelled, which is when nu is gone.
    Raises OSError when it cannot be started.
    """
    import signal
    import subprocess

    from .signals import restore

    child = subprocess.Popen(
        argv, stdin=tty, stdout=tty, stderr=tty, env=environment, cwd=directory, preexec_fn=restore
    )

    def hang_up() -> None:
        if child.returncode is None:
            os.kill(child.pid, signal.SIGHUP)

    with WhenCancelled(cancelled, hang_up):
        while os.WIFSTOPPED(status := os.waitpid(child.pid, os.WUNTRACED)[1]):
            os.kill(child.pid, signal.SIGCONT)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode
