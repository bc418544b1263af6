"""The cells of a terminal's rows, out of the pages of libghostty-vt's snapshots. Pure.

Source: `src/terminal/snapshot/page.zig`, `grid.zig`, `hyperlink.zig` and `style.zig` of ghostty, format 1.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

NO_STYLE = bytes(16)
TAIL, HEAD = "\x01", "\x03"
"""Stand in a row's text for the second half of a wide character, and for a last column too narrow for one."""


_PAGE_HEADER = struct.Struct("<HHHH12x")
_ROW = struct.Struct("<BH")
_GRAPHEME = struct.Struct("<HHH")
_U16, _U32 = struct.Struct("<H"), struct.Struct("<I")


class Link(NamedTuple):
    """Where a character leads to (OSC 8)."""

    identity: bytes
    """As the program gave it; empty if it gave none."""
    uri: bytes


class Look(NamedTuple):
    """How cells look."""

    style: bytes
    """Foreground, background and underline colour (a kind and three bytes each), flags: 16 bytes."""
    link: Link | None = None
    protected: bool = False
    erased: bool = False
    """Whether nothing was ever written there: such a cell has no more than a background."""


class Run(NamedTuple):
    """Neighbouring cells of a row that look the same."""

    start: int
    text: str
    """One character for each cell: NUL where nothing is written, TAIL and HEAD."""
    look: Look
    marks: tuple[str, ...] = ()
    """What combines with each of the characters, if anything does."""
    wide: bool = False
    """Whether the last of such characters takes up the next cell too."""


class Row(NamedTuple):
    """One row, its cells still encoded."""

    page: Page
    number: int
    """Its place in the page."""
    flags: int
    cells: bytes

    @property
    def wraps(self) -> bool:
        """Whether its line goes on in the next row."""
        return bool(self.flags & 1)

    @property
    def continues(self) -> bool:
        """Whether the line began in an earlier row."""
        return bool(self.flags & 2)

    @property
    def begins_written(self) -> bool:
        """Whether a character is in its first column."""
        width = self.flags >> 4 & 3
        word = int.from_bytes(self.cells[: 1 << width], "little")
        return bool(word) if width < 2 else word & 3 < 2 and bool(word >> 2 & 0xFFFFFF)

    @property
    def length(self) -> int:
        """How many of its columns are not blank at the end."""
        return len(self.cells) >> (self.flags >> 4 & 3)

    def text(self) -> str:
        """Its characters, without those blanks."""
        return text(self.runs())

    def runs(self) -> Iterable[Run]:
        """Its cells from the left, without those at the end that nothing was ever written to."""
        width = self.flags >> 4 & 3
        if width < 2:
            text = self.cells.decode("utf-16-le" if width else "latin-1")
            return (Run(0, text, self.page.plain),) if text else ()
        return self._styled(width)

    def _styled(self, width: int) -> Iterator[Run]:
        """Cells are words: kind 2 bits, content 24, style 16, width 2, protected, linked, meaning 2, link."""
        size = 1 << width
        count = len(self.cells) // size
        words = int.from_bytes(self.cells, "little")
        ones = int.from_bytes((b"\x01" + bytes(size - 1)) * count, "little")
        content = words >> 2 & ones * 0xFFFFFF
        looks = words & ones * (_LOOK & (1 << size * 8) - 1)
        erased = words >> 1 & ones
        if erased:
            # Of such a cell the content is its colour, which is a part of how it looks.
            colored = erased * 0xFFFFFF
            looks |= (content & colored) << 2
            content &= ~colored
        if width == 3:
            spacer = words >> 43 & ones
            content |= spacer | (spacer & words >> 42) << 1
        text = content.to_bytes(len(self.cells), "little").decode("utf-32-le")
        if width == 3:
            text = text[::2]
        encoded = looks.to_bytes(len(self.cells), "little")
        for found in _ALIKE[size].finditer(encoded):
            start, end = found.start() // size, found.end() // size
            look, kind = self.page.look(found[1])
            marks = self.page.marks(self.number, start, end) if kind == 1 else ()
            yield Run(start, text[start:end], look, marks, bool(marks) and text[end : end + 1] == TAIL)


def text(runs: Iterable[Run]) -> str:
    """The characters of a row's cells."""
    parts = []
    for run in runs:
        if run.marks:
            parts += [base + marks for base, marks in zip(run.text, run.marks, strict=True)]
        else:
            parts.append(run.text)
    return "".join(parts).replace(TAIL, "").replace(HEAD, "").replace("\0", " ")


_LOOK = ~(0xFFFFFF << 2 | 3 << 42 | 3 << 46)
"""The bits of a cell's word that tell how it looks: all but its content, its width and its meaning."""
_ALIKE = {size: re.compile(rb"(.{%d})\1*" % size, re.DOTALL) for size in (4, 8)}


class Page:
    """Rows, with the tables that their cells point into."""

    __slots__ = ("_graphemes", "_links", "_looks", "_styles", "plain", "rows")

    def __init__(self, payload: bytes) -> None:
        _, rows, styles, links = _PAGE_HEADER.unpack_from(payload)
        at = _PAGE_HEADER.size
        self.plain = Look(NO_STYLE)
        self._looks: dict[bytes, tuple[Look, int]] = {}
        self._styles = {0: NO_STYLE}
        self._links: dict[int, Link] = {}
        for _ in range(styles):
            self._styles[_U16.unpack_from(payload, at)[0]] = payload[at + 2 : at + 18]
            at += 18
        for _ in range(links):
            number = _U16.unpack_from(payload, at)[0]
            self._links[number], at = link(payload, at + 2)
        self.rows: list[Row] = []
        for number in range(rows):
            flags, count = _ROW.unpack_from(payload, at)
            end = at + 3 + (count << (flags >> 4 & 3))
            self.rows.append(Row(self, number, flags, payload[at + 3 : end]))
            at = end
        self._graphemes = _graphemes(payload, at)

    def look(self, encoded: bytes) -> tuple[Look, int]:
        """How cells look whose words have these bits, and what kind of content they have."""
        known = self._looks.get(encoded)
        if known is None:
            known = self._looks[encoded] = self._look(int.from_bytes(encoded, "little"))
        return known

    def _look(self, word: int) -> tuple[Look, int]:
        kind, content = word & 3, word >> 2 & 0xFFFFFF
        if kind >= 2:
            color = bytes([kind - 1]) + content.to_bytes(3, "little")
            return Look(bytes(4) + color + bytes(8), erased=True), kind
        style = self._styles[word >> 26 & 0xFFFF]
        return Look(style, self._links.get(word >> 48), bool(word >> 44 & 1)), kind

    def marks(self, row: int, start: int, end: int) -> tuple[str, ...]:
        """What combines with the characters of these cells."""
        return tuple(self._graphemes.get((row, col), "") for col in range(start, end))


def link(payload: bytes, at: int) -> tuple[Link, int]:
    """A link's entry at a place, and where it ends."""
    identity = b""
    length = _U32.unpack_from(payload, at + 1)[0]
    explicit = payload[at] == 2
    at += 5
    if explicit:
        identity = payload[at : at + length]
        at += length
    length = _U32.unpack_from(payload, at)[0]
    return Link(identity, payload[at + 4 : at + 4 + length]), at + 4 + length


def _graphemes(payload: bytes, at: int) -> dict[tuple[int, int], str]:
    """What combines with the character of a cell, by its row and column."""
    found = {}
    count = _U32.unpack_from(payload, at)[0]
    at += 4
    for _ in range(count):
        row, col, length = _GRAPHEME.unpack_from(payload, at)
        end = at + _GRAPHEME.size + 4 * length
        found[row, col] = payload[at + _GRAPHEME.size : end].decode("utf-32-le")
        at = end
    return found
