"""What a program changed in a terminal is put right, and nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibenv_core.terminal_modes import TerminalModes

FRESH = b"\x1b(B\x1b)B\x0f\x1b[m"
VIM = (
    b"\x1b[?1049h\x1b[22;0;0t\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[1;24r\x1b[?12h\x1b[?25l"
    b"\x1b[2 q\x1b[?1006;1002h text \x1b]12;red\x07\x1b]9;4;1;5\x07\x1b[38;5;1m"
)


def restored(*outputs: bytes) -> bytes:
    modes = TerminalModes()
    for output in outputs:
        modes.feed(output)
    return modes.restore().removesuffix(FRESH)


@pytest.mark.parametrize(
    ("changed", "put_right"),
    [
        (b"\x1b[?2004h", b"\x1b[?2004l"),
        (b"\x1b[?25l", b"\x1b[?25h"),
        (b"\x1b[?7l", b"\x1b[?7h"),
        (b"\x1b[4h", b"\x1b[4l"),
        (b"\x1b=", b"\x1b>"),
        (b"\x1b[?1002;1006h", b"\x1b[?1002l\x1b[?1006l"),
        (b"\x1b[>1u\x1b[>5u", b"\x1b[<2u"),
        (b"\x1b[=5;1u", b"\x1b[=0u"),
        (b"\x1b[>4;2m", b"\x1b[>4m"),
        (b"\x1b[4 q", b"\x1b[0 q"),
        (b"\x1b[2;10r", b"\x1b7\x1b[r\x1b8"),
        (b"\x1b[22;0t\x1b[22;2t", b"\x1b[23;0t\x1b[23;0t"),
        (b"\x1b]11;#123456\x07", b"\x1b]111\x1b\\"),
        (b"\x1b]4;1;red\x1b\\\x1b]4;42;red\x1b\\", b"\x1b]104\x1b\\\x1b]104\x1b\\"),
        (b"\x1b]8;;https://x.org\x1b\\here", b"\x1b]8;;\x1b\\"),
        (b"\x1b]9;4;1;50\x07", b"\x1b]9;4;0\x1b\\"),
    ],
)
def test_each_kind_of_change_has_its_remedy(changed: bytes, put_right: bytes) -> None:
    assert restored(changed) == put_right


@pytest.mark.parametrize(
    "harmless",
    [
        b"plain text",
        b"\x1b[1;31mred\x1b[H\x1b[2J",
        b"\x1b[?2004h\x1b[?2004l",
        b"\x1b[?25l\x1b[?25h",
        b"\x1b[22;0t\x1b[23;0t\x1b[23;0t",
        b"\x1b]0;title\x07\x1b]9;hello\x07\x1b]133;A\x07\x1b]104\x07",
        b"\x1b[?7;8;25;1007;1035;1036h\x1b[12h",
        b"\x1b[>1u\x1b[<u",
        b"\x1b=\x1b>",
        b"\x1b[?25$p\x1b[?u\x1b[c",
        b"\x1b[?1049h\x1b[?1002h\x1bc",
        b"\x1b[?10020h\x1b[h\x1b[?h",
        b"\x1b[<x;999999999u\x1b[<99999999999999999999u",
    ],
)
def test_what_needs_no_remedy_gets_none(harmless: bytes) -> None:
    assert restored(harmless) == b""


def test_the_alternate_screen_is_left_last_and_each_screen_loses_its_own_keyboards() -> None:
    put_right = restored(b"\x1b[>1u\x1b[?1049h\x1b[>2u\x1b[>3u\x1b[?1002h")
    assert put_right == b"\x1b[?1002l\x1b[<2u\x1b[?1049l\x1b[<1u"


def test_a_program_that_was_interrupted_anywhere_is_understood() -> None:
    whole = restored(VIM)
    assert whole.endswith(b"\x1b[?1049l\x1b[23;0t")
    for at in range(len(VIM)):
        assert restored(VIM[:at], VIM[at:]) == whole
    assert restored(*(bytes([byte]) for byte in VIM)) == whole


def test_a_restored_terminal_needs_no_second_restoring() -> None:
    modes = TerminalModes()
    modes.feed(VIM)
    modes.restore()
    assert modes.restore() == FRESH


@given(st.lists(st.binary(max_size=30)))
def test_no_output_is_too_strange(outputs: list[bytes]) -> None:
    assert len(restored(*outputs)) < 2000
