"""What a dtach client sends: packets of ten bytes (kind, length, eight of payload). Pure.

The other way goes the terminal's output as it is. A client attaches, and asks for a redraw at its size;
`dtach -p` pushes without attaching.

Source: dtach 0.9, dtach.h (`struct packet`), master.c (`client_activity`), attach.c (`attach_main`).
"""

from __future__ import annotations

import enum
import struct
from typing import NamedTuple

_PACKET = struct.Struct("=BB8s")
_WINDOW = struct.Struct("=4H")


class Kind(enum.IntEnum):
    """What a packet asks for."""

    PUSH = 0
    ATTACH = 1
    DETACH = 2
    WINCH = 3
    REDRAW = 4


class Packet(NamedTuple):
    """One packet as it was received."""

    kind: Kind
    typed: bytes = b""
    """Of a PUSH."""
    rows: int = 0
    cols: int = 0
    """Of a WINCH or a REDRAW; 0 where the client's terminal does not know."""


class Packets:
    """Cuts a byte stream into packets; those of an unknown kind or with an impossible length are left out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are whole now."""
        data = self._rest + data
        whole = len(data) // _PACKET.size * _PACKET.size
        self._rest = data[whole:]
        packets = (_packet(*fields) for fields in _PACKET.iter_unpack(data[:whole]))
        return [packet for packet in packets if packet]


def _packet(kind: int, length: int, payload: bytes) -> Packet | None:
    match kind:
        case Kind.PUSH if length <= len(payload):
            return Packet(Kind.PUSH, typed=payload[:length])
        case Kind.ATTACH | Kind.DETACH:
            return Packet(Kind(kind))
        case Kind.WINCH | Kind.REDRAW:
            rows, cols, _, _ = _WINDOW.unpack(payload)
            return Packet(Kind(kind), rows=rows, cols=cols)
        case _:
            return None
