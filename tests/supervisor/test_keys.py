"""Keys by name are what a terminal sends for them in the modes that it is in; a paste stays a paste."""

from __future__ import annotations

import pytest

from vibenv_core.supervisor.ghostty import GhosttyScreen
from vibenv_core.supervisor.keys import BadKey, Modes, Piece, typed


def key(name: str, modes: Modes | None = None) -> bytes:
    [piece] = typed([{"key": name}], modes or Modes())
    return piece.data


def paste(text: str, *, bracketed: bool = True) -> bytes:
    [piece] = typed([{"paste": text}], Modes(pastes=bracketed))
    return piece.data


@pytest.mark.parametrize(
    ("names", "bytes_"),
    [
        ("a é 世 -", "a é 世 -"),
        ("Enter enter Return CR", "\r \r \r \r"),
        ("M-Enter C-Enter", "\x1b\r \r"),
        ("Tab S-Tab BTab M-Tab", "\t \x1b[Z \x1b[Z \x1b\t"),
        ("Escape Esc M-Escape", "\x1b \x1b \x1b\x1b"),
        ("BSpace Backspace C-Backspace M-BS", "\x7f \x7f \b \x1b\x7f"),
        ("C-c ^C c-C ^[ C-@ C-Space C-? C-_", "\x03 \x03 \x03 \x1b \0 \0 \x7f \x1f"),
        ("M-x A-x M-X C-M-x M-C-x", "\x1bx \x1bx \x1bX \x1b\x18 \x1b\x18"),
        ("S-a S-A S-ä", "A A Ä"),
        ("Up Down Right Left Home End", "\x1b[A \x1b[B \x1b[C \x1b[D \x1b[H \x1b[F"),
        ("C-Up S-Left M-Right C-S-End C-M-S-Home", "\x1b[1;5A \x1b[1;2D \x1b[1;3C \x1b[1;6F \x1b[1;8H"),
        (
            "Insert Delete DC PageUp PgUp PPage PageDown",
            "\x1b[2~ \x1b[3~ \x1b[3~ \x1b[5~ \x1b[5~ \x1b[5~ \x1b[6~",
        ),
        ("C-Delete M-PageUp", "\x1b[3;5~ \x1b[5;3~"),
        ("F1 F4 F5 F12 f10", "\x1bOP \x1bOS \x1b[15~ \x1b[24~ \x1b[21~"),
        ("C-F1 S-F5 F13 F24 C-F13", "\x1b[1;5P \x1b[15;2~ \x1b[1;2P \x1b[24;2~ \x1b[1;6P"),
    ],
)
def test_a_key_is_what_xterm_sends(names: str, bytes_: str) -> None:
    assert [key(name).decode() for name in names.split()] == bytes_.split(" ")


def test_a_blank_is_a_key() -> None:
    assert [key(name) for name in (" ", "Space", "M-Space", "C- ")] == [b" ", b" ", b"\x1b ", b"\0"]


@pytest.mark.parametrize(
    "name", ["", "Entr", "C-", "C-Entr", "F0", "F25", "S-1", "C-;", "C-é", "M-", "ab", "X-a", "C-世", "Ctrl"]
)
def test_a_key_that_there_is_not_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(BadKey, match=f"`{name}`" if name else None):
        key(name)


def test_cursor_keys_are_those_that_the_program_asked_for() -> None:
    application = Modes(cursor_keys=True)
    assert [key(name, application) for name in ("Up", "Home", "C-Up")] == [b"\x1bOA", b"\x1bOH", b"\x1b[1;5A"]


def test_enter_and_backspace_follow_their_modes() -> None:
    assert key("Enter", Modes(new_line=True)) == b"\r\n"
    assert [key(name, Modes(backspace=True)) for name in ("BSpace", "C-BSpace")] == [b"\b", b"\x7f"]


def test_other_keys_can_be_sent_to_who_asked_for_them() -> None:
    assert key("C-;", Modes(other_keys=True)) == b"\x1b[27;5;59~"


@pytest.mark.parametrize(
    ("flags", "names", "bytes_"),
    [
        (1, "a A Enter Tab BSpace Space", "a A \r \t \x7f  "),
        (
            1,
            "Escape C-c ^C C-S-c M-x M-X C-Enter S-Tab",
            "[27u [99;5u [99;5u [99;6u [120;3u [120;4u [13;5u [9;2u",
        ),
        (1, "Up C-Up F1 F3 F5 F13 C-; C-Space", "[A [1;5A [P [13~ [15~ [57376u [59;5u [32;5u"),
        (8, "a A Enter Escape Up", "[97u [97;2u [13u [27u [A"),
        (8 | 16, "a A é Enter C-a", "[97;1;97u [97;2;65u [233;1;233u [13u [97;5u"),
        (1 | 4, "C-S-a M-A C-a", "[97:65;6u [97:65;4u [97;5u"),
    ],
)
def test_a_key_is_what_kittys_protocol_says_where_the_program_speaks_it(
    flags: int, names: str, bytes_: str
) -> None:
    modes = Modes(cursor_keys=True, kitty=flags)
    sent = [key(name, modes).decode().replace("\x1b", "") for name in names.split()]
    assert " ".join(sent) == bytes_


def test_text_is_sent_as_it_is_and_may_be_any_bytes() -> None:
    assert typed([{"text": "a\nb\x1b[A"}], Modes(kitty=31))[0].data == b"a\nb\x1b[A"
    assert typed([{"text": "\udcff\udc80"}], Modes())[0].data == b"\xff\x80"


def test_a_paste_is_bracketed_where_the_program_asked_for_that() -> None:
    assert paste("a\nb\r\nc") == b"\x1b[200~a\nb\r\nc\x1b[201~"
    assert paste("a\nb\r\nc", bracketed=False) == b"a\rb\rc"


@pytest.mark.parametrize(
    "text",
    [
        "a\x1b[201~rm\r",
        "\x1b[20\x1b[201~1~rm\r",
        "\x9b201~rm\r",
        "\udc9b201~rm\r",
        "\x1b[\x9b201~201~rm\r",
        "\x1b[2\x1b[20\x1b[201~1~01~",
    ],
)
def test_nothing_breaks_out_of_a_paste(text: str) -> None:
    pasted = paste(text)
    assert pasted.startswith(b"\x1b[200~")
    assert pasted.endswith(b"\x1b[201~")
    body = pasted[len(b"\x1b[200~") : -len(b"\x1b[201~")]
    assert b"\x1b[201~" not in body
    assert b"\x9b201~" not in body


def test_what_was_begun_is_ended_and_no_more() -> None:
    [pasted] = typed([{"paste": "añb"}], Modes(pastes=True))
    whole = pasted.data
    ends = [whole[:typed] + pasted.rest(typed) for typed in range(len(whole) + 1)]
    assert ends[0] == b""
    assert set(ends[1:7]) == {b"\x1b[200~\x1b[201~"}
    assert ends[8] == ends[9] == "\x1b[200~añ\x1b[201~".encode() != ends[7]
    assert ends[-1] == ends[-2] == whole
    [text] = typed([{"text": "a世b"}], Modes())
    assert [text.data[:typed] + text.rest(typed) for typed in range(6)] == [
        *(b"", b"a", "a世".encode(), "a世".encode(), "a世".encode(), "a世b".encode())
    ]
    assert Piece(b"\x1b[1;5A", "key").rest(2) == b"1;5A"


@pytest.mark.parametrize(
    ("output", "modes"),
    [
        (b"", Modes()),
        (b"\x1b[?1h\x1b[?2004h", Modes(cursor_keys=True, pastes=True)),
        (b"\x1b[20h\x1b[?67h\x1b[>4;2m", Modes(new_line=True, backspace=True, other_keys=True)),
        (b"\x1b[>1u\x1b[>5u", Modes(kitty=5)),
        (b"\x1b[>1u\x1b[<u", Modes()),
        (b"\x1b[>5u\x1b[?1049h", Modes()),
    ],
)
def test_the_modes_are_those_that_the_program_has_set(output: bytes, modes: Modes) -> None:
    screen = GhosttyScreen(5, 20)
    screen.feed(output)
    assert screen.typing == modes
