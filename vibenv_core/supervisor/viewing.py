"""What a terminal of another size can show of a screen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .cells import TAIL, Run
from .painting import PLAIN, Painter
from .reading import title
from .repainting import cursor_style, keyboard, modes
from .screen import View
from .snapshot import State


def view(state: State, rows: int, cols: int) -> View:
    """The part round the cursor; it moves by half a terminal to the side, not with each character."""
    terminal, cursor = state.terminal, state.active.cursor
    top = min(max(cursor.y - rows + 1, 0), max(terminal.rows - rows, 0))
    left = 0
    if cursor.x >= cols:
        half = max(cols // 2, 1)
        left = min((cursor.x - cols + half) // half * half, terminal.cols - cols)
    painted = [_row(row.runs(), left, cols) for row in state.active.rows[top : top + rows]]
    painted += [_row((), 0, cols)] * (rows - len(painted))
    settings = "".join((*modes(terminal, mouse=(top, left) == (0, 0)), keyboard(state.active)))
    settings += f"{cursor_style(state.active, terminal)}\x1b]2;{title(terminal.title)}\x1b\\"
    return View(
        painted,
        (cursor.y - top, cursor.x - left) if "?25" in terminal.modes else None,
        (top, left),
        settings.encode(),
    )


def _row(runs: Iterable[Run], left: int, cols: int) -> bytes:
    painter = Painter()
    painter.row(_cut(runs, left, left + cols), cols)
    painter.become(PLAIN)
    return ("\x1b[m\x1b[K" + "".join(painter.out)).encode("utf-8", "surrogateescape")


def _cut(runs: Iterable[Run], left: int, right: int) -> Iterator[Run]:
    """The cells between two columns; of a wide character that is cut a blank is left."""
    runs = tuple(runs)
    text = "".join(run.text for run in runs)
    if text[left : left + 1] == TAIL:
        text = f"{text[:left]} {text[left + 1 :]}"
    if text[right : right + 1] == TAIL:
        text = f"{text[: right - 1]} {text[right:]}"
    for run in runs:
        start, end = max(run.start, left), min(run.start + len(run.text), right)
        if start < end:
            marks = run.marks[start - run.start : end - run.start]
            yield Run(start - left, text[start:end], run.look, marks if text[start:end] != " " else ())
