"""Rows of a terminal to what paints them on another. Pure.

Source: ECMA-48 (SGR, CUF, CHA, ECH, EL), xterm's control sequences (colours, DECSCA, SPA), OSC 8; underlines
and their colours with colons, so that terminals without them see nothing else in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from unicodedata import category, east_asian_width

from .cells import HEAD, NO_STYLE, TAIL, Link, Look, Row, Run

PLAIN = Look(NO_STYLE)

_SPECIAL = re.compile(f"[\0{TAIL}{HEAD}]")
_PIECES = re.compile(f"\0+|{HEAD}|{TAIL}|(?:[^\0{HEAD}{TAIL}]{TAIL})+|(?:[^\0{HEAD}{TAIL}](?!{TAIL}))+")
"""Nothing written, a spacer, wide characters, others."""
_FLAGS = ("1", "3", "2", "5", "7", "8", "9", "53")
"""Bold, italic, faint, blink, inverse, invisible, struck through, overlined: in the order of their bits."""


@lru_cache(maxsize=512)
def sgr(style: bytes) -> str:
    """What makes the next characters have a style, whatever they had."""
    flags = int.from_bytes(style[12:14], "little")
    parts = ["0"] + [code for bit, code in enumerate(_FLAGS) if flags >> bit & 1]
    if underline := flags >> 8 & 7:
        parts.append("4" if underline == 1 else f"4:{underline}")
    parts += _color(style[0:4], 30) + _color(style[4:8], 40)
    if style[8] == 1:
        parts.append(f"58:5:{style[9]}")
    elif style[8] == 2:
        parts.append(f"58:2::{style[9]}:{style[10]}:{style[11]}")
    return f"\x1b[{';'.join(parts)}m" if len(parts) > 1 else "\x1b[m"


def _color(color: bytes, base: int) -> list[str]:
    kind, first, second, third = color
    if kind == 0:
        return []
    if kind == 2:
        return [f"{base + 8};2;{first};{second};{third}"]
    if first < 16:
        return [str(base + first if first < 8 else base + 52 + first)]
    return [f"{base + 8};5;{first}"]


def hyperlink(link: Link | None) -> str:
    """What makes the next characters lead there."""
    if link is None:
        return "\x1b]8;;\x1b\\"
    identity, uri = (part.decode("utf-8", "surrogateescape") for part in link)
    return f"\x1b]8;{f'id={identity}' if identity else ''};{uri}\x1b\\"


def protection(protected: bool, *, as_iso: bool) -> str:
    """What makes the next characters be protected from being erased, or not."""
    if as_iso:
        return "\x1bV" if protected else "\x1bW"
    return f'\x1b[{int(protected)}"q'


def _is_cluster(character: str, marks: str, *, wide: bool) -> bool:
    """Whether terminals show these so only when they know of grapheme clusters (mode 2027)."""
    joined = any(category(mark) not in ("Mn", "Me", "Cf") for mark in marks)
    alone = east_asian_width(character) in "WF" or "\U0001f1e6" <= character <= "\U0001f1ff"
    return joined or wide != alone


class Painter:
    """Writes rows, each onto an empty one, on a terminal that writes plain characters and wraps lines."""

    def __init__(self, *, protects_as_iso: bool = False) -> None:
        self.out: list[str] = []
        self._look = PLAIN
        self._below: Look | None = None
        """How the character looks with which the line goes on, if that is a wide one."""
        self._as_iso = protects_as_iso
        self._at = 0
        self._sure = True
        """Whether the cursor is there: terminals differ on how wide some characters are."""

    def lines(self, rows: Sequence[Row], cols: int, below: Row | None = None) -> list[str]:
        """What paints each line, from the left of an empty row on, and goes to the row below if there is one.

        `below` is what comes below the rows; the last line may go on there.
        """
        lines = []
        for row, following in zip(rows, [*rows[1:], below], strict=True):
            wraps = following is not None and row.wraps and following.continues and following.begins_written
            if wraps and following is not None:
                first = next(iter(following.runs()))
                wide = first.text[0] != " " and (first.text[1:2] == TAIL or first.wide)
                self._below = first.look if wide else None
            self.row(row.runs(), cols, wraps=wraps)
            if not wraps or following is below:
                self.become(PLAIN)
                end = "" if wraps or following is None else "\r\n"
                lines.append(f"{''.join(self.out)}{end}")
                self.out.clear()
        return lines

    def row(self, runs: Iterable[Run], cols: int, *, wraps: bool = False) -> None:
        """One row of `cols` columns. One that wraps is written to its end, as the next goes on from it."""
        self._at, self._sure = 0, True
        for run in runs:
            if run.marks:
                self._marked(run)
            elif _SPECIAL.search(run.text):
                self._pieces(run, cols, wraps=wraps)
            else:
                self._write(run.start, run.text, run.look)
        if wraps and self._at < cols:
            self._write(self._at, " " * (cols - self._at), PLAIN)

    def become(self, look: Look) -> None:
        """Have the next characters look like this."""
        last = self._look
        if look.style != last.style:
            self.out.append(sgr(look.style))
        if look.link != last.link:
            self.out.append(hyperlink(look.link))
        if look.protected != last.protected:
            self.out.append(protection(look.protected, as_iso=self._as_iso))
        self._look = look

    def _pieces(self, run: Run, cols: int, *, wraps: bool) -> None:
        """Write what has wide characters in it, and leave out what was never written."""
        text = run.text.replace(f" {TAIL}", "  ")
        for found in _PIECES.finditer(text if wraps else text.replace(HEAD, "\0")):
            piece, start = found[0], run.start + found.start()
            if piece == TAIL:
                self._at = start + 1
            elif piece == HEAD and run.look == self._below:
                self._move(start)  # the character below does not fit here, and leaves this column out itself
                self._at = cols
            elif piece == HEAD:
                self._write(start, " ", run.look)
            elif piece[0] != "\0":
                self._write(start, piece, run.look)
            elif run.look.style != NO_STYLE and (wraps or not run.look.erased):
                self._write(start, " " * len(piece), run.look)
            elif run.look.erased:
                self._move(start)
                self.become(run.look)
                self.out.append("\x1b[K" if start + len(piece) == cols else f"\x1b[{len(piece)}X")

    def _write(self, start: int, text: str, look: Look) -> None:
        if start != self._at or not self._sure:
            self._move(start)
        if look is not self._look:
            self.become(look)
        self._at = start + len(text)
        if TAIL in text:
            self._sure = False
            text = text.replace(TAIL, "")
        self.out.append(text)

    def _marked(self, run: Run) -> None:
        """Write characters that others combine with."""
        for col, (character, marks) in enumerate(zip(run.text, run.marks, strict=True), run.start):
            wide = run.wide and col == run.start + len(run.text) - 1
            if character == " " and wide:
                self._write(col, "  ", run.look)
                continue
            clusters = _is_cluster(character, marks, wide=wide)
            self.out.append("\x1b[?2027h" if clusters else "")
            self._write(col, character + marks, run.look)
            self.out.append("\x1b[?2027l" if clusters else "")
            self._at, self._sure = col + 1, False

    def _move(self, to: int) -> None:
        """Go right in the row."""
        if not self._sure:
            self.out.append(f"\x1b[{to + 1}G")
        elif self._at != to:
            self.out.append(f"\x1b[{to - self._at}C")
        self._at, self._sure = to, True
