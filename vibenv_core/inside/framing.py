"""What a program that runs in a session and its caller say to each other, as frames of bytes. Pure.

A frame is its kind (one byte), the length of its payload (four, the most significant first) and the payload.
The first request is in the environment, and the first bytes of its input too where they are few; what else is
asked of the same process comes as REQUEST, once the RESULT before it was said.

The caller sends INPUT once it has heard TAKEN after BEGUN, and never more than WINDOW bytes of it that the
program has not done with: so the program always reads what it is sent, and sees at once when its standard
input ends, which says that the caller is gone. Without RESULT the program, or the connection, was lost; and
without BEGUN, nothing was done.
"""

from __future__ import annotations

import struct

INPUT = 0
"""To the program: bytes of its input."""
END = 1
"""To the program: that was all of its input."""
OUTPUT = 2
"""From the program: bytes of its output."""
ERROR = 3
"""From the program: bytes of its standard error."""
TAKEN = 4
"""From the program: how many bytes of input it has done with since the last of these; 0 says that it runs."""
PLACE = 5
"""From the program: JSON, with the `folder` that the engine is to put its input into, and the `uid` and `gid`
that this is to have. END follows when that is done."""
RESULT = 6
"""From the program: what came of it, as JSON: its last frame."""
BEGUN = 7
"""From the program: that it has the request, and begins."""
REQUEST = 8
"""To what has run a program: JSON, with the next `program`, the `sources` it needs and what is `asked`."""

WINDOW = 4 << 20
"""Over a link whose round trips take 150 ms, 28 MB/s."""
BLOCK = 1 << 18
"""The largest payload that is worth its memory."""

_HEADER = struct.Struct(">BI")
_COUNT = struct.Struct(">I")


class Frames:
    """Takes frames in pieces of any size."""

    def __init__(self) -> None:
        self.text = b""
        """What came in the place of frames: some engines say there why they could not start the program."""
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Kind and payload of the frames that are whole now."""
        self._rest += data
        found = []
        at = 0
        while len(self._rest) - at >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._rest, at)
            if kind > REQUEST:
                self.text += self._rest[at:]
                at = len(self._rest)
                break
            end = at + _HEADER.size + length
            if len(self._rest) < end:
                break
            found.append((kind, bytes(self._rest[at + _HEADER.size : end])))
            at = end
        del self._rest[:at]
        return found


def frame(kind: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return _HEADER.pack(kind, len(payload)) + payload


def taken(count: int) -> bytes:
    """The frame that says so."""
    return frame(TAKEN, _COUNT.pack(count))


def count(payload: bytes) -> int:
    """The number in TAKEN. Raises: struct.error, where there is none."""
    number: int = _COUNT.unpack(payload)[0]
    return number
