"""What a client and a session's supervisor say to each other on the control socket: bytes, frames. Pure.

A frame is its kind, the length of its payload and the payload (`>BI`, then that many bytes). Numbers are
big-endian. Positions count bytes since the session's program started: those of its output as clients get it,
queries taken out (`seq`), and, for each client by itself, those that it typed; so whoever comes again after a
cut says how far it was.

The first frame of a connection is the client's HELLO, the supervisor's answer to it WELCOME. Frames of a kind
that is not known are passed over, so that a later version may say more.
"""

from __future__ import annotations

import enum
import json
import struct
from typing import Any, NamedTuple

VERSION = 1
"""Said by both sides; another number means that an older frame has changed its meaning."""
LARGEST = 1 << 24
"""Bytes of one payload from the supervisor: more is refused, and ends the connection."""
LARGEST_FROM_CLIENT = 1 << 17
"""Bytes of one payload from a client, likewise."""
OUTPUT_WINDOW = 1 << 15
"""Bytes of OUTPUT, REPAINT and VIEW that are sent beyond TAKEN; a REPAINT or VIEW may go over it. On a link
of 0.7 MB/s they take 47 ms: by so much a flood delays what is typed into it."""
INPUT_WINDOW = 1 << 16
"""Bytes of INPUT that a client sends beyond TYPED. More is left unread, together with all that comes after,
until the program has read some."""

_HEADER = struct.Struct(">BI")
_POSITION = struct.Struct(">Q")
_SIZE = struct.Struct(">HH")


class Kind(enum.IntEnum):
    """What a frame says; below 64 the client does, above the supervisor."""

    HELLO = 1
    """A `Hello`, as JSON."""
    INPUT = 2
    """A position among what this client typed, and what it typed there. Answered by TYPED, even if that is
    nothing. What the supervisor has already is skipped; a gap means that the client gave up what is missing.
    """
    SIZE = 3
    """Rows and columns of the client's terminal. Answered by REPAINT or VIEW, even if they are as before."""
    TAKEN = 4
    """How many bytes of OUTPUT, REPAINT and VIEW payloads this connection has brought onto the client's
    terminal, positions not counted: the supervisor sends no more than OUTPUT_WINDOW beyond."""
    REQUEST = 5
    """A question or an order, as JSON: `{"id": …, "do": …, …}`; `requests` says which there are."""

    WELCOME = 65
    """A `Welcome`, as JSON."""
    OUTPUT = 66
    """A position in the program's output, and the output from there on, queries taken out."""
    REPAINT = 67
    """A position in the program's output, and what paints the screen as it was then on any terminal of the
    client's size, whatever that shows and whatever modes it is in."""
    TYPED = 68
    """Up to which position the program has what this client typed."""
    SESSION_SIZE = 69
    """Rows and columns of the session's terminal."""
    NOTICE = 70
    """A line for the client's user; UTF-8, no control characters."""
    ENDED = 71
    """The program has ended: `{"exit_code": …}`; all of its output came before."""
    ANSWER = 72
    """What came of a REQUEST, as JSON with the same `id`; where nothing came of it, `error` says why."""
    VIEW = 73
    """A position in the program's output, and what paints a part of the screen on a terminal of another size
    than the session's. A client cannot come again from there: it has no `since`."""
    RECORD = 74
    """What the program reports of itself (OSC 7501): the pairs of one report, without the sequence's frame.
    Only to a client that has asked for `records`."""


class Frame(NamedTuple):
    """One frame as it was received."""

    kind: int
    payload: bytes


class Hello(NamedTuple):
    """Who comes, and what for."""

    client: str
    """Chosen at random by the client, and the same each time that it comes again."""
    rows: int = 0
    cols: int = 0
    """The client's terminal; 0 for a client without one, which gets no output."""
    watching: bool = False
    """Whether it only looks: it neither types nor resizes."""
    since: int | None = None
    """The position in the output up to which its terminal shows all, exactly; None: it has to be painted."""
    history: int = 0
    """How many bytes of scrollback it wants painted first."""
    author: str = ""
    """Whose typing it is, to be shown and recorded."""
    person: bool = True
    """Whether somebody sits at its terminal: a person's keys are never refused, and go before a program's."""
    version: int = VERSION


class Welcome(NamedTuple):
    """How things are as the client comes."""

    typed: int
    """Up to which position the program has what this client typed before."""
    rows: int
    cols: int
    """The session's terminal."""
    version: int = VERSION


class Refused(ValueError):
    """Bytes that are no frames, or a payload that its kind cannot have."""


class Frames:
    """Cuts a byte stream into frames."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._rest = bytearray()
        self._largest = largest

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now. Raises: Refused (a payload larger than `largest`)."""
        self._rest += data
        frames, at = [], 0
        while len(self._rest) - at >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._rest, at)
            if length > self._largest:
                raise Refused(f"a frame of {length} bytes")
            end = at + _HEADER.size + length
            if len(self._rest) < end:
                break
            frames.append(Frame(kind, bytes(self._rest[at + _HEADER.size : end])))
            at = end
        del self._rest[:at]
        return frames


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    return _HEADER.pack(kind, len(payload)) + payload


def positioned(kind: Kind, position: int, data: bytes = b"") -> bytes:
    """A frame of INPUT, TAKEN, OUTPUT, REPAINT, VIEW or TYPED."""
    return frame(kind, _POSITION.pack(position) + data)


def position(payload: bytes) -> tuple[int, bytes]:
    """The position and the data of such a frame. Raises: Refused."""
    if len(payload) < _POSITION.size:
        raise Refused("a frame without its position")
    return _POSITION.unpack_from(payload)[0], payload[_POSITION.size :]


def sized(kind: Kind, rows: int, cols: int) -> bytes:
    """A frame of SIZE or SESSION_SIZE."""
    return frame(kind, _SIZE.pack(rows, cols))


def size(payload: bytes) -> tuple[int, int]:
    """Rows and columns of such a frame. Raises: Refused."""
    if len(payload) != _SIZE.size:
        raise Refused("a frame without a size")
    return _SIZE.unpack(payload)


def said(kind: Kind, what: dict[str, Any]) -> bytes:
    """A frame whose payload is JSON."""
    return frame(kind, json.dumps(what, separators=(",", ":")).encode())


def plain(payload: bytes) -> dict[str, Any]:
    """The JSON object of such a frame. Raises: Refused."""
    try:
        what = json.loads(payload)
    except ValueError as error:
        raise Refused("a frame that is no JSON") from error
    if not isinstance(what, dict):
        raise Refused("a frame that is no JSON object")
    return what
