"""A recording's lines, out of its files as they are read: each line once, in order; and what they say. Pure.

The supervisor writes the newest file, and makes it the older one when it is full; so a file that is read may
be another than a moment ago, and longer or shorter than was announced. Each says where its lines begin in the
recording as a whole: so it is known what of it is new, and whether anything before it was not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .supervisor import asciicast
from .supervisor.asciicast import Header

LONGEST = 16 << 20
"""Bytes of a line, or of a repaint; what is longer is none of the supervisor's, and left out."""

_LATEST = 10.0**10
"""Seconds since 1970, in the year 2286: as long as the recordings of today are played."""
_LINE = (
    rb'\[(?:0|[1-9]\d{0,9})(?:\.\d{1,9})?, "[a-z]", '
    rb'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u00[0-7][0-9a-f]))*+"\]\n'
)
_LINES = re.compile(rb"(?:" + _LINE + rb")*+")


class Event(NamedTuple):
    """Something that was recorded."""

    time: float
    """Seconds since the recording began."""
    kind: str
    """output, resize, typed or marker."""
    text: str
    """What was written, with all its escape sequences; `COLSxROWS`; whose typing begins; what is said."""


class Recorded:
    """Takes the bytes of the files, older first, as often as they have to be read again."""

    def __init__(self) -> None:
        self.header: Header | None = None
        """What the first file that was given begins with."""
        self.position: int | None = None
        """Up to where the lines were given; None before the first."""
        self.missed: int | None = None
        """Where the file that was begun last goes on, if that is behind what was read: it gives nothing."""
        self._oldest = False
        self._begun = False
        self._ignored = False
        self._rest = b""
        self._skip = 0
        self._repaint = 0
        self._due: int | None = None
        """The position that a repaint goes before which was not given yet."""

    def begin(self, *, oldest: bool) -> None:
        """A file begins; `oldest` says that there is none with what comes before it."""
        self._oldest = oldest
        self.missed, self._rest = None, b""
        self._begun = self._ignored = False
        self._skip = self._repaint = 0

    def feed(self, data: bytes) -> bytes:
        """Whole lines that are new; with its repaint of the first file, and of one after a gap."""
        data = self._rest + data
        if not self._begun:
            line, end, data = data.partition(b"\n")
            if not end:
                self._rest = line[:LONGEST]
                return b""
            self._begun, self._ignored = True, not self._is_wanted(line)
        if self._ignored:
            self._rest = b""
            return b""
        begin = min(self._skip, len(data))
        self._skip -= begin
        end_of_lines = max(begin, data.rfind(b"\n") + 1)
        if end_of_lines - begin < self._repaint:  # of which all or nothing is given
            end_of_lines = begin
        lines, self._rest = data[begin:end_of_lines], data[end_of_lines:]
        self._pass(len(lines))
        if len(self._rest) > LONGEST + self._repaint:
            self._pass(len(self._rest))
            self._rest = b""
        return playable(lines)

    def _pass(self, length: int) -> None:
        assert self.position is not None
        if length:
            self.position += length - self._repaint
            self._repaint, self._due = 0, None

    def _is_wanted(self, line: bytes) -> bool:
        """Whether there may be something new in the file that begins so; and if so, from where on."""
        try:
            header = asciicast.read_header(line.decode())
        except ValueError:
            return False
        repaint, start = header.repaint, header.start
        if not (0 <= repaint <= LONGEST and start >= 0 and 0 <= header.began <= _LATEST):
            return False
        if self.position is not None and start <= self.position and start != self._due:
            self._skip = repaint + self.position - start
            return True
        if self.position is not None and start > self.position and not self._oldest:
            self.missed = start
            return False
        self.header = self.header or header
        self.position, self._repaint = start, repaint
        self._due = start if repaint else None
        return True


def playable(lines: bytes) -> bytes:
    """Whole lines, less those that are no events: whoever is in the session can write to the files."""
    try:
        lines.decode()
    except UnicodeDecodeError:
        lines = lines.decode(errors="replace").encode()
    good, at = [], 0
    while at < len(lines):
        found = _LINES.match(lines, at)
        assert found is not None
        good.append(found[0])
        at = found.end()
        if at < len(lines):
            at = lines.find(b"\n", at) + 1
    return good[0] if len(good) == 1 else b"".join(good)


_KINDS = {"o": "output", "r": "resize", "a": "typed", "m": "marker"}


def events(blocks: Iterable[bytes]) -> Iterator[list[Event]]:
    """What each block of `playable` lines says, less what only shows the screen as it was."""
    painted = False
    for block in blocks:
        found = []
        whole = block.decode().replace("]\n[", "],[")  # to parse them at once takes half of the time
        for time, letter, text in json.loads(f"[{whole}]"):
            if (kind := _KINDS.get(letter)) is None:
                continue
            if painted and kind == "output":
                painted = False
            elif kind == "marker" and text == asciicast.PAINTED:
                painted = True
            else:
                found.append(Event(time, kind, text))
        yield found
