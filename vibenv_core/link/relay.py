"""A local socket whose connections are each joined to a program: `docker system dial-stdio` by ssh.

usage: python -m vibenv_core.link.relay SOCKET PROGRAM [ARGUMENT…]

For hosts that do not forward sockets. A program is started when a connection says its first word, and has the
connection itself as standard input and output: no byte passes through here. Goes into the background once it
listens, and ends when its socket is taken away or another's, and when nobody was connected for as long as ssh
keeps an idle master.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_IDLE_S = 600.0
_TICK_S = 1.0


def main(path: str, *argv: str) -> None:
    """Serve until nobody has been there for long."""
    with socket.socket(socket.AF_UNIX) as listener:
        new = Path(f"{path}.new")
        new.unlink(missing_ok=True)
        listener.bind(str(new))
        new.chmod(0o600)
        listener.listen()
        new.rename(path)
        if os.fork():
            os._exit(0)
        os.setsid()
        _serve(listener, argv, Path(path))


def _serve(listener: socket.socket, argv: Sequence[str], path: Path) -> None:
    silent: list[socket.socket] = []
    programs: list[subprocess.Popen[bytes]] = []
    idle_s, ours = 0.0, _number(path)
    while idle_s < _IDLE_S and (programs or _number(path) == ours):
        ready = select.select([listener, *silent], [], [], _TICK_S)[0]
        programs = [program for program in programs if program.poll() is None]
        idle_s = 0.0 if ready or programs or silent else idle_s + _TICK_S
        for connection in ready:
            if connection is listener:
                silent.append(listener.accept()[0])
                continue
            silent.remove(connection)
            with connection:
                if _says_something(connection):
                    number = connection.fileno()
                    programs.append(subprocess.Popen(argv, stdin=number, stdout=number))


def _number(path: Path) -> int | None:
    """What tells the file at `path` from one that was there before."""
    with contextlib.suppress(OSError):
        return path.stat().st_ino
    return None


def _says_something(connection: socket.socket) -> bool:
    with contextlib.suppress(OSError):
        return connection.recv(1, socket.MSG_PEEK) != b""
    return False


if __name__ == "__main__":
    main(*sys.argv[1:])
