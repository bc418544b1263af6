"""ctrl-\\ is found however it is written and wherever reads split it."""

import pytest

from vibenv_core.detach_key import DetachKey
from vibenv_core.errors import UsageError

WRITTEN = [
    b"\x1c",
    b"\x1b[92;5u",
    b"\x1b[92;69u",
    b"\x1b[92;5:1u",
    b"\x1b[92:124;5u",
    b"\x1b[92;133:2u",
    b"\x1b[92;5;28u",
    b"\x1b[27;5;92~",
]
OTHER_KEYS = [
    b"\x1b",
    b"\x1b[A",
    b"\x1b[27;5;93~",
    b"\x1b[92;1u",
    b"\x1b[92;5:3u",
    b"\x1b[192;5u",
    b"\x1b[99;5u",
    b"\\",
    "ö".encode(),
]


@pytest.mark.parametrize("key", WRITTEN)
def test_what_is_typed_before_the_key_passes_and_what_follows_does_not(key: bytes) -> None:
    assert DetachKey().feed(b"ls\r" + key + b"rest") == (b"ls\r", True)


@pytest.mark.parametrize("key", WRITTEN)
def test_the_key_is_found_byte_by_byte(key: bytes) -> None:
    scanner = DetachKey()
    steps = [scanner.feed(bytes([byte])) for byte in b"x" + key]
    assert b"".join(passed for passed, _ in steps) == b"x"
    assert [found for _, found in steps] == [False] * len(key) + [True]


@pytest.mark.parametrize("key", OTHER_KEYS)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_other_keys_pass_unchanged(key: bytes, size: int) -> None:
    typed = b"a" + key + b"b" + key
    scanner = DetachKey()
    steps = [scanner.feed(typed[at : at + size]) for at in range(0, len(typed), size)]
    assert not any(found for _, found in steps)
    assert b"".join(passed for passed, _ in steps) + scanner.release()[0] == typed


def test_a_lone_escape_is_held_until_it_is_released() -> None:
    scanner = DetachKey()
    assert scanner.feed(b"\x1b") == (b"", False)
    assert scanner.release() == (b"\x1b", False)
    assert scanner.feed(b"[92;5u") == (b"[92;5u", False)


def test_what_is_held_is_never_more_than_a_key_is_long() -> None:
    scanner = DetachKey()
    passed, found = scanner.feed(b"\x1b[92" + b";5" * 50)
    assert (len(passed) + len(scanner.held), found) == (104, False)
    assert len(scanner.held) < 40


TWO = "ctrl-p,ctrl-q"


@pytest.mark.parametrize(
    ("keys", "typed"),
    [
        ("ctrl-a", b"\x01"),
        ("ctrl-a", b"\x1b[97;5u"),
        ("ctrl-@", b"\x00"),
        ("ctrl-@", b"\x1b[50:64;6u"),
        ("ctrl-_", b"\x1b[45:95;134u"),
        ("ctrl-^", b"\x1e"),
        ("ctrl-]", b"\x1b[27;5;93~"),
        ("q", b"q"),
        ("q", b"\x1b[113u"),
        (TWO, b"\x10\x11"),
        (TWO, b"\x1b[112;5u\x1b[113;5u"),
        (TWO, b"\x1b[57442;5u\x1b[112;5u\x1b[112;5:3u\x1b[113;5u"),
        ("ctrl-a,d", b"\x01d"),
    ],
)
def test_keys_are_named_as_docker_names_them_and_found_byte_by_byte(keys: str, typed: bytes) -> None:
    whole, scanner = DetachKey(keys), DetachKey(keys)
    assert whole.feed(b"ls" + typed + b"rest")[1]
    found = [scanner.feed(bytes([byte]))[1] for byte in typed]
    assert found == [False] * (len(typed) - 1) + [True]


def test_the_first_of_two_keys_passes_when_another_follows_or_nothing_does() -> None:
    scanner = DetachKey(TWO)
    assert scanner.feed(b"a\x10") == (b"a", False)
    assert scanner.begun
    assert scanner.feed(b"b") == (b"\x10b", False)
    assert scanner.feed(b"\x10\x10") == (b"\x10", False)
    assert scanner.release() == (b"\x10", False)


def test_escape_alone_detaches_and_the_keys_that_begin_with_it_do_not() -> None:
    scanner = DetachKey("ctrl-[")
    assert scanner.feed(b"\x1b[A\x1bOP") == (b"\x1b[A\x1bOP", False)
    assert scanner.feed(b"\x1b") == (b"", False)
    assert scanner.release() == (b"", True)


@pytest.mark.parametrize("keys", ["", "ctrl-", "ctrl-p,", "ctrl-1", "ctrl-P", "ctrl-pq", "alt-x", "ö", "ab"])
def test_what_is_no_key_is_refused_with_the_line_that_would_do(keys: str) -> None:
    with pytest.raises(UsageError, match="is no key that detaches") as refused:
        DetachKey(keys)
    assert refused.value.code == "vibenv::attach::bad_detach_keys"
    assert "--detach-keys ctrl-p,ctrl-q" in (refused.value.help or "")
