"""Joins standard input and output to a session's terminal; what `vibenv attach` runs in the container.

    relay.py SOCKET

Standard input carries packets of ten bytes, which are handed on unbroken: dtach takes part of a packet for
a whole one. It ends with status 0 when the terminal does, and with CLIENT_GONE when the client went away:
however it went, that closes standard input.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time

GREETING = b"\x1b[m"
"""Says that the terminal is reached; to a terminal it means no more than that no attributes are set."""
CLIENT_GONE = 3
_PACKET_SIZE = 10
_CHUNK = 4000
_READY_WITHIN_S = 2.0
"""A session that is just starting has no socket yet, or one that nobody listens on."""


def main(path: str) -> int:
    """Copy both ways until one side ends."""
    try:
        terminal = _connect(path)
    except OSError as error:
        sys.stderr.write(f"{path}: {error.strerror}")
        return 1
    os.write(1, GREETING)
    threading.Thread(target=_send_packets, args=(terminal,), daemon=True).start()
    while output := terminal.recv(1 << 16):
        while output:
            output = output[os.write(1, output) :]
    return 0


def _connect(path: str) -> socket.socket:
    deadline = time.monotonic() + _READY_WITHIN_S
    while True:
        terminal = socket.socket(socket.AF_UNIX)
        try:
            terminal.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            terminal.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return terminal


def _send_packets(terminal: socket.socket) -> None:
    pending = b""
    while received := os.read(0, _CHUNK):
        pending += received
        whole = len(pending) // _PACKET_SIZE * _PACKET_SIZE
        try:
            terminal.sendall(pending[:whole])
        except OSError:
            return  # the terminal has ended, which the other direction sees too
        pending = pending[whole:]
    os._exit(CLIENT_GONE)  # the other direction may be waiting for a reader that is gone


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
