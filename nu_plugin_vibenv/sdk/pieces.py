"""Reading a stream that comes from nu."""

from __future__ import annotations

from .data import TYPE_CHECKING
from .errors import ProtocolError

if TYPE_CHECKING:
    from _queue import SimpleQueue
    from collections.abc import Callable, Iterator

    from . import pipelines as p

ACKNOWLEDGE_AFTER = 25
"""Pieces that are acknowledged in one write: half the smaller window, so that nu never has to stop for it."""


class Pieces:
    """The pieces of a stream from nu as they come; one is done with when the next is asked for.

    Iterating raises ConnectionClosed.
    """

    def __init__(
        self,
        queue: SimpleQueue[p.StreamData | ProtocolError | None],
        acknowledge: Callable[[int], None],
        drop: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._acknowledge_count = acknowledge
        self._drop = drop
        self._taken = 0

    def __iter__(self) -> Iterator[p.StreamData]:
        while True:
            if self._taken >= ACKNOWLEDGE_AFTER:
                self._acknowledge()
            piece = self._queue.get()
            if piece is None or isinstance(piece, ProtocolError):
                break
            self._taken += 1
            yield piece
        self._queue.put(piece)  # the end stays the end
        if piece is not None:
            raise piece
        self._acknowledge()
        self.close()

    def _acknowledge(self) -> None:
        count, self._taken = self._taken, 0
        self._acknowledge_count(count)

    def close(self) -> None:
        """Drop what is left of the stream."""
        self._drop()
