"""Compares what two terminals are in, as far as a repaint can carry it over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vibenv_core.supervisor.cells import HEAD, TAIL, Row
from vibenv_core.supervisor.ghostty import GhosttyScreen
from vibenv_core.supervisor.snapshot import ALTERNATE, Cursor, Pen, Screen, State

NEVER_REPAINTED = {"?3", "?1048", "?2033", "?2048", "?5522"}
"""Modes that would change a terminal's size, or make it answer."""

BLOCK = 1
FRESH = Cursor(0, 0, False, False, Pen(bytes(16), False, 2 << 10))


def shown(state: State, *, wraps: bool = True) -> dict[str, Any]:
    """All that matters of a terminal: equal for two that cannot be told apart.

    Without `wraps` it does not matter which rows are parts of one line, only what is to be seen.
    """
    terminal = state.terminal._asdict()
    # The terminal's usual cursor is asked for by its shape where another one was asked for first.
    terminal["cursor_is_default"] &= state.active.cursor_style == BLOCK
    terminal["modes"] = state.terminal.modes - NEVER_REPAINTED
    for key in ("saved_modes", "title", "previous"):
        del terminal[key]
    screens = {
        key: _screen(screen, state.terminal.cols, wraps=wraps)
        for key, screen in state.screens.items()
        if key != ALTERNATE or state.terminal.active == ALTERNATE
    }
    if state.terminal.active == ALTERNATE:
        # What is written to the primary screen next, is written as DECRC or the alternate screen have it.
        for key in ("cursor", "link"):
            del screens[0][key]
    return {"terminal": terminal, "screens": screens, "unfinished": state.unfinished}


def shown_by(screen: GhosttyScreen) -> list[str]:
    """The rows as text."""
    return [row.text for row in screen.rows()]


def rows(screen: Screen, cols: int) -> list[tuple[Any, ...]]:
    """Each cell of each row: its characters and how they look."""
    return [_cells(row, cols, last) for row, last in _with_below(screen.rows)]


def _screen(screen: Screen, cols: int, *, wraps: bool) -> dict[str, Any]:
    facts = screen._asdict()
    del facts["history"]
    flags = [*screen.keyboard]
    while flags and not flags[0]:
        del flags[0]
    of = rows(screen, cols)
    facts |= {"rows": of if wraps else [row[1:] for row in of], "keyboard": flags}
    facts["cursor"] = _cursor(screen.cursor)
    facts["saved"] = _cursor(screen.saved or FRESH, shifts=0xFFF)
    return facts


def _cursor(cursor: Cursor, shifts: int = 0x7FFF) -> Cursor:
    return cursor._replace(pen=cursor.pen._replace(charsets=_charsets(cursor.pen.charsets & shifts)))


def _charsets(bits: int) -> int:
    """UTF-8 and ASCII are one and the same."""
    for slot in range(4):
        if bits >> 2 * slot & 3 == 1:
            bits &= ~(3 << 2 * slot)
    return bits


def _with_below(of: tuple[Row, ...]) -> Iterator[tuple[Row, Row | None]]:
    return zip(of, [*of[1:], None], strict=True)


def _cells(row: Row, cols: int, below: Row | None) -> tuple[Any, ...]:
    cells: list[tuple[Any, ...]] = []
    for run in row.runs():
        for at, character in enumerate(run.text.replace(f" {TAIL}", "  ")):
            text = character.strip(f" \0{TAIL}{HEAD}")
            link = run.look.link.uri if run.look.link and text else None
            seen = text or (character == TAIL and cells[-1][0]) or link or any(run.look.style[12:14])
            style = run.look.style if seen else bytes(4) + run.look.style[4:8] + bytes(8)
            cells.append(
                (
                    text and text + "".join(run.marks[at : at + 1]),
                    style,
                    link,
                    bool(text) and run.look.protected,
                )
            )
    cells += [("", bytes(16), None, False)] * (cols - len(cells))
    wraps = row.wraps and below is not None and below.continues and below.begins_written
    return (wraps, *cells)
