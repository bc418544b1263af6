"""Joins a client to the terminal of a session that an older vibenv made, which dtach itself serves.

    bridge SOCKET HELLO

Its standard streams carry what `vibenv_core.supervisor.frames` describes, the socket dtach's packets. dtach
remembers neither what it has painted nor what was typed, so a repaint is an empty screen on which the program
is made to paint, and of what was typed and not acknowledged nobody knows whether it arrived.

It ends with status 0 when the terminal does, and with CLIENT_GONE when the client went away.

Source: dtach 0.9, dtach.h (`struct packet`), master.c (`client_activity`).
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import time

CLIENT_GONE = 3
INPUT, SIZE = 2, 3
WELCOME, OUTPUT, REPAINT, TYPED, ENDED = 65, 66, 67, 68, 71
UNKNOWN = (1 << 64) - 1
"""Said for how far the session has what was typed."""
_VERSION = 1
_PUSH, _ATTACH, _WINCH, _REDRAW = 0, 1, 3, 4
_REDRAW_BY_SIGWINCH = 3
_EMPTY_SCREEN = b"\x1b[m\x1b[H\x1b[J"
_REPAINT_PAUSE_S = 0.03, 0.3
"""The least and the most that a program has to paint for the first of two sizes before the second comes."""
_READY_WITHIN_S = 2.0


def frame(kind: int, payload: bytes) -> bytes:
    """One frame as bytes."""
    return struct.pack(">BI", kind, len(payload)) + payload


def packet(kind: int, length: int, payload: bytes) -> bytes:
    """One of dtach's packets."""
    return struct.pack("<BB8s", kind, length, payload)


class Bridge:
    """Turns frames into packets and output into frames. Times are seconds of a clock that never goes back."""

    def __init__(self, rows: int, cols: int, *, watching: bool, now: float) -> None:
        self._size = rows, cols
        self._watching = watching
        self._rest = b""
        self._at = 0
        said = {"typed": UNKNOWN, "rows": rows, "cols": cols, "version": _VERSION}
        self.to_client = frame(WELCOME, json.dumps(said).encode())
        self.to_terminal = packet(_ATTACH, 0, b"")
        self.real_size_at: float | None = None
        self._painted_since = 0.0
        self._repaint(now)

    def typed(self, data: bytes, now: float) -> None:
        """Take frames of the client's."""
        self._rest += data
        while len(self._rest) >= 5:
            kind, length = struct.unpack_from(">BI", self._rest)
            if len(self._rest) < 5 + length:
                return
            payload, self._rest = self._rest[5 : 5 + length], self._rest[5 + length :]
            if kind == INPUT:
                keys = b"" if self._watching else payload[8:]
                parts = (keys[at : at + 8] for at in range(0, len(keys), 8))
                self.to_terminal += b"".join(packet(_PUSH, len(part), part) for part in parts)
                typed = struct.unpack_from(">Q", payload)[0] + len(payload) - 8
                self.to_client += frame(TYPED, struct.pack(">Q", typed))
            elif kind == SIZE:
                self._size = struct.unpack(">HH", payload)
                self._repaint(now)

    def painted(self, output: bytes, now: float) -> None:
        """Take the terminal's output."""
        if self.real_size_at is not None:
            self.real_size_at = min(self.real_size_at, max(self._painted_since, now))
        self.to_client += frame(OUTPUT, struct.pack(">Q", self._at) + output)
        self._at += len(output)

    def tick(self, now: float) -> None:
        """Give the program its real size once that is due."""
        if self.real_size_at is not None and now >= self.real_size_at:
            self.real_size_at = None
            self.to_terminal += packet(_WINCH, 0, struct.pack("<4H", *self._size, 0, 0))

    def _repaint(self, now: float) -> None:
        """Many programs paint only for a size that they do not have: they are given one row less at first."""
        self.to_client += frame(REPAINT, struct.pack(">Q", self._at) + _EMPTY_SCREEN)
        if self._watching:
            return
        rows, cols = self._size
        other = struct.pack("<4H", rows - 1 if rows > 1 else 2, cols, 0, 0)
        self.to_terminal += packet(_REDRAW, _REDRAW_BY_SIGWINCH, other)
        least, most = _REPAINT_PAUSE_S
        self._painted_since, self.real_size_at = now + least, now + most


def main(path: str, hello: str) -> int:
    """Copy both ways until one side ends."""
    try:
        terminal = connect(path)
    except OSError as error:
        sys.stderr.write(f"{path}: {error.strerror}")
        return 1
    who = json.loads(hello)
    bridge = Bridge(who["rows"], who["cols"], watching=who["watching"], now=time.monotonic())
    while True:
        while bridge.to_client:
            bridge.to_client = bridge.to_client[os.write(1, bridge.to_client) :]
        if bridge.to_terminal:  # whole packets: dtach takes part of one for a whole one
            terminal.sendall(bridge.to_terminal)
            bridge.to_terminal = b""
        pause = None if bridge.real_size_at is None else max(0.0, bridge.real_size_at - time.monotonic())
        ready = select.select([0, terminal.fileno()], [], [], pause)[0]
        now = time.monotonic()
        if 0 in ready:
            if not (typed := os.read(0, 1 << 16)):
                return CLIENT_GONE
            bridge.typed(typed, now)
        if terminal.fileno() in ready:
            if not (output := terminal.recv(1 << 16)):
                os.write(1, frame(ENDED, b'{"exit_code":null}'))
                return 0
            bridge.painted(output, now)
        bridge.tick(now)


def connect(path: str) -> socket.socket:
    """The socket at `path`: a session that is just starting has none yet, or one that nobody listens on."""
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
