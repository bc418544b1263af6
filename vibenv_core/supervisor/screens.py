"""What the terminal showed at positions that clients were told of, to say what changed since. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .display import Display
    from .screen import TextRow

_MOST = 16
_CELLS = 1 << 18
"""Of the screens that are remembered, in all: but the last one is in any case."""


class _Remembered(NamedTuple):
    size: tuple[int, int]
    alternate: bool
    rows: tuple[TextRow, ...]


class Screens:
    """The last of them. What was shown at a position is only kept when something else comes to be shown."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._remembered: dict[int, _Remembered] = {}
        self._told = False

    def handed_out(self) -> None:
        """A client is told the position that there is now."""
        self._told = True

    def changes(self) -> None:
        """What is shown is about to change."""
        if self._told:
            self._told = False
            self.remember(self._display.screen.rows())

    def remember(self, rows: Sequence[TextRow]) -> None:
        """These are shown at the position that there is now, of which a client is told."""
        display, remembered = self._display, self._remembered
        known = {row: row for screen in remembered.values() for row in screen.rows}
        remembered.pop(display.end, None)
        size = (display.rows, display.cols)
        shared = tuple(known.setdefault(row, row) for row in rows)
        remembered[display.end] = _Remembered(size, display.screen.alternate, shared)
        most = max(1, min(_MOST, _CELLS // (size[0] * size[1])))
        for oldest in list(remembered)[:-most]:
            del remembered[oldest]

    def changed(self, since: int, rows: Sequence[TextRow]) -> list[int] | None:
        """The numbers of those rows that are not what was shown at a position; None if that is not known."""
        display = self._display
        if self._told and since == display.end:
            return []
        then = self._remembered.get(since)
        now = ((display.rows, display.cols), display.screen.alternate)
        if then is None or (then.size, then.alternate) != now:
            return None
        return [number for number, row in enumerate(rows) if row != then.rows[number]]
