"""What a program wrote is text without escape sequences, however it is cut."""

from __future__ import annotations

import random

import pytest

from vibenv_core.supervisor.written import Written


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("plain\r\ntext\n", "plain\ntext\n"),
        ("\x1b[1;31mred\x1b[m and \x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "red and link"),
        ("\x1b]0;title\x07a\x1bP+q544e\x1b\\b\x1b_Gi=1;AAAA\x1b\\c", "abc"),
        ("one\x1b[5;1Htwo\x1b[3dthree\x1b[2Afour\x1bMfive", "one\ntwo\nthree\nfour\nfive"),
        ("a\x1b[3Cb\x1b[20Gc", "a   b c"),
        ("a\x1b[999999999999Cb\x1b[2000Cc", f"a b{' ' * 1000}c"),
        ("10%\r20%\r\n", "10%\n20%\n"),
        ("a\b\x07\x00b\x1b(Bc\x1b=d\x1b[?25le", "abcde"),
        ("\x1b[31\x18x", "31x"),
        ("\x1b]0;never ended\x1b[mx", "x"),
        ("Grüße 世界 \U0001f680", "Grüße 世界 \U0001f680"),
    ],
)
def test_escape_sequences_are_left_out_however_they_are_cut(output: str, text: str) -> None:
    whole = Written()
    assert whole.feed(output.encode()) == text
    bytewise = Written()
    assert "".join(bytewise.feed(bytes([byte])) for byte in output.encode()) == text
    for seed in range(20):
        chance, pieces, rest = random.Random(seed), Written(), output.encode()
        read = ""
        while rest:
            size = chance.randint(1, 8)
            read += pieces.feed(rest[:size])
            rest = rest[size:]
        assert read == text


def test_a_string_without_an_end_takes_up_no_memory_and_ends_all_the_same() -> None:
    written = Written()
    assert "".join(written.feed(b"\x1b]52;c;" * (number == 0) + b"A" * 10_000) for number in range(100)) == ""
    assert written.feed(b"\x07text") == "text"


def test_bytes_that_are_no_text_stand_for_something() -> None:
    assert Written().feed(b"a\xff\xfeb") == "a\ufffd\ufffdb"


def test_it_can_be_told_which_bytes_a_text_needs() -> None:
    output = "ab\x1b[31mcd\x1b[m\r\ne世f".encode()
    written = Written()
    ends = [written.length(output, characters) for characters in range(9)]
    assert [output[:end] for end in ends[1:5]] == [b"a", b"ab", b"ab\x1b[31mc", b"ab\x1b[31mcd"]
    assert output[ends[7] : ends[8]] == b"f"
    assert written.feed(output) == "abcd\ne世f"
