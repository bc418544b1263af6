"""Reads a terminal's state out of libghostty-vt's snapshots: bytes in, plain values out. Pure.

Source: format 1, as ghostty's `src/terminal/snapshot/` documents it. A snapshot is an envelope and records,
each a tag, the length of its payload, a checksum and the payload; integers are little-endian. The terminal's
record comes first, then each screen's with the pages that its rows are in, the sequence that has begun, and
after READY the older pages of each screen, the newest first.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from . import cells
from .cells import Link, Page, Row

PRIMARY, ALTERNATE = 0, 1
_ANSI_MODES = (2, 4, 12, 20)
_PRIVATE_MODES = (
    *(1, 3, 4, 5, 6, 7, 8, 9, 12, 25, 40, 45, 47, 66, 67, 69, 1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015),
    *(1016, 1035, 1036, 1039, 1045, 1047, 1048, 1049, 2004, 2026, 2027, 2031, 2033, 2048, 5522),
)
MODES = (*map(str, _ANSI_MODES), *(f"?{mode}" for mode in _PRIVATE_MODES))
"""The modes in the order of their bits."""
_ENVELOPE = b"GHOSTSNP\x01\x00"
_RECORD = struct.Struct("<HII")
_SCREEN, _PAGE, _HISTORY, _READY, _CONTINUATION = 2, 3, 4, 5, 7
_HEADER = struct.Struct("<HH8xHHHHxHHIB3xBBB3xQQQ24s16x")
_SCREEN_HEADER = struct.Struct("<HHQHHBB16s4xHBB8s2xB")
_SAVED_CURSOR = struct.Struct("<HH16sBH")
_U16, _U32 = struct.Struct("<H"), struct.Struct("<I")


class Malformed(ValueError):
    """Bytes that are no snapshot of the format that is known here."""


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


class Reader:
    """Reads a snapshot that comes in pieces, as far as it is wanted."""

    def __init__(self, older: Callable[[State, Sequence[Row]], bool] | None = None) -> None:
        """`older` takes the primary screen's scrollback, some rows at a time, and tells if it wants more.

        The newest rows come first; those that come together are in their order.
        """
        self._data = bytearray()
        self._records: list[tuple[int, bytes]] = []
        self._state: State | None = None
        self._older = older
        self._of_primary = False

    @property
    def state(self) -> State:
        """All but the scrollback. Raises: Malformed (it did not come)."""
        if self._state is None:
            raise Malformed("a snapshot without its end")
        return self._state

    def feed(self, piece: bytes) -> bool:
        """Take the next piece; tells whether more is wanted. Raises: Malformed."""
        self._data += piece
        at = 0 if self._records or self._state else len(_ENVELOPE)
        if at and not self._data.startswith(_ENVELOPE):
            raise Malformed("a snapshot of another format")
        wanted = True
        while wanted and len(self._data) >= at + _RECORD.size:
            tag, length, _ = _RECORD.unpack_from(self._data, at)
            end = at + _RECORD.size + length
            if len(self._data) < end:
                break
            wanted = self._record(tag, bytes(self._data[at + _RECORD.size : end]))
            at = end
        if self._records or self._state:
            del self._data[:at]
        return wanted

    def _record(self, tag: int, payload: bytes) -> bool:
        if self._state is None:
            if tag != _READY:
                self._records.append((tag, payload))
                return True
            self._state = _state(self._records)
            rows = self._state.screens[PRIMARY].history
        elif tag == _HISTORY:
            self._of_primary = _U16.unpack_from(payload)[0] == PRIMARY
            return True
        elif tag == _PAGE and self._of_primary:
            rows = tuple(Page(payload).rows)
        else:
            return True
        return self._older is not None and self._older(self._state, rows)


def _state(read: Iterable[tuple[int, bytes]]) -> State:
    """What the records before READY say. Raises: Malformed."""
    try:
        records = iter(read)
        terminal = _terminal(next(records)[1])
        screens: dict[int, Screen] = {}
        unfinished = b""
        for tag, payload in records:
            if tag == _SCREEN:
                pages = [Page(page) for _, page in islice(records, _U16.unpack_from(payload, 2)[0])]
                screens[_U16.unpack_from(payload)[0]] = _screen(payload, pages, terminal.rows)
            elif tag == _CONTINUATION:
                unfinished = payload
    except (struct.error, LookupError, StopIteration) as error:
        raise Malformed("a snapshot of another format") from error
    return State(terminal, screens, unfinished)


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
        link=cells.link(payload, at)[0] if payload[at] else None,
        protects_as_iso=protects == 1,
        keyboard=tuple(keyboard[index + 1 :] + keyboard[: index + 1]),
        saved=saved,
    )
