"""What the terminal showed at positions that clients were told of, to say what changed since. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .display import Display
    from .screen import TextRow

_MOST = 16
_CELLS = 1 << 18
"""Of the screens that are remembered, in all: but the last one is in any case."""


class Shot(NamedTuple):
    """What the terminal showed at some time."""

    size: tuple[int, int]
    alternate: bool
    rows: tuple[TextRow, ...]

    def changed(self, then: Shot) -> list[int] | None:
        """The numbers of the rows that are not as they were; None where there is nothing to compare."""
        if (self.size, self.alternate) != (then.size, then.alternate):
            return None
        return [number for number, row in enumerate(self.rows) if row != then.rows[number]]


class Screens:
    """The last of them. What was shown at a position is only kept when something else comes to be shown."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._shots: dict[int, Shot] = {}
        self._told = False

    def now(self) -> Shot:
        """What it shows now."""
        display = self._display
        rows = tuple(display.screen.rows())
        return Shot((display.rows, display.cols), display.screen.alternate, rows)

    def at(self, position: int) -> Shot | None:
        """What it showed at a position; None if that is not known."""
        return self.now() if self._told and position == self._display.end else self._shots.get(position)

    def told(self) -> None:
        """A client is told the position that there is now."""
        self._told = True

    def changes(self) -> None:
        """What is shown is about to change."""
        if self._told:
            self._told = False  # whatever comes of that: it is not tried for each output again
            self.remember(self.now())

    def remember(self, shot: Shot) -> None:
        """This is shown at the position that there is now, of which a client is told."""
        self._told = False
        shots, position = self._shots, self._display.end
        shots.pop(position, None)
        last = next(reversed(shots.values()), None)
        known = {row: row for row in last.rows} if last else {}
        shots[position] = shot._replace(rows=tuple(known.get(row, row) for row in shot.rows))
        most = max(1, min(_MOST, _CELLS // (shot.size[0] * shot.size[1])))
        for oldest in list(shots)[:-most]:
            del shots[oldest]
