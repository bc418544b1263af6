"""ctrl-\\ is found however it is written and wherever reads split it."""

import pytest

from vibenv_core.detach_key import DetachKey

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
    assert b"".join(passed for passed, _ in steps) + scanner.release() == typed


def test_a_lone_escape_is_held_until_it_is_released() -> None:
    scanner = DetachKey()
    assert scanner.feed(b"\x1b") == (b"", False)
    assert scanner.release() == b"\x1b"
    assert scanner.feed(b"[92;5u") == (b"[92;5u", False)


def test_what_is_held_is_never_more_than_a_key_is_long() -> None:
    scanner = DetachKey()
    passed, found = scanner.feed(b"\x1b[92" + b";5" * 50)
    assert (len(passed) + len(scanner.held), found) == (104, False)
    assert len(scanner.held) < 40
