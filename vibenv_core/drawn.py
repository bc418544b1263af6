"""Characters that join their neighbours, as shapes: lines, blocks, dots, and what separates prompts. Pure.

A font's own would leave gaps wherever its cells are not those of the picture.

Source: the Unicode Standard's names and charts of Box Drawing (U+2500), Block Elements (U+2580) and Braille
Patterns (U+2800); Powerline's characters (U+E0B0 to U+E0B3).
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple
from unicodedata import name

_NAME = re.compile(
    "BOX DRAWINGS ((?:LIGHT|HEAVY|DOUBLE|SINGLE|UP|DOWN|LEFT|RIGHT|HORIZONTAL|VERTICAL|AND| )+)"
)
_WEIGHTS = {"LIGHT": 1, "SINGLE": 1, "HEAVY": 2, "DOUBLE": 3}
_ARMS = {
    "UP": "u",
    "DOWN": "d",
    "LEFT": "l",
    "RIGHT": "r",
    "VERTICAL": "ud",
    "HORIZONTAL": "lr",
}
_DASHES = {"DOUBLE DASH": 2, "TRIPLE DASH": 3, "QUADRUPLE DASH": 4}
_THICK = {1: 1.0, 2: 2.0, 3: 1.0}
_APART = 1.5
"""From the middle, each line of a double one."""
_SIDES = {"u": "lr", "d": "lr", "l": "ud", "r": "ud"}
"""Of each arm, those that it meets: the one at the lesser, and the one at the greater coordinates."""
_OPPOSITE = {"u": "d", "d": "u", "l": "r", "r": "l"}
_DOTS = (0, 1, 2, 4, 5, 6, 3, 7)
"""Of a Braille pattern's bits, the dots: four in the left column from the top, four in the right one."""
_QUADRANTS = (4, 8, 1, 13, 9, 7, 11, 2, 6, 14)
"""Of U+2596 to U+259F: upper left 1, upper right 2, lower left 4, lower right 8."""


class Shape(NamedTuple):
    """What fills a part of a cell, or is drawn over it."""

    path: str
    """As SVG has it."""
    stroke: float | None = None
    """How thick its line is; None for what is filled."""
    opacity: float = 1.0


@cache
def shapes(character: str, width: float, height: float) -> tuple[Shape, ...] | None:
    """What draws a character in a cell whose corner is at 0, 0; None for one that a font is to draw."""
    code = ord(character)
    if 0x2580 <= code <= 0x259F:
        return _block(code, width, height)
    if 0x256D <= code <= 0x2570:
        return (_arc(code, width, height),)
    if 0x2571 <= code <= 0x2573:
        rising, falling = f"M0,{height}L{width},0", f"M0,0L{width},{height}"
        return (Shape((rising, falling, rising + falling)[code - 0x2571], 1.0),)
    if 0x2500 <= code <= 0x257F:
        return tuple(_lines(name(character), width, height))
    if 0x2800 <= code <= 0x28FF:
        return tuple(_dots(code, width, height))
    if 0xE0B0 <= code <= 0xE0B3:
        return (_powerline(code, width, height),)
    return None


def _lines(called: str, width: float, height: float) -> list[Shape]:
    dashes = next((count for words, count in _DASHES.items() if words in called), 0)
    for words in _DASHES:
        called = called.replace(words, "")
    arms = _arms(called)
    thickest = max(arms.values())
    if dashes:
        return [Shape(_dashed(dashes, width, height, upright="u" in arms), _THICK[thickest])]
    return [
        Shape(_line(arm, off, _reach(arm, off, arms), width, height), _THICK[weight])
        for arm, weight in arms.items()
        for off in ((-_APART, _APART) if weight == 3 else (0.0,))
    ]


def _reach(arm: str, off: float, arms: dict[str, int]) -> float:
    """How far beyond the middle a line goes, so that it just meets those across; negative: it ends before."""
    before, after = (arms.get(side, 0) for side in _SIDES[arm])
    if off:
        here, there = (before, after) if off < 0 else (after, before)
        if here == 3:
            return 0.5 - _APART
        return _APART + 0.5 if there == 3 and _OPPOSITE[arm] not in arms else 0.5
    if 3 not in (before, after):
        return _THICK[max(before, after, 1)] / 2
    if before == after:
        return 0.5 if _OPPOSITE[arm] in arms else 0.5 - _APART
    return _APART + 0.5


def _arms(called: str) -> dict[str, int]:
    """How thick the line is to each side, by the character's name."""
    arms: dict[str, int] = {}
    weight = 0
    found = _NAME.match(called)
    for part in found[1].split(" AND ") if found else ():
        words = part.split()
        weight = next((_WEIGHTS[word] for word in words if word in _WEIGHTS), weight)
        arms |= {arm: weight for word in words for arm in _ARMS.get(word, "")}
    return arms


def _line(arm: str, off: float, reach: float, width: float, height: float) -> str:
    x, y = width / 2, height / 2
    match arm:
        case "u":
            return f"M{x + off:g},0V{y + reach:g}"
        case "d":
            return f"M{x + off:g},{y - reach:g}V{height:g}"
        case "l":
            return f"M0,{y + off:g}H{x + reach:g}"
        case _:
            return f"M{x - reach:g},{y + off:g}H{width:g}"


def _dashed(dashes: int, width: float, height: float, *, upright: bool) -> str:
    step = (height if upright else width) / dashes
    starts = [step * (number + 0.2) for number in range(dashes)]
    if upright:
        return "".join(f"M{width / 2:g},{start:g}v{step * 0.6:g}" for start in starts)
    return "".join(f"M{start:g},{height / 2:g}h{step * 0.6:g}" for start in starts)


def _arc(code: int, width: float, height: float) -> Shape:
    x, y, radius = width / 2, height / 2, width / 2
    right, down = code in (0x256D, 0x2570), code in (0x256D, 0x256E)
    edge, side = (height, y + radius) if down else (0.0, y - radius)
    return Shape(f"M{x:g},{edge:g}V{side:g}Q{x:g},{y:g} {width if right else 0:g},{y:g}", 1.0)


def _dots(code: int, width: float, height: float) -> list[Shape]:
    across, down = width / 4, height / 8
    return [
        _filled((1 + 2 * (dot // 4)) * across - 1, (1 + 2 * (dot % 4)) * down - 1, 2, 2)
        for bit, dot in enumerate(_DOTS)
        if code >> bit & 1
    ]


def _powerline(code: int, width: float, height: float) -> Shape:
    start, tip = (0.0, width) if code < 0xE0B2 else (width, 0.0)
    path = f"M{start:g},0L{tip:g},{height / 2:g}L{start:g},{height:g}"
    return Shape(path, 1.0) if code % 2 else Shape(f"{path}z")


def _block(code: int, width: float, height: float) -> tuple[Shape, ...]:
    if 0x2591 <= code <= 0x2593:
        return (_filled(0, 0, width, height)._replace(opacity=(code - 0x2590) / 4),)
    if code >= 0x2596:
        quadrants = _QUADRANTS[code - 0x2596]
        return tuple(
            _filled(bit % 2 * width / 2, bit // 2 * height / 2, width / 2, height / 2)
            for bit in range(4)
            if quadrants >> bit & 1
        )
    if code <= 0x2588:
        part = height * ((code - 0x2580) / 8 if code > 0x2580 else 0.5)
        return (_filled(0, height - part if code > 0x2580 else 0, width, part),)
    if code <= 0x258F:
        return (_filled(0, 0, width * (0x2590 - code) / 8, height),)
    match code:
        case 0x2590:
            return (_filled(width / 2, 0, width / 2, height),)
        case 0x2594:
            return (_filled(0, 0, width, height / 8),)
        case _:
            return (_filled(width * 7 / 8, 0, width / 8, height),)


def _filled(x: float, y: float, width: float, height: float) -> Shape:
    return Shape(f"M{x:g},{y:g}h{width:g}v{height:g}h{-width:g}z")
