"""How the text of the screen looks, as values."""

from collections.abc import Iterator
from typing import Any

import pytest

from vibenv_core.supervisor import styling
from vibenv_core.supervisor.ghostty import GhosttyScreen


@pytest.fixture
def screen() -> Iterator[GhosttyScreen]:
    made = GhosttyScreen(4, 20)
    yield made
    made.close()


def first_row(screen: GhosttyScreen, written: str) -> list[dict[str, Any]]:
    screen.feed(written.encode())
    state = screen.state()
    return styling.styled(state.active.rows, state.terminal)[0]


def test_plain_text_is_one_run_without_the_blanks_at_its_end(screen: GhosttyScreen) -> None:
    assert first_row(screen, "two words   ") == [{"text": "two words"}]
    state = screen.state()
    assert styling.styled(state.active.rows, state.terminal)[1:] == [[], [], []]


@pytest.mark.parametrize(
    ("code", "look"),
    [
        ("1", {"bold": True}),
        ("2;3", {"faint": True, "italic": True}),
        ("5;7;8;9;53", dict.fromkeys(("blink", "inverse", "invisible", "strikethrough", "overline"), True)),
        ("31;102", {"fg": 1, "bg": 10}),
        ("38;5;200;48;2;1;2;255", {"fg": 200, "bg": "#0102ff"}),
        ("4", {"underline": "single"}),
        ("4:3;58:5:9", {"underline": "curly", "underline_color": 9}),
        ("4:5;58:2::16:32:48", {"underline": "dashed", "underline_color": "#102030"}),
    ],
)
def test_a_run_says_what_is_set(screen: GhosttyScreen, code: str, look: dict[str, Any]) -> None:
    assert first_row(screen, f"a\x1b[{code}mb c\x1b[md") == [
        {"text": "a"},
        {"text": "b c", **look},
        {"text": "d"},
    ]


def test_coloured_blanks_at_the_end_are_there(screen: GhosttyScreen) -> None:
    assert first_row(screen, "a\x1b[44m\x1b[3X") == [{"text": "a"}, {"text": "   ", "bg": 4}]


def test_what_nothing_was_written_to_is_blanks(screen: GhosttyScreen) -> None:
    assert first_row(screen, "a\x1b[5Gb") == [{"text": "a   b"}]


def test_wide_characters_say_how_many_cells_they_take(screen: GhosttyScreen) -> None:
    assert first_row(screen, "a漢字b") == [{"text": "a"}, {"text": "漢字", "width": 4}, {"text": "b"}]


def test_what_combines_is_with_its_character_and_by_itself(screen: GhosttyScreen) -> None:
    assert first_row(screen, "ne\u0301e") == [
        {"text": "n"},
        {"text": "e\u0301", "width": 1},
        {"text": "e"},
    ]


def test_a_cluster_is_one_and_as_wide_as_the_terminal_has_it(screen: GhosttyScreen) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    row = first_row(screen, f"\x1b[?2027h{family}!")
    assert row == [{"text": family, "width": 2}, {"text": "!"}]


def test_all_columns_are_told_of(screen: GhosttyScreen) -> None:
    row = first_row(screen, "\x1b[1mé漢\x1b[mx\x1b[42my\u0302 \x1b[12Gz")
    assert sum(run.get("width", len(run["text"])) for run in row) == 12


def test_a_link_is_told_without_what_is_not_seen(screen: GhosttyScreen) -> None:
    assert first_row(screen, "\x1b]8;;https://a.example/\u202e\x1b\\here\x1b]8;;\x1b\\") == [
        {"text": "here", "link": "https://a.example/"}
    ]


def test_a_palette_that_the_program_has_changed_is_told_as_it_is(screen: GhosttyScreen) -> None:
    row = first_row(screen, "\x1b]4;1;rgb:12/34/56\x1b\\\x1b[31ma\x1b[32mb")
    assert row == [{"text": "a", "fg": "#123456"}, {"text": "b", "fg": 2}]


def test_the_terminals_own_colours_are_told_where_they_are_set(screen: GhosttyScreen) -> None:
    assert styling.colors(screen.state().terminal) == {}
    screen.feed(b"\x1b]11;rgb:00/2b/36\x1b\\\x1b]12;#ff0000\x1b\\")
    assert styling.colors(screen.state().terminal) == {"background": "#002b36", "cursor": "#ff0000"}


@pytest.mark.parametrize(("code", "shape"), [(2, "block"), (3, "underline"), (6, "bar"), (0, "block")])
def test_the_cursor_has_a_shape(screen: GhosttyScreen, code: int, shape: str) -> None:
    screen.feed(b"\x1b[%d q" % code)
    assert styling.cursor_shape(screen.state().active) == shape
