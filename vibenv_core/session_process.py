"""What runs inside a session's container: the one module that knows dtach.

A session's program runs on a terminal that `dtach -N` holds and serves on `SOCKET`; `process_argv` is the
container's whole command. `vibenv attach` reaches that terminal through `relay_argv`, which copies bytes
between its own standard streams and the socket, and speaks the packets made here. Pure: argument lists and
bytes.

A client sends packets of ten bytes (kind, length, eight of payload); the terminal's output comes back as
it is.

Source: dtach 0.9, dtach.h (`struct packet`), master.c (`client_activity`).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

from .inside.hold import READY

SOCKET = "/tmp/vibenv.sock"
"""Where a session's terminal is served, in its container: `dtach -a` there is always a second way in."""

__all__ = [
    "READY",
    "SOCKET",
    "attach",
    "connect_argv",
    "default_program",
    "listening_argv",
    "process_argv",
    "push",
    "redraw",
    "relay_argv",
    "resize",
]

_PUSH, _ATTACH, _WINCH, _REDRAW = 0, 1, 3, 4
_REDRAW_BY_SIGWINCH = 3
_PAYLOAD_SIZE = 8


def process_argv(program: Sequence[str], *, rows: int, cols: int) -> list[str]:
    """The container's command: `program` on a terminal of that size, served on `SOCKET`; for `--init`.

    The container needs python3, sh, stty and dtach, and a `/tmp`. It ends when the program has, with the
    program's exit status (127: no such program). `docker stop` closes the terminal: the program gets SIGHUP.
    """
    return _python("hold.py", SOCKET, str(rows), str(cols), *program)


def default_program(name: str) -> list[str]:
    """What the session of a plain `vibenv launch NAME` runs: the Dagger environment's terminal."""
    return ["nu", "-c", f"use vibenv; vibenv remote-launch {json.dumps(name)}"]


def relay_argv() -> list[str]:
    """What `vibenv attach` runs in the container: joins its standard streams to the socket."""
    return _python("relay.py", SOCKET)


def connect_argv(port: int) -> list[str]:
    """What a relayed forward runs in the container for each connection to `port` there."""
    return _python("connect.py", str(port))


def listening_argv() -> list[str]:
    """What tells which ports of the container are listened on, for `forward_plan.heard`."""
    return _python("listening.py")


def attach() -> bytes:
    """The packet from which on the terminal's output is sent to this client."""
    return _packet(_ATTACH, 0, b"")


def push(data: bytes) -> bytes:
    """The packets that type `data` into the terminal."""
    parts = (data[at : at + _PAYLOAD_SIZE] for at in range(0, len(data), _PAYLOAD_SIZE))
    return b"".join(_packet(_PUSH, len(part), part) for part in parts)


def resize(rows: int, cols: int) -> bytes:
    """The packet that sets the terminal's size, of which the program hears if it is another than before."""
    return _packet(_WINCH, 0, _window(rows, cols))


def redraw(rows: int, cols: int) -> bytes:
    """The packet that sets the terminal's size and tells the program of it in any case."""
    return _packet(_REDRAW, _REDRAW_BY_SIGWINCH, _window(rows, cols))


def _window(rows: int, cols: int) -> bytes:
    return struct.pack("<4H", rows, cols, 0, 0)


def _packet(kind: int, length: int, payload: bytes) -> bytes:
    return struct.pack("<BB8s", kind, length, payload)


def _python(program: str, *arguments: str) -> list[str]:
    source = (Path(__file__).parent / "inside" / program).read_text(encoding="utf-8")
    return ["python3", "-I", "-S", "-c", source, *arguments]
