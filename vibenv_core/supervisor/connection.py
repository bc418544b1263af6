"""Where clients connect, and one client's socket: it never blocks, and holds what is unsent."""

# ruff: noqa: PTH101, PTH102, PTH108, PTH112, PTH120
# To import pathlib takes as long as to start Python.

from __future__ import annotations

import os
import select
import socket
import sys
from contextlib import suppress

from .client import Client
from .frames import Refused
from .talk import Talk

_READ = 1 << 16
_UNREAD = 1 << 16
"""Bytes that wait in the kernel for a client: what it will see before it sees what is new."""


def tell(error: Exception) -> None:
    """Write an error that nobody foresaw to the container's log. The program is somebody's, and goes on."""
    sys.excepthook(type(error), error, error.__traceback__)  # `traceback` takes long to import


def listening(path: str) -> socket.socket:
    """A socket at `path` that this user alone can connect to. Raises: OSError."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.mkdir(folder)
        os.chmod(folder, 0o1777)
    with suppress(FileNotFoundError):
        os.unlink(path)  # left behind by `docker kill`
    listener = socket.socket(socket.AF_UNIX)
    umask = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(umask)
    listener.listen(128)
    listener.setblocking(False)
    return listener


class Connection:
    """A socket and what is said over it."""

    def __init__(self, sock: socket.socket, talk: Talk) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNREAD)
        self.broken = False
        """Whether the client has gone, or has to go; `close` is still to come, or another gets its number."""
        self._socket = sock
        self._talk = talk
        self._unsent = memoryview(b"")

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    @property
    def client(self) -> Client | None:
        """Who it is; None before that is said."""
        return self._talk.client

    @property
    def wanted(self) -> int:
        """The events to wait for."""
        return (select.EPOLLIN if self._talk.may_speak else 0) | (select.EPOLLOUT if self._unsent else 0)

    @property
    def is_done(self) -> bool:
        """Whether all that there will be is sent."""
        return not self._unsent and (self.client is None or self.client.over)

    def receive(self, now: float) -> None:
        """Take what has come. The client's going, or garbage from it, breaks the connection."""
        try:
            data = self._socket.recv(_READ)
            if data:
                self._talk.receive(data, now)
                return
        except BlockingIOError:
            return
        except (OSError, Refused):
            pass
        except Exception as error:
            tell(error)
        self.broken = True

    def send(self, now: float) -> None:
        """Send what its client is owed, as much as goes."""
        try:
            while not self.broken:
                if not self._unsent:
                    self._unsent = memoryview(self.client.pull(now) if self.client else b"")
                if not self._unsent:
                    break
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self.broken = True
        except Exception as error:
            tell(error)
            self.broken = True

    def close(self) -> None:
        """End it; what is unsent is not sent any more."""
        self._socket.close()
