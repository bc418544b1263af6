"""A session's screen as a picture for people: SVG. Pure, and the same for the same screen.

Each character is where its cell is, whatever font there is; lines and blocks are drawn, so that they join.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from .drawn import Shape, shapes
from .supervisor.requests import Shown

FONTS = (
    "JetBrains Mono",
    "DejaVu Sans Mono",
    "Liberation Mono",
    "Noto Sans Mono",
    "Menlo",
    "Consolas",
    "Courier New",
)
"""Those whose cells fit, by preference; any other of fixed width does too."""
_WIDTH, _HEIGHT = 9, 18
"""A cell, in pixels."""
_SIZE, _BASE = 15, 14
"""A character, and from the cell's top the line that it stands on."""
_MARGIN, _BAR = 12, 30
_FOREGROUND, _BACKGROUND, _FRAME, _TITLE = "#d8dee9", "#1b1e25", "#2c313b", "#9aa3b2"
_BUTTONS = ("#ff5f57", "#febc2e", "#28c840")
_SIXTEEN = (
    *("#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9"),
    *("#6b7689", "#f0868e", "#b0d894", "#f2d398", "#82c3f8", "#d79ae8", "#7bcfd9", "#ffffff"),
)
_CUBE = (0, 95, 135, 175, 215, 255)
_KEPT = re.compile("[\u200d\ue000-\uf8ff]")
"""What joins emoji, and what fonts have icons in."""
_RGB = re.compile("#[0-9a-f]{6}")
_UNDERLINES = {"dotted": "1 2", "dashed": "5 3"}


class _Cells(NamedTuple):
    """Neighbouring cells that look alike."""

    row: int
    col: int
    cols: int
    text: str
    fg: str
    bg: str | None
    """None for the terminal's own."""
    said: dict[str, Any]


def svg(screen: Shown) -> str:
    """What the terminal shows, of an answer that has `cells`."""
    own = {"foreground": _FOREGROUND, "background": _BACKGROUND}
    own |= {name: _color(color) for name, color in (screen.colors or {}).items()}
    cells = list(_placed(screen.cells or [], own))
    width, height = screen.cols * _WIDTH + 2 * _MARGIN, screen.rows * _HEIGHT + _BAR + _MARGIN
    family = ", ".join([*(f"'{font}'" for font in FONTS), "monospace"])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{family}" font-size="{_SIZE}">',
        f'<rect width="{width}" height="{height}" rx="8" fill="{own["background"]}"/>',
        *_window(screen.title, width),
        f'<g transform="translate({_MARGIN},{_BAR})" xml:space="preserve">',
        *(_background(each) for each in cells if each.bg),
        *_cursor(screen, own),
        *(piece for each in cells if not each.said.get("invisible") for piece in _foreground(each)),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _placed(rows: Iterable[Iterable[dict[str, Any]]], own: dict[str, str]) -> Iterator[_Cells]:
    for row, runs in enumerate(rows):
        col = 0
        for said in runs:
            text, cols = said.get("text"), said.get("width")
            if not isinstance(text, str):
                continue
            if not isinstance(cols, int) or not 0 < cols <= 2 * len(text):
                cols = len(text)
            fg, bg = (_color(said[name]) if name in said else None for name in ("fg", "bg"))
            if said.get("inverse"):
                fg, bg = bg or own["background"], fg or own["foreground"]
            yield _Cells(row, col, cols, text, fg or own["foreground"], bg, said)
            col += cols


def _color(said: int | str) -> str:
    """A colour by its number in xterm's palette of 256, of which the first sixteen are anybody's choice.

    One that is written out may be anything: who is root in a session can answer in its supervisor's place.
    """
    if isinstance(said, str):
        return said if _RGB.fullmatch(said) else _FOREGROUND
    if not isinstance(said, int) or not 0 <= said < 256:
        return _FOREGROUND
    if said < 16:
        return _SIXTEEN[said]
    if said < 232:
        rgb = [_CUBE[(said - 16) // 36], _CUBE[(said - 16) // 6 % 6], _CUBE[(said - 16) % 6]]
    else:
        rgb = [8 + 10 * (said - 232)] * 3
    return f"#{bytes(rgb).hex()}"


def _window(title: str, width: int) -> Iterator[str]:
    """The frame's upper part, with the title."""
    edge = f"M0,{_BAR - 6}V8Q0,0 8,0H{width - 8}Q{width},0 {width},8V{_BAR - 6}z"
    yield f'<path d="{edge}" fill="{_FRAME}"/>'
    for number, color in enumerate(_BUTTONS):
        yield f'<circle cx="{_MARGIN + 4 + 18 * number}" cy="12" r="5" fill="{color}"/>'
    most = max(0, (width - 160) // 8)
    shown = title if len(title) <= most else f"{title[: most - 1]}…"
    if shown:
        at = f'x="{width / 2:g}" y="16" text-anchor="middle" font-size="12" fill="{_TITLE}"'
        yield f"<text {at}>{_plain(shown)}</text>"


def _background(cells: _Cells) -> str:
    at = f'x="{cells.col * _WIDTH}" y="{cells.row * _HEIGHT}"'
    size = f'width="{cells.cols * _WIDTH}" height="{_HEIGHT}"'
    return f'<rect {at} {size} fill="{cells.bg}" shape-rendering="crispEdges"/>'


def _cursor(screen: Shown, own: dict[str, str]) -> Iterator[str]:
    if screen.cursor is None:
        return
    x, y = screen.cursor[1] * _WIDTH, screen.cursor[0] * _HEIGHT
    color = own.get("cursor", own["foreground"])
    match screen.cursor_shape:
        case "bar":
            yield f'<rect x="{x}" y="{y}" width="2" height="{_HEIGHT}" fill="{color}"/>'
        case "underline":
            yield f'<rect x="{x}" y="{y + _HEIGHT - 3}" width="{_WIDTH}" height="2" fill="{color}"/>'
        case _:  # half seen through, as what is under it is written over it
            size = f'width="{_WIDTH}" height="{_HEIGHT}"'
            yield f'<rect x="{x}" y="{y}" {size} fill="{color}" fill-opacity="0.55"/>'


def _foreground(cells: _Cells) -> Iterator[str]:
    """The characters, and the lines under, through and over them."""
    faint = ' opacity="0.6"' if cells.said.get("faint") else ""
    letters: list[tuple[int, str]] = []
    for x, cluster in _clusters(cells):
        drawn = shapes(cluster, _WIDTH, _HEIGHT) if len(cluster) == 1 else None
        if drawn is not None:
            paths = "".join(_path(shape, cells.fg) for shape in drawn)
            yield f'<g transform="translate({x},{cells.row * _HEIGHT})"{faint}>{paths}</g>'
        elif len(cluster) == 1 and cluster < "\U00010000":
            letters.append((x, cluster))
        else:  # of which it is not agreed how many places a list of them is to have
            yield _text(cells, str(x), cluster, faint)
    while letters and letters[-1][1] == " ":
        letters.pop()
    if letters:
        xs = " ".join(str(x) for x, _ in letters)
        yield _text(cells, xs, "".join(letter for _, letter in letters), faint)
    yield from _rules(cells)


def _clusters(cells: _Cells) -> Iterator[tuple[int, str]]:
    """What is shown in one place each, and where that begins."""
    width, count = cells.cols, len(cells.text)
    if width not in (count, 2 * count):
        yield cells.col * _WIDTH, cells.text
        return
    for number, character in enumerate(cells.text):
        yield (cells.col + number * width // count) * _WIDTH, character


def _text(cells: _Cells, xs: str, text: str, more: str) -> str:
    bold = ' font-weight="bold"' if cells.said.get("bold") else ""
    italic = ' font-style="italic"' if cells.said.get("italic") else ""
    y = cells.row * _HEIGHT + _BASE
    return f'<text x="{xs}" y="{y}" fill="{cells.fg}"{bold}{italic}{more}>{_plain(text)}</text>'


def _path(shape: Shape, color: str) -> str:
    line = f'stroke="{color}" stroke-width="{shape.stroke or 0:g}" fill="none"'
    how = f'fill="{color}"' if shape.stroke is None else line
    seen = f' opacity="{shape.opacity:g}"' if shape.opacity < 1 else ""
    return f'<path d="{shape.path}" {how}{seen}/>'


def _rules(cells: _Cells) -> Iterator[str]:
    said, top = cells.said, cells.row * _HEIGHT
    start, end = cells.col * _WIDTH, (cells.col + cells.cols) * _WIDTH
    if kind := said.get("underline"):
        color = _color(said["underline_color"]) if "underline_color" in said else cells.fg
        for y in (top + _BASE + 1.5, top + _BASE + 3.5)[: 2 if kind == "double" else 1]:
            path = _wave(start, end, y) if kind == "curly" else f"M{start},{y}H{end}"
            dashes = f' stroke-dasharray="{_UNDERLINES[kind]}"' if kind in _UNDERLINES else ""
            yield f'<path d="{path}" stroke="{color}" fill="none"{dashes}/>'
    for name, y in (("strikethrough", top + 9.5), ("overline", top + 0.5)):
        if said.get(name):
            yield f'<path d="M{start},{y}H{end}" stroke="{cells.fg}"/>'


def _wave(start: int, end: int, y: float) -> str:
    return f"M{start},{y}" + "q2.25,-3 4.5,0t4.5,0" * ((end - start) // _WIDTH)


def _plain(text: str) -> str:
    """Text that may stand in XML: no character that has no place there, or turns its direction."""
    return escape("".join(each if each.isprintable() or _KEPT.match(each) else "\ufffd" for each in text))
