"""Starts the session's program on a terminal of its own. Imported before all else: that starts first."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios

NOT_FOUND = 127
NOT_EXECUTABLE = 126
_KILL, _STOP, _SIGNALS = 9, 19, 32
_IUTF8 = 0o40000
"""Erasing takes a character, not a byte. Linux' own flag; `termios` does not name it."""
_OURS = ("LD_PRELOAD", "LD_LIBRARY_PATH")
"""Emptied for the supervisor, whose Python must not load what the image's own programs do."""


class CannotStart(Exception):
    """There is no such program, or it cannot be executed; `args` are why and the exit status that says so."""


class Program:
    """A running program, as its parent sees it. Its terminal is open here as long as `terminal` is."""

    def __init__(self, argv: list[str], environment: dict[str, str], *, rows: int, cols: int) -> None:
        """Start it: in its own session, with a controlling terminal that has its size already, and signals at
        their defaults. Raises: CannotStart."""
        self.terminal, self._other_side = os.openpty()
        """The terminal's master side, which does not block."""
        # The other side stays open: a program that closes its terminal for a while does not end the session.
        self.resize(rows, cols)
        modes = termios.tcgetattr(self._other_side)
        modes[0] |= _IUTF8
        termios.tcsetattr(self._other_side, termios.TCSANOW, modes)
        os.set_blocking(self.terminal, False)
        path = os.ttyname(self._other_side)
        try:
            self.pid = os.posix_spawnp(
                argv[0],
                argv,
                environment,
                setsid=True,
                # The first terminal that a session's leader opens becomes its controlling one.
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, path, os.O_RDWR, 0),
                    (os.POSIX_SPAWN_DUP2, 0, 1),
                    (os.POSIX_SPAWN_DUP2, 0, 2),
                ],
                setsigmask=[],
                setsigdef=[number for number in range(1, _SIGNALS) if number not in (_KILL, _STOP)],
            )
        except OSError as error:
            os.close(self.terminal)
            os.close(self._other_side)
            why, status = error.strerror or "", NOT_EXECUTABLE
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                why, status = "not found", NOT_FOUND
            raise CannotStart(f"{argv[0]}: {why}", status) from error

    def resize(self, rows: int, cols: int) -> None:
        """Give its terminal another size, of which it hears."""
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, cols, 0, 0))

    def signal(self, number: int) -> None:
        """Send a signal to it and to its terminal's foreground. It must not have been waited for."""
        groups = {self.pid, os.tcgetpgrp(self.terminal)} - {0}
        for group in groups:
            try:
                os.killpg(group, number)
            except (ProcessLookupError, PermissionError):
                continue  # it has ended, or is another user's


def environment_for(own: dict[str, str], given: list[str]) -> dict[str, str]:
    """What the program's environment is: the container's, over that what is `given` (`NAME=VALUE`).

    Raises: ValueError (no `=`).
    """
    kept = {name: value for name, value in own.items() if value or name not in _OURS}
    return {"TERM": "xterm-256color"} | kept | dict(_pair(one) for one in given)


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not (name and equals):
        raise ValueError(f"not NAME=VALUE: {given}")
    return name, value
