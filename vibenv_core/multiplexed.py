"""An engine's stream of a program's standard output and standard error, cut apart. Pure.

Source: Engine API v1.41, POST /containers/{id}/attach, "Stream format".
"""

from __future__ import annotations

import struct

_HEADER = struct.Struct(">BxxxI")
_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2


class Multiplexed:
    """Takes such a stream as it comes, in pieces of any size."""

    def __init__(self) -> None:
        self.stderr = b""
        """What the program has said on standard error; or the engine itself, where it could not start it."""
        self._rest = bytearray()

    def feed(self, data: bytes) -> bytes:
        """What is new on standard output."""
        self._rest += data
        output, at = bytearray(), 0
        while len(self._rest) - at >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._rest, at)
            if kind > _STANDARD_ERROR:  # no frame: the engine could not start the program, and says why
                self.stderr += bytes(self._rest[at:])
                at = len(self._rest)
                break
            begin, end = at + _HEADER.size, at + _HEADER.size + length
            if len(self._rest) < end:
                break
            if kind == _STANDARD_OUTPUT:
                output += self._rest[begin:end]
            else:
                self.stderr += bytes(self._rest[begin:end])
            at = end
        del self._rest[:at]
        return bytes(output)
