"""`vibenv screen`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vibenv_core import screen as core
from vibenv_core.errors import UsageError

from ..engines import keep
from ..inside_command import InsideCommand
from ..sdk import Call, Example, Flag, Switch
from ..tables import shown

if TYPE_CHECKING:
    from vibenv_core.engine import Engine
    from vibenv_core.supervisor.requests import Shown

    from ..names import Names


@dataclass(frozen=True, slots=True)
class CursorRecord:
    """Where the cursor is, counted from 0."""

    row: int
    col: int


@dataclass(frozen=True, slots=True)
class ScreenRecord:
    """What a session's terminal shows; `changed` are the rows that `lines` are, where not all are there."""

    rows: int
    cols: int
    cursor: CursorRecord | None
    title: str
    alternate: bool
    lines: list[str]
    changed: list[int] | None
    cells: list[list[dict[str, object]]] | None
    seq: int


class Screen(InsideCommand):
    """Give what a session's terminal shows: its lines from the top, without blanks at their ends.

    `seq` is the position in what its program has written by then: with `--since` it, `lines` are the rows
    that have changed after that, and `changed` are their numbers. `cursor` is null where it is not seen;
    `alternate` tells that a program has the whole screen, as editors do. `--svg` and `--png` give one
    session's as a picture instead; PNG needs the extra `vibenv[png]`.
    """

    name = "vibenv screen"
    search_terms = ("capture", "terminal", "lines", "look")
    input_output = ((object, ScreenRecord), (object, list[ScreenRecord]), (object, str), (object, bytes))
    examples = (
        Example("vibenv screen my-task | get lines | str join (char nl)", "the terminal as text"),
        Example("vibenv screen my-task --since 0 | get changed", "which rows have changed since then"),
        Example("vibenv screen my-task --png | save --force my-task.png", "a picture of it"),
        Example("vibenv list | vibenv screen | select name title", "those of all sessions, side by side"),
    )

    since = Flag(int, "the `seq` of an earlier answer: only the rows that have changed after it")
    styled = Switch("with `cells`: for each line, its runs of cells that look alike, and how they look")
    svg = Switch("give a picture of it: SVG, whose text can be selected")
    png = Switch("give a picture of it: PNG")

    def answer(self, call: Call) -> object:
        """The record, or the rows of several sessions."""
        engine, names = self.engine(call), self.sessions(call)
        if call[self.svg] or call[self.png]:
            return self._picture(call, engine, names)
        since, styled = call[self.since], call[self.styled]

        def act(name: str) -> ScreenRecord:
            found = core.screen(engine, name, since=since, styled=styled, cancelled=call.cancelled)
            return _record(found)

        return self.side_by_side(call, names, act, ScreenRecord)

    def _picture(self, call: Call, engine: Engine, names: Names) -> str | bytes:
        from vibenv_core import picture, picture_png

        if not names.one or call[self.since] is not None or (call[self.svg] and call[self.png]):
            raise UsageError(
                "a picture is of the whole screen of one session, and is either SVG or PNG",
                code="usage::one_picture",
                help="vibenv list | get name | each {|it| vibenv screen $it --svg | save $'($it).svg' }",
                about="svg" if call[self.svg] else "png",
            )
        found = core.screen(engine, names.names[0], styled=True, cancelled=call.cancelled)
        keep(call.engine)
        svg = picture.svg(found)
        return svg if call[self.svg] else picture_png.png(svg)


def _record(found: Shown) -> ScreenRecord:
    return ScreenRecord(
        rows=found.rows,
        cols=found.cols,
        cursor=None if found.cursor is None else CursorRecord(*found.cursor),
        title=shown(found.title),
        alternate=found.alternate,
        lines=found.lines,
        changed=found.changed,
        cells=found.cells,
        seq=found.seq,
    )
