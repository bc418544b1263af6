"""Input that is read by a thread of its own."""

import select
import threading
import time
from collections.abc import Iterator

import pytest

from vibenv_core.feed import Feed


def all_of(feed: Feed, most: int = 5) -> bytes:
    """What comes to its end, taken whenever it is readable."""
    found = b""
    while True:
        assert select.select([feed], [], [], 10)[0]
        data = feed.take(most)
        if data is None:
            return found
        found += data


def test_blocks_come_in_order_and_end() -> None:
    feed = Feed([b"abc", b"", b"defghijklm"])
    assert all_of(feed) == b"abcdefghijklm"
    feed.close()


def test_it_is_not_readable_before_something_came() -> None:
    go = threading.Event()

    def blocks() -> Iterator[bytes]:
        go.wait(10)
        yield b"x"

    feed = Feed(blocks())
    assert not select.select([feed], [], [], 0)[0]
    assert feed.take(5) == b""
    go.set()
    assert all_of(feed) == b"x"
    feed.close()


def test_many_small_blocks_are_taken_as_one_when_that_is_wanted() -> None:
    go = threading.Event()

    def blocks() -> Iterator[bytes]:
        yield b"abc"
        yield b"def"
        go.wait(10)
        yield b"ghi"

    feed = Feed(blocks())
    feed.want(7)
    assert not select.select([feed], [], [], 0.05)[0]
    assert feed.take(100) == b""
    go.set()
    assert select.select([feed], [], [], 10)[0]
    assert feed.take(100) == b"abcdefghi"
    feed.close()


def test_what_is_left_at_the_end_is_taken_however_little() -> None:
    feed = Feed([b"abc"])
    feed.want(7)
    assert all_of(feed) == b"abc"
    feed.close()


def test_an_error_comes_behind_what_came_before_it() -> None:
    def blocks() -> Iterator[bytes]:
        yield b"before"
        raise ValueError("broken")

    feed = Feed(blocks())
    assert select.select([feed], [], [], 10)[0]
    assert feed.take(100) == b"before"
    assert select.select([feed], [], [], 10)[0]
    with pytest.raises(ValueError, match="broken"):
        feed.take(100)
    feed.close()


def test_no_more_is_read_than_somebody_may_take_soon() -> None:
    read = 0

    def blocks() -> Iterator[bytes]:
        nonlocal read
        for read in range(1, 100):  # noqa: B007  # it is looked at from outside
            yield bytes(1 << 18)

    feed = Feed(blocks())
    deadline = time.monotonic() + 10
    while read < 5:
        assert time.monotonic() < deadline
    assert feed.take(1) == b"\0"
    feed.close()
    assert read == 5
