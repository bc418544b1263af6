"""What is typed at a session's terminal, numbered, and kept until the session has it. Pure."""

from __future__ import annotations

from .supervisor import frames
from .supervisor.frames import INPUT_WINDOW, Kind

_MOST = 1 << 20
"""Bytes that are kept for a program that reads none of them."""


class Keyboard:
    """What one client types, over one connection after the other; positions count its bytes."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._had = 0
        """The position of the first byte that is kept: the session has all before it."""
        self._sent = 0

    def typed(self, data: bytes) -> int:
        """Keep what was typed; gives how many bytes had to be dropped."""
        room = max(0, _MOST - len(self._kept))
        self._kept += data[:room]
        return len(data) - len(data[:room])

    def had(self, position: int) -> None:
        """Let go of what the session has by now."""
        count = min(max(0, position - self._had), len(self._kept))
        del self._kept[:count]
        self._had += count
        self._sent = max(self._sent, self._had)

    def connected(self, position: int) -> int:
        """Begin anew on another connection: what the session has not is to be sent again.

        A `position` beyond all that was typed means that nobody knows what it has: nothing is sent twice, and
        the number of bytes is given that may be lost.
        """
        unknown = len(self._kept) if position > self._had + len(self._kept) else 0
        if unknown:
            unknown = max(0, self._sent - self._had)
            position = self._sent
        self.had(position)
        self._sent = self._had
        return unknown

    def frames(self) -> bytes:
        """What may be sent now: as far as the session has room for it."""
        begin = self._sent - self._had
        data = bytes(self._kept[begin:INPUT_WINDOW])
        if not data:
            return b""
        self._sent += len(data)
        return frames.positioned(Kind.INPUT, self._sent - len(data), data)

    def probe(self) -> bytes:
        """What the session answers and does nothing about."""
        return frames.positioned(Kind.INPUT, self._sent)
