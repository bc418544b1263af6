"""A repaint makes any terminal the same as the session's, and so it stays with the output that follows."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.supervisor.programs import Programs
from tests.supervisor.screens import rows, shown, shown_by
from vibenv_core.supervisor.ghostty import GhosttyScreen

SIZES = ((5, 20), (3, 10), (8, 40), (24, 80))
LEAVING = (b"\x1b[?1049l", b"\x1b[?1047l", b"\x1b[?47l")
SEEDS_IN_A_TEST = 40


@contextmanager
def screens(rows: int, cols: int, count: int = 2) -> Iterator[list[GhosttyScreen]]:
    made = [GhosttyScreen(rows, cols) for _ in range(count)]
    try:
        yield made
    finally:
        for screen in made:
            screen.close()


def repainted(
    output: bytes, before: bytes = b"", *, size: tuple[int, int] = (5, 20), history: int = 0
) -> bytes:
    """Has one terminal show the output, another its repaint; tells what the second says to that."""
    with screens(*size) as (session, client):
        session.feed(output)
        client.feed(before)
        said = client.feed(session.repaint(history=history))
        assert shown(client.state()) == shown(session.state())
        assert client.title == session.title
        return said


@pytest.mark.parametrize("first", range(0, 240, SEEDS_IN_A_TEST))
def test_a_repaint_shows_the_same_on_a_terminal_in_any_state(first: int) -> None:
    for seed in range(first, first + SEEDS_IN_A_TEST):
        size = SIZES[seed % len(SIZES)]
        programs = Programs(seed, *size)
        with screens(*size) as (session, client):
            session.feed(b"".join(programs.output(seed % 60)) + programs.unfinished())
            client.feed(b"".join(programs.output(30)))
            client.feed(session.repaint())
            assert shown(client.state()) == shown(session.state()), seed

            more = b"".join(programs.output(20, screens=False))
            assert client.feed(more) == session.feed(more), seed
            assert shown(client.state(), wraps=False) == shown(session.state(), wraps=False), seed

            for screen in (session, client):
                screen.feed(LEAVING[seed % len(LEAVING)])
            assert shown(client.state(), wraps=False) == shown(session.state(), wraps=False), seed


@pytest.mark.parametrize(
    "output",
    [
        pytest.param(b"x" * 20, id="a line that is full"),
        pytest.param("字".encode() * 10, id="a line full of wide characters"),
        pytest.param(b"x" * 19 + "字".encode(), id="a wide character that did not fit"),
        pytest.param(b"x" * 50, id="a line that was wrapped"),
        pytest.param(b"\x1b[44m\x1b[2J\x1b[3;3Htext", id="an erased background"),
        pytest.param(b"one\x1b[10Ctwo\r\n\x1b[4;7mthree", id="gaps and attributes"),
        pytest.param("e\u0301 👩\u200d🚀 🇩🇪".encode(), id="combined characters"),
        pytest.param("\x1b[?2027h👩\u200d🚀 🇩🇪 ❤\ufe0f|".encode(), id="grapheme clusters"),
        pytest.param(b"\x1b]8;id=a;http://example.org/\x1b\\link\x1b]8;;\x1b\\", id="a link"),
        pytest.param(b"\x1b(0lqqk\x1b(B \x1b)0\x0elqk", id="line drawing that goes on"),
        pytest.param(b"\x1b[2;4r\x1b[?6h\x1b[2;2H", id="a scrolling region with origin mode"),
        pytest.param(b"\x1b[?69h\x1b[3;9s\x1b[2;4H" + b"y" * 6, id="margins and the last column in them"),
        pytest.param(b"\x1b[31m\x1b[3;4H\x1b7\x1b[m\x1b[H", id="a saved cursor"),
        pytest.param(
            b"\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b=", id="modes as a program of the mouse has"
        ),
        pytest.param(b"\x1b[?1000h\x1b[?1003h\x1b[?1003l", id="a mouse that no mode is in force for"),
        pytest.param(b"\x1b[>1u\x1b[>5u\x1b[?1049h\x1b[>3u", id="kitty's keys on both screens"),
        pytest.param(b"under\x1b[?1049h\x1b[31mover", id="an alternate screen"),
        pytest.param(b"under\x1b[3;3H\x1b7\x1b[?47hover", id="the alternate screen of old"),
        pytest.param(b"\x1b[3g\x1b[5G\x1bH\x1b[11G\x1bH\r", id="tab stops"),
        pytest.param(b"\x1b[5 q\x1b[?25l\x1b[?12l", id="a cursor that is not seen"),
        pytest.param(b"\x1b]4;1;#123456\x07\x1b]11;#eeeeee\x07\x1b]2;a title\x07", id="colours and a title"),
        pytest.param(b'\x1bVkept\x1bW \x1b[1"qkept', id="protected characters"),
        pytest.param(b"\x1b[4h\x1b[?7l" + b"x" * 25, id="insert mode without wrapping"),
        pytest.param(b"text\x1b]2;half a ti", id="half a title"),
        pytest.param(b"text\x1b[38;5", id="half a sequence"),
        pytest.param(b"text\xf0\x9f\x91", id="half a character"),
        pytest.param(b"\x1b[?2026h frame", id="a frame that is not whole"),
    ],
)
def test_a_repaint_brings_over(output: bytes) -> None:
    repainted(output)
    repainted(
        output,
        b"\x1b[?1049h\x1b[?1003h\x1b[>31u\x1b(0\x1b[2;3r\x1b[?6h\x1b[?69h\x1b[5;8s\x1b[4h\x1b[?7l\x1b]0;mess",
    )


def test_keys_that_were_asked_for_on_an_alternate_screen_are_not_there_when_it_is_used_again() -> None:
    with screens(5, 20) as (session, client):
        client.feed(b"\x1b[?1049h\x1b[>1u")  # of a program whose end was not seen
        client.feed(session.repaint())
        for screen in (session, client):
            screen.feed(b"\x1b[?1049h")
        assert shown(client.state()) == shown(session.state())


def test_a_repaint_asks_nothing() -> None:
    assert repainted(b"\x1b[?2048h\x1b[?2033h\x1b[?1004h\x1b[?2031h\x1b[c") == b""


def test_scrollback_comes_above_the_screen_and_no_more_than_is_wanted() -> None:
    with screens(5, 20, count=3) as (session, client, bounded):
        lines = [f"\x1b[3{number % 8}mline {number}\x1b[m" for number in range(400)]
        session.feed("\r\n".join(lines).encode())
        client.feed(session.repaint(history=100_000))
        assert client.text() == session.text()
        assert shown(client.state()) == shown(session.state())

        bare, more = session.repaint(), session.repaint(history=1000)
        assert len(bare) < len(more) <= len(bare) + 1000
        bounded.feed(more)
        assert shown(bounded.state()) == shown(session.state())
        assert session.text().endswith(bounded.text())
        assert 40 < bounded.text().count("\n") < 80


def test_scrollback_comes_back_under_an_alternate_screen() -> None:
    with screens(5, 20) as (session, client):
        session.feed(b"".join(b"line %d\r\n" % number for number in range(50)) + b"\x1b[?1049hover")
        client.feed(session.repaint(history=10_000))
        for screen in (session, client):
            screen.feed(b"\x1b[?1049l")
        assert client.text() == session.text()
        assert client.text().startswith("line 0\n")


def test_lines_that_were_wrapped_are_wrapped_anew_after_a_repaint() -> None:
    with screens(5, 20) as (session, client):
        session.feed(b"x" * 50 + b"\r\n" + b"y" * 20 + b"\r\nz")
        client.feed(session.repaint())
        for screen in (session, client):
            screen.resize(5, 30)
        assert rows(client.state().active, 30) == rows(session.state().active, 30)


@pytest.mark.parametrize("output", [b"ab", b"ab\x1b[2J\x1b[H", b"\x1b[31mab\x1b[m\x1b[4;4H"])
def test_the_character_written_last_can_be_repeated_after_a_repaint(output: bytes) -> None:
    with screens(5, 20) as (session, client):
        session.feed(output)
        client.feed(session.repaint())
        for screen in (session, client):
            screen.feed(b"\x1b[3b")
        assert client.cursor
        assert "bbb" in shown_by(client)[client.cursor[0]]
        assert shown(client.state()) == shown(session.state())


def test_wide_characters_do_not_shift_what_is_beside_them_on_a_terminal_that_has_them_narrow() -> None:
    with screens(2, 20) as (session, client):
        session.feed("a字b👩\u200d🚀c".encode())
        client.feed(session.repaint().replace("字".encode(), b"?").replace("👩".encode(), b"?"))
        cells = [text for text, *_ in rows(client.state().active, 20)[0][1:9]]
        assert cells == ["a", "?", "", "b", "?\u200d", "", "🚀", ""]
        assert shown_by(client)[0].endswith("🚀c")
