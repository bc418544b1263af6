"""Joins standard input and output to a port of the container; what a forward runs for each connection.

    connect PORT

Standard input carries packets: two bytes of length, then what is handed on; none says that no more comes,
which is told to the far end. When standard input ends, the client is gone, and so is this.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading

_HERE = "127.0.0.1", "::1"


def main(port: str) -> int:
    """Copy both ways until the far end closes; 1 when nobody listens."""
    far = _connected(int(port))
    if far is None:
        return 1
    threading.Thread(target=_hand_on, args=(far,), daemon=True).start()
    with contextlib.suppress(OSError):
        while data := far.recv(1 << 16):
            while data:
                data = data[os.write(1, data) :]
    return 0


def _connected(port: int) -> socket.socket | None:
    """Loopback first: where a server listens on all addresses, it does on this one."""
    own = []
    with contextlib.suppress(OSError):
        own = [socket.gethostbyname(socket.gethostname())]
    for address in (*_HERE, *own):
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port))
    return None


def _hand_on(far: socket.socket) -> None:
    packets = os.fdopen(0, "rb")
    while len(header := packets.read(2)) == 2:
        with contextlib.suppress(OSError):  # it has closed, which the other direction sees too
            if length := int.from_bytes(header, "big"):
                far.sendall(packets.read(length))
            else:
                far.shutdown(socket.SHUT_WR)
    os._exit(0)
