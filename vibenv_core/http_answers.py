"""What an engine answers on one connection to GETs that were asked one behind the other, cut apart. Pure.

Source: RFC 9112, 6 (message body) and 7.1 (chunked); nothing else of it is what engines send.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_END_OF_LINE, _END_OF_HEAD = b"\r\n", b"\r\n\r\n"
_EMPTY = (204, 304)


class Piece(NamedTuple):
    """Something of an answer."""

    status: int
    data: bytes
    ended: bool
    """Whether that was the last of this answer; the next piece is of the next."""


class Answers:
    """Takes the bytes of a connection as they come, in pieces of any size."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._status = 0
        """0 between two answers."""
        self._chunked = False
        self._left: int | None = None
        """Bytes that are to come of the body, or of the chunk; None of one that ends with the connection."""

    def feed(self, data: bytes) -> Iterator[Piece]:
        """What came of the answers, in their order. Raises: ValueError for what is no answer."""
        self._rest += data
        while (self._status or self._head()) and (piece := self._piece()) is not None:
            if piece.ended:
                self._status = 0
            if piece.ended or piece.data:
                yield piece

    def _head(self) -> bool:
        """Take the head of the next answer, when it is there."""
        end = self._rest.find(_END_OF_HEAD)
        if end < 0:
            return False
        lines = bytes(self._rest[:end]).decode("latin-1").split("\r\n")
        del self._rest[: end + len(_END_OF_HEAD)]
        protocol, _, status = lines[0].partition(" ")
        if not protocol.startswith("HTTP/1."):
            raise ValueError(f"{lines[0]!r} begins no answer")
        parted = (line.partition(":") for line in lines[1:])
        fields = {name.lower(): value.strip() for name, _, value in parted}
        self._chunked = fields.get("transfer-encoding") == "chunked"
        self._status = int(status[:3])
        length = "0" if self._status in _EMPTY or self._chunked else fields.get("content-length")
        self._left = None if length is None else int(length)
        return True

    def _piece(self) -> Piece | None:
        """What there is of the answer that is coming, None when that is nothing yet."""
        if self._chunked and not self._left:
            if (size := self._chunk_size()) is None:
                return None
            if size == 0:
                return Piece(self._status, b"", ended=True)
            self._left = size
        if self._left == 0:
            return Piece(self._status, b"", ended=True)
        if not self._rest:
            return None
        data = bytes(self._rest[: self._left])
        del self._rest[: len(data)]
        if self._left is not None:
            self._left -= len(data)
        return Piece(self._status, data, ended=self._left == 0 and not self._chunked)

    def _chunk_size(self) -> int | None:
        """Take the line between two chunks, or what is behind the last; None while that is not there."""
        at = len(_END_OF_LINE) if self._rest.startswith(_END_OF_LINE) else 0
        end = self._rest.find(_END_OF_LINE, at)
        if end < 0:
            return None
        size = int(bytes(self._rest[at:end]).partition(b";")[0], 16)
        if size == 0:  # no engine sends anything between that and the last empty line
            if len(self._rest) < end + len(_END_OF_HEAD):
                return None
            end += len(_END_OF_LINE)
        del self._rest[: end + len(_END_OF_LINE)]
        return size
