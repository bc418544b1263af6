"""A terminal of another size sees the part of the screen that is round the cursor."""

import pytest

from tests.supervisor.screens import shown_by
from vibenv_core.supervisor.ghostty import GhosttyScreen
from vibenv_core.supervisor.screen import View


def seen(output: bytes, session: tuple[int, int], client: tuple[int, int]) -> tuple[View, list[str]]:
    """The view, and what it is on a terminal of its size that showed something else before."""
    screen, terminal = GhosttyScreen(*session), GhosttyScreen(*client)
    screen.feed(output)
    view = screen.view(*client)
    terminal.feed(b"\x1b[44m" + b"mess" * 500)
    for number, row in enumerate(view.rows, 1):
        terminal.feed(b"\x1b[%dH" % number + row)
    terminal.feed(view.modes)
    lines = shown_by(terminal)
    assert not any(any(run.look.style) for row in terminal.state().active.rows for run in row.runs())
    screen.close()
    terminal.close()
    return view, lines


def test_a_smaller_terminal_sees_the_rows_down_to_the_cursor() -> None:
    view, lines = seen(b"\r\n".join(b"row %d" % number for number in range(10)), (12, 40), (4, 20))
    assert lines == ["row 6", "row 7", "row 8", "row 9"]
    assert (view.cursor, view.offset) == ((3, 5), (6, 0))


def test_a_narrower_terminal_sees_the_columns_round_the_cursor() -> None:
    view, lines = seen(b"0123456789abcdefghij", (2, 40), (2, 10))
    assert view.cursor is not None
    row, col = view.cursor
    assert (row, view.offset[1] + col) == (0, 20)
    assert lines[0] == "0123456789abcdefghij"[view.offset[1] :]
    assert 0 <= col < 10


def test_the_view_stays_as_it_is_while_the_cursor_moves_a_little() -> None:
    offsets = [seen(b"x" * typed, (2, 80), (2, 10))[0].offset[1] for typed in range(79)]
    assert len(set(offsets)) < 20
    assert offsets == sorted(offsets)


def test_a_larger_terminal_sees_all_of_it_and_blanks() -> None:
    view, lines = seen(b"one\r\ntwo", (3, 10), (5, 20))
    assert lines == ["one", "two", "", "", ""]
    assert (view.cursor, view.offset) == ((1, 3), (0, 0))


@pytest.mark.parametrize(("cols", "shown"), [(3, "a字"), (2, "a"), (4, "a字b")])
def test_of_a_wide_character_at_the_edge_there_is_a_blank(cols: int, shown: str) -> None:
    view, lines = seen("a字b\x1b[H".encode(), (2, 10), (2, cols))
    assert lines[0] == shown
    assert ("字".encode() in view.rows[0]) == ("字" in shown)


def test_of_a_wide_character_cut_on_the_left_there_is_a_blank() -> None:
    view, lines = seen("abcd字efghij".encode(), (1, 40), (1, 10))
    assert view.offset == (0, 5)
    assert lines == [" efghij"]


def test_a_hidden_cursor_is_not_seen() -> None:
    assert seen(b"\x1b[?25l", (3, 10), (2, 5))[0].cursor is None


def test_modes_for_typing_come_with_the_view_and_the_mouse_only_where_places_are_the_same() -> None:
    modes = b"\x1b[?2004h\x1b[?1h\x1b[?1000h\x1b[?1006h\x1b[>5u\x1b]2;name\x07"
    same = seen(modes, (3, 10), (5, 20))[0].modes
    moved = seen(modes + b"\r\n\n\n", (4, 10), (2, 20))[0].modes
    for has in (b"\x1b[?1;2004h", b"\x1b[>5u", b"\x1b]2;name\x1b\\"):
        assert has in same
        assert has in moved
    assert b"\x1b[?1000h" in same
    assert b"\x1b[?1000h" not in moved
