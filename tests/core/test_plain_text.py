"""What a terminal showed, as a person would have read it."""

import random
import re
import time

import pytest

from vibenv_core.plain_screen import NARROW, width
from vibenv_core.plain_text import PlainText

ROWS, COLS = 4, 20
TITLE = "\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\\x1bPq#0\x1b\\c\r\n"
CASES = {
    "colours": ("\x1b[1;31mred\x1b[0m \x1b[4:3mcurly\x1b[m\r\n", "red curly\n"),
    "a progress bar": ("0%\r50%\r100%\r\nnext\r\n", "100%\nnext\n"),
    "a shorter line over a longer": ("longer\rshort\x1b[K\r\n", "short\n"),
    "erased to its beginning": ("abcdef\x1b[3D\x1b[1K\r\n", "    ef\n"),
    "erased": ("secret\x1b[2K\rnothing\r\n", "nothing\n"),
    "some of it erased": ("abcdef\r\x1b[3Xx\r\n", "x  def\n"),
    "backspace": ("lz\bs -l\b \b\b \bx\r\n", "ls x\n"),
    "tabs": ("a\tb\r\n", "a       b\n"),
    "inserted": ("ac\b\x1b[@b\r\n", "abc\n"),
    "deleted": ("abxc\x1b[2D\x1b[P\r\n", "abc\n"),
    "moved to a column": ("x\x1b[5Gy\x1b[2Gz\x1b[3Cw\r\n", "xz  yw\n"),
    "repeated": ("-\x1b[4b\r\n", "-----\n"),
    "too long for the terminal": ("x" * 45 + "\r\ny\r\n", "x" * 45 + "\ny\n"),
    "as long as the terminal": (
        "x" * 20 + "\r\n\x1b[31m" + "y" * 20 + "\x1b[m\r\n",
        "x" * 20 + "\n" + "y" * 20 + "\n",
    ),
    "several bars at once": ("a 0%\r\nb 0%\r\n\x1b[2A\x1b[Ka 9%\r\n\x1b[Kb 9%\r\n", "a 9%\nb 9%\n"),
    "a full-screen program": ("before\r\n\x1b[?1049h\x1b[Hinside\r\n\x1b[?1049lafter\r\n", "before\nafter\n"),
    "cleared": ("one\r\n\x1b[H\x1b[2J\x1b[3Jtwo\r\n", "one\ntwo\n"),
    "painted anew from the top": ("\x1b[Hload 1\x1b[K\r\n\x1b[Hload 2\x1b[K\r\n", "load 2\n"),
    "erased from the cursor on": ("a\r\nb\r\nc\x1b[2;1H\x1b[Jd\r\n", "a\nd\n"),
    "a title and other strings": (TITLE, "abc\n"),
    "a string without its end": ("a\x1b]0;tit\x1b[1mb\r\n", "ab\n"),
    "wide and accented": ("世界e\u0301\x1b[3D!\r\n", "世!e\u0301\n"),
    "blank lines": ("a\r\n\r\n\r\nb\r\n", "a\n\n\nb\n"),
    "a line without its end": ("$ ", "$\n"),
    "nothing": ("\x1b[m\r\n", ""),
    "a bar below what scrolls": (
        "\x1b[1;3r\x1b[4;1Hbar\x1b[H1\r\n2\r\n3\r\n4\x1b[r\x1b[4;1H\x1b[K",
        "1\n2\n3\n4\n",
    ),
    "a line above the first": ("b\x1b[H\x1bMa\r\n", "a\nb\n"),
    "scrolled": ("a\r\nb\x1b[S", "a\nb\n"),
    "a line put in": ("a\r\nc\r\x1b[Lb\r\n", "a\nb\nc\n"),
    "a line taken out": ("a\r\nb\r\nc\x1b[2;1H\x1b[M", "a\nc\n"),
    "saved and restored": ("ab\x1b7cd\x1b8x\r\n", "abxd\n"),
    "controls that show nothing": ("a\x00\x07\x0e\x7f\x9bb\r\n", "ab\n"),
}


def plain(text: str, *, piece: int | None = None, at_once: bool = False) -> str:
    shown = PlainText(ROWS, COLS, at_once=at_once)
    pieces = [text] if piece is None else [text[at : at + piece] for at in range(0, len(text), piece)]
    return "".join(map(shown.feed, pieces)) + shown.end()


@pytest.mark.parametrize("piece", [None, 1, 3])
@pytest.mark.parametrize(("written", "read"), CASES.values(), ids=CASES)
def test_text_is_as_it_was_read(written: str, read: str, piece: int | None) -> None:
    assert plain(written, piece=piece) == read


@pytest.mark.parametrize("piece", [None, 1])
def test_lines_that_scroll_off_come_as_they_do_and_each_once(piece: int | None) -> None:
    lines = "".join(f"\x1b[3{number % 8}mline {number}\x1b[m\r\n" for number in range(500))
    assert plain(lines, piece=piece) == "".join(f"line {number}\n" for number in range(500))
    shown = PlainText(ROWS, COLS)
    assert shown.feed("a\r\nb\r\nc\r\n") == ""
    assert shown.feed("d\r\n") == "a\n"


def test_lines_that_come_together_are_as_those_that_come_one_by_one() -> None:
    chance = random.Random(11)
    odd = ["x" * 50, "y" * COLS, "", "end  ", "\x1b[A", "\x1b[2;3r", "\x1b[r", "\x1b[H", "\x1b[4;1H", "a\rb"]
    for _ in range(300):
        parts = [chance.choice([*odd, "a line", "\x1b[1mone\x1b[m"]) for _ in range(chance.randrange(12))]
        written = "\r\n".join(parts)
        assert plain(written) == plain(written, piece=1), repr(written)


def test_at_once_a_line_comes_with_its_end_and_again_only_if_it_changes() -> None:
    shown = PlainText(ROWS, COLS, at_once=True)
    assert shown.feed("0%\r9%\r\n") == "9%\n"
    assert shown.feed("b 1%\r\n$ ") == "b 1%\n"
    assert shown.feed("\x1b[A\rb 2%\r\n") == ""
    assert shown.end() == "b 2%\n$\n"


def test_another_size_loses_no_line() -> None:
    shown = PlainText(ROWS, COLS)
    given = shown.feed("1\r\n2\r\n3\r\n4")
    shown.resize(2, 3)
    given += shown.feed("\r\nfive")
    shown.resize(100_000, 0)
    assert given + shown.feed("\r\n6") + shown.end() == "1\n2\n3\n4\nfive\n6\n"


def test_characters_that_are_taken_to_be_narrow_are() -> None:
    narrow = [chr(code) for code in range(0x10000) if re.fullmatch(f"[{NARROW}]", chr(code))]
    assert len(narrow) > 1000
    assert {width(character) for character in narrow} == {1}


def test_whatever_is_written_keeps_it_small_and_quick() -> None:
    chance = random.Random(3)
    parts = [
        "\x1b[",
        "\x1b]",
        "\x1bP",
        "9" * 30,
        ";",
        *"@ABCDEFGHJKLMPSTXbdrsu78cM",
        "\x1b",
        "\r\n",
        "世",
        "\u0301",
        "x",
    ]
    hostile = "".join(chance.choice(parts) for _ in range(20_000))
    shown = PlainText(10**9, 10**9)
    begun = time.monotonic()
    for _ in range(5):
        shown.feed(hostile)
        shown.feed("\x1b[" + "1" * 100_000 + "\x1b]" + "x" * 100_000 + "\x07" + "\u0301" * 10_000)
    assert len(shown.end()) < 2_000_000
    assert time.monotonic() - begun < 20
