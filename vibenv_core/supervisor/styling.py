"""Rows of a terminal to values that say how their text looks, for programs and pictures. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from .cells import HEAD, TAIL, Look, Row, Run
from .reading import HIDDEN
from .snapshot import Color, Screen, Terminal

_FLAGS = ("bold", "italic", "faint", "blink", "inverse", "invisible", "strikethrough", "overline")
"""In the order of their bits."""
_UNDERLINES = (None, "single", "double", "curly", "dotted", "dashed")
_PIECES = re.compile(f"(?:[^{TAIL}]{TAIL})+|(?:[^{TAIL}](?!{TAIL}))+")
"""Wide characters, others."""
_BLANKS = str.maketrans({"\0": " ", HEAD: " "})
_NUMBERS = {10: "foreground", 11: "background", 12: "cursor"}
_CURSORS = ("bar", "block", "underline", "block")

Cells = dict[str, Any]
"""Neighbouring cells that look alike, as `requests.Shown.cells` has them."""


def styled(rows: Iterable[Row], terminal: Terminal) -> list[list[Cells]]:
    """Each row's cells from its first column on without gaps, without blanks at its end that have no look."""
    look = partial(_look, {changed.number: _rgb(changed) for changed in terminal.palette})
    return [_row(row, look) for row in rows]


def colors(terminal: Terminal) -> dict[str, str]:
    """Those of `foreground`, `background` and `cursor` that the program has set, as `#rrggbb`."""
    return {_NUMBERS[color.number]: _rgb(color) for color in terminal.colors}


def cursor_shape(screen: Screen) -> str:
    """block, underline or bar."""
    return _CURSORS[screen.cursor_style]


def _row(row: Row, look: Any) -> list[Cells]:
    found: list[Cells] = []
    for run in row.runs():
        attributes = look(run.look)
        for cells in _marked(run) if run.marks else _pieces(run.text):
            last = found[-1] if found else None
            if last and "width" not in cells and last == {"text": last["text"], **attributes}:
                last["text"] += cells["text"]
            else:
                found.append(cells | attributes)
    while found and found[-1].keys() == {"text"}:
        found[-1]["text"] = found[-1]["text"].rstrip(" ")
        if found[-1]["text"]:
            break
        found.pop()
    return found


def _pieces(text: str) -> Iterator[Cells]:
    """Cells without marks; the second half of a character that the run before ends with is that one's."""
    for found in _PIECES.finditer(text.replace(f" {TAIL}", "  ")):
        piece = found[0].replace(TAIL, "")
        plain = {"text": HIDDEN.sub(" ", piece.translate(_BLANKS))}
        yield plain if piece == found[0] else {**plain, "width": len(found[0])}


def _marked(run: Run) -> Iterator[Cells]:
    """Each character by itself, with what combines with it."""
    last = len(run.text) - 1
    for at, (character, marks) in enumerate(zip(run.text, run.marks, strict=True)):
        width = 2 if run.wide and at == last else 1
        yield {"text": character + HIDDEN.sub("", marks), "width": width}


def _look(changed: Mapping[int, str], look: Look) -> Cells:
    style = look.style
    flags = int.from_bytes(style[12:14], "little")
    named = {
        "fg": _color(style[0:4], changed),
        "bg": _color(style[4:8], changed),
        "underline": _UNDERLINES[flags >> 8 & 7],
        "underline_color": _color(style[8:12], changed),
        "link": look.link and HIDDEN.sub("", look.link.uri.decode("utf-8", "replace")),
        **{name: True for bit, name in enumerate(_FLAGS) if flags >> bit & 1},
    }
    return {name: value for name, value in named.items() if value is not None}


def _color(color: bytes, changed: Mapping[int, str]) -> int | str | None:
    kind, number = color[:2]
    if kind == 0:
        return None
    return changed.get(number, number) if kind == 1 else f"#{color[1:].hex()}"


def _rgb(color: Color) -> str:
    return f"#{color.rgb.hex()}"
