"""Reads a terminal's state out of libghostty-vt's snapshots: bytes in, plain values out. Pure.

Source: format 1, as ghostty's `src/terminal/snapshot/` documents it. A snapshot is an envelope and records,
each a tag, the length of its payload, a checksum and the payload; integers are little-endian. The terminal's
record comes first, then each screen's with the pages that its rows are in, the sequence that has begun, and after
READY the older pages of each screen, the newest first.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

PRIMARY, ALTERNATE = 0, 1
MODES = (
    *(
        "2",
        "4",
        "12",
        "20",
        "?1",
        "?3",
        "?4",
        "?5",
        "?6",
        "?7",
        "?8",
        "?9",
        "?12",
        "?25",
        "?40",
        "?45",
        "?47",
    ),
    *("?66", "?67", "?69", "?1000", "?1002", "?1003", "?1004", "?1005", "?1006", "?1007", "?1015", "?1016"),
    *("?1035", "?1036", "?1039", "?1045", "?1047", "?1048", "?1049", "?2004", "?2026", "?2027", "?2031"),
    *("?2033", "?2048", "?5522"),
)
"""The modes in the order of their bits."""
TAIL, HEAD = "\x01", "\x03"
"""Stand in a row's text for the second half of a wide character, and for a last column too narrow for one."""

_ENVELOPE = b"GHOSTSNP\x01\x00"
_RECORD = struct.Struct("<HII")
_SCREEN, _PAGE, _HISTORY, _READY, _CONTINUATION = 2, 3, 4, 5, 7
_HEADER = struct.Struct("<HH8xHHHHxHHIB3xBBB3xQQQ24s16x")
_SCREEN_HEADER = struct.Struct("<HHQHHBB16s4xHBB8s2xB")
_SAVED_CURSOR = struct.Struct("<HH16sBH")
_PAGE_HEADER = struct.Struct("<HHHH12x")
_ROW = struct.Struct("<BH")
_GRAPHEME = struct.Struct("<HHH")
_U16, _U32 = struct.Struct("<H"), struct.Struct("<I")


class Malformed(ValueError):
    """Bytes that are no snapshot of the format that is known here."""


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


class Pen(NamedTuple):
    """How the next characters will be written."""

    style: bytes
    protected: bool
    charsets: int
    """G0 to G3 with two bits each, then GL and GR, then the single shift (three bits)."""


class Cursor(NamedTuple):
    """Where and how the next characters will be written."""

    x: int
    y: int
    wraps: bool
    """Whether the last column is written, so that the next character begins a line."""
    origin: bool
    """Whether positions count from the scrolling region's corner; only in a saved cursor."""
    pen: Pen


class Color(NamedTuple):
    """A colour that the program has changed, by its number in OSC 10 to 12 or in the palette."""

    number: int
    rgb: bytes


class Terminal(NamedTuple):
    """What both screens share."""

    cols: int
    rows: int
    region: tuple[int, int, int, int]
    """The scrolling region's first and last row, first and last column."""
    active: int
    previous: str
    """The character that was written last, or none."""
    cursor_is_default: bool
    modify_other_keys: bool
    mouse_event: int
    mouse_format: int
    modes: frozenset[str]
    saved_modes: frozenset[str]
    default_modes: frozenset[str]
    colors: tuple[Color, ...]
    palette: tuple[Color, ...]
    tabs: tuple[int, ...]
    title: bytes


class Screen(NamedTuple):
    """One of the two screens."""

    rows: tuple[Row, ...]
    history: tuple[Row, ...]
    """Those rows above it that were read."""
    cursor: Cursor
    cursor_style: int
    link: Link | None
    """What the next characters will lead to."""
    protects_as_iso: bool
    """Whether characters are protected by SPA and EPA, not by DECSCA."""
    keyboard: tuple[int, ...]
    """Kitty's keyboard flags, from those that come back last to those in force."""
    saved: Cursor | None


class State(NamedTuple):
    """All of a terminal but what has left its screens."""

    terminal: Terminal
    screens: dict[int, Screen]
    unfinished: bytes
    """The part of a sequence or character that has come."""

    @property
    def active(self) -> Screen:
        """The screen that is shown."""
        return self.screens[self.terminal.active]


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
        parts = []
        for run in self.runs():
            if run.marks:
                parts += [base + marks for base, marks in zip(run.text, run.marks, strict=True)]
            else:
                parts.append(run.text)
        return "".join(parts).replace(TAIL, "").replace(HEAD, "").replace("\0", " ")

    def runs(self) -> Iterable[Run]:
        """Its cells from the left, without those at the end that nothing was ever written to."""
        width = self.flags >> 4 & 3
        if width < 2:
            text = self.cells.decode("utf-16-le" if width else "latin-1")
            return (Run(0, text, self.page.plain),) if text else ()
        return self._styled(width)

    def _styled(self, width: int) -> Iterator[Run]:
        """Cells are words: kind 2 bits, content 24, style 16, width 2, protected, linked, meaning 2, link 16."""
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
            yield Run(start, text[start:end], look, marks)


_LOOK = ~(0xFFFFFF << 2 | 3 << 42 | 3 << 46)
"""The bits of a cell's word that tell how it looks: all but its content, its width and its meaning."""
_ALIKE = {size: re.compile(rb"(.{%d})\1*" % size, re.DOTALL) for size in (4, 8)}


class Page:
    """Rows, with the tables that their cells point into."""

    __slots__ = ("_graphemes", "_links", "_looks", "_styles", "clusters", "plain", "rows")

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
            self._links[number], at = _link(payload, at + 2)
        self.rows: list[Row] = []
        for number in range(rows):
            flags, count = _ROW.unpack_from(payload, at)
            end = at + 3 + (count << (flags >> 4 & 3))
            self.rows.append(Row(self, number, flags, payload[at + 3 : end]))
            at = end
        self._graphemes = _graphemes(payload, at)
        self.clusters = any(_JOINS.search(marks) for marks in self._graphemes.values())
        """Whether characters were joined that a terminal keeps apart unless it knows of grapheme clusters."""

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


NO_STYLE = bytes(16)
_JOINS = re.compile("[\u200d\ufe0f\u1100-\u11ff\U0001f000-\U0001ffff]")


class Reader:
    """Reads a snapshot that comes in pieces, as far as it is wanted."""

    def __init__(self, history: int = 0) -> None:
        """`history`: how many characters of scrollback are wanted of the primary screen, about."""
        self._data = bytearray()
        self._at = len(_ENVELOPE)
        self._records: list[tuple[int, bytes]] = []
        self._wanted = history
        self._ready = False
        self._of_primary = False
        self._older: list[Page] = []

    def feed(self, piece: bytes) -> bool:
        """Take the next piece; tells whether more is wanted. Raises: Malformed."""
        self._data += piece
        if self._data[: len(_ENVELOPE)] != _ENVELOPE[: len(self._data)]:
            raise Malformed("a snapshot of another format")
        while len(self._data) >= self._at + _RECORD.size:
            tag, length, _ = _RECORD.unpack_from(self._data, self._at)
            end = self._at + _RECORD.size + length
            if len(self._data) < end:
                break
            payload = bytes(self._data[self._at + _RECORD.size : end])
            self._at = end
            if self._ready:
                self._history(tag, payload)
            else:
                self._ready = tag == _READY
                self._records.append((tag, payload))
        return not self._ready or self._wanted > 0

    def _history(self, tag: int, payload: bytes) -> None:
        if tag == _HISTORY:
            self._of_primary = _U16.unpack_from(payload)[0] == PRIMARY
        elif tag == _PAGE and self._of_primary:
            page = Page(payload)
            self._older.append(page)
            self._wanted -= sum(row.length + 2 for row in page.rows)

    def state(self) -> State:
        """What has been read. Raises: Malformed."""
        try:
            records = iter(self._records)
            terminal = _terminal(next(records)[1])
            screens: dict[int, Screen] = {}
            unfinished = b""
            for tag, payload in records:
                if tag == _SCREEN:
                    pages = [Page(page) for _, page in islice(records, _U16.unpack_from(payload, 2)[0])]
                    key = _U16.unpack_from(payload)[0]
                    screens[key] = _screen(payload, [*self._pages(key), *pages], terminal.rows)
                elif tag == _CONTINUATION:
                    unfinished = payload
            if not self._ready:
                raise Malformed("a snapshot without its end")
        except (struct.error, LookupError, StopIteration) as error:
            raise Malformed("a snapshot of another format") from error
        return State(terminal, screens, unfinished)

    def _pages(self, key: int) -> Iterable[Page]:
        return reversed(self._older) if key == PRIMARY else ()


def _terminal(payload: bytes) -> Terminal:
    header = _HEADER.unpack_from(payload)
    cols, rows, top, bottom, left, right, active, _, previous, default, modify, event, format_ = header[:13]
    current, saved, defaults, dynamic = header[13:]
    at = _HEADER.size
    stops = int.from_bytes(payload[at : at + (cols + 7) // 8], "little")
    at += (cols + 7) // 8 + 3 * 256
    mask = int.from_bytes(payload[at : at + 32], "little")
    at += 32
    palette = []
    for number in range(256):
        if mask >> number & 1:
            palette.append(Color(number, payload[at : at + 3]))
            at += 3
    at += 4 + _U32.unpack_from(payload, at)[0]
    return Terminal(
        cols=cols,
        rows=rows,
        region=(top, bottom, left, right),
        active=active,
        previous=chr(previous) if previous < 0x110000 else "",
        cursor_is_default=bool(default),
        modify_other_keys=bool(modify),
        mouse_event=event,
        mouse_format=format_,
        modes=_modes(current),
        saved_modes=_modes(saved),
        default_modes=_modes(defaults),
        colors=tuple(
            Color(number, dynamic[at + 5 : at + 8])
            for number, at in ((11, 0), (10, 8), (12, 16))
            if dynamic[at + 4]
        ),
        palette=tuple(palette),
        tabs=tuple(col for col in range(cols) if stops >> col & 1),
        title=payload[at + 4 : at + 4 + _U32.unpack_from(payload, at)[0]],
    )


def _modes(bits: int) -> frozenset[str]:
    return frozenset(mode for bit, mode in enumerate(MODES) if bits >> bit & 1)


def _screen(payload: bytes, pages: list[Page], height: int) -> Screen:
    header = _SCREEN_HEADER.unpack_from(payload)
    _, _, _, x, y, cursor_style, flags, style, charsets, protects, index, keyboard, has_saved = header
    at = _SCREEN_HEADER.size
    saved = None
    if has_saved:
        saved_x, saved_y, saved_style, saved_flags, saved_charsets = _SAVED_CURSOR.unpack_from(payload, at)
        pen = Pen(saved_style, bool(saved_flags & 1), saved_charsets)
        saved = Cursor(saved_x, saved_y, bool(saved_flags & 2), bool(saved_flags & 4), pen)
        at += _SAVED_CURSOR.size
    rows = [row for page in pages for row in page.rows]
    return Screen(
        rows=tuple(rows[-height:]),
        history=tuple(rows[:-height]),
        cursor=Cursor(x, y, bool(flags & 1), False, Pen(style, bool(flags & 2), charsets)),
        cursor_style=cursor_style,
        link=_link(payload, at)[0] if payload[at] else None,
        protects_as_iso=protects == 1,
        keyboard=tuple(keyboard[index + 1 :] + keyboard[: index + 1]),
        saved=saved,
    )


def _link(payload: bytes, at: int) -> tuple[Link, int]:
    """A link's entry, and where it ends."""
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
