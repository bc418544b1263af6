"""How many pieces of a stream may be under way, and when it is over: plain state, without locks or waiting.

A producer may be `window` pieces ahead of what the consumer has acknowledged. Either side can end a stream,
the producer with End, the consumer with Drop, and it is over when both have.
"""

from __future__ import annotations

from .errors import LocalProtocolError, RemoteProtocolError

LIST_WINDOW = 100
"""Unacknowledged items of a list stream. Source: `nu-plugin-core` 0.115.1, `interface/mod.rs`."""

BYTE_WINDOW = 50
"""Unacknowledged chunks of a byte stream. Source: as above."""


class OutgoingStream:
    """A stream from the plugin to nu."""

    def __init__(self, id: int, window: int) -> None:
        self.id = id
        self.window = window
        self.unacknowledged = 0
        self.ended = False
        self.dropped = False

    @property
    def credit(self) -> int:
        """How many pieces may be sent now."""
        return 0 if self.ended or self.dropped else self.window - self.unacknowledged

    @property
    def over(self) -> bool:
        """Whether both sides are done with it."""
        return self.ended and self.dropped

    def send(self, count: int = 1) -> None:
        """Account for pieces that go out. Raises LocalProtocolError after the end and beyond the window."""
        if self.ended:
            raise LocalProtocolError(f"stream {self.id} has ended")
        if not self.dropped and self.unacknowledged + count > self.window:
            raise LocalProtocolError(f"stream {self.id} has {self.unacknowledged} pieces unacknowledged")
        self.unacknowledged += count

    def acknowledge(self) -> None:
        """Account for an Ack. Raises RemoteProtocolError for more of them than pieces."""
        if not self.unacknowledged:
            raise RemoteProtocolError(f"stream {self.id} has nothing to acknowledge")
        self.unacknowledged -= 1


class IncomingStream:
    """A stream from nu to the plugin."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.unacknowledged = 0
        self.ended = False
        self.dropped = False

    @property
    def over(self) -> bool:
        """Whether both sides are done with it."""
        return self.ended and self.dropped

    def receive(self) -> None:
        """Account for a piece. Raises RemoteProtocolError after the end."""
        if self.ended:
            raise RemoteProtocolError(f"stream {self.id} goes on after its end")
        self.unacknowledged += 1

    def acknowledge(self, count: int = 1) -> None:
        """Account for Acks that go out. Raises LocalProtocolError for more of them than pieces."""
        if self.dropped or count > self.unacknowledged:
            raise LocalProtocolError(f"stream {self.id} has nothing to acknowledge")
        self.unacknowledged -= count
