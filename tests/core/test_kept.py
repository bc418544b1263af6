"""Connections that are kept for the next use."""

import socket

import pytest

from vibenv_core.kept import IDLE_S, Kept


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(clock: Clock) -> Kept[str, socket.socket]:
    return Kept(clock)


def test_what_was_used_last_is_taken_first_and_by_one_only(kept: Kept[str, socket.socket]) -> None:
    older, newer = socket.socketpair()
    kept.give("a", older)
    kept.give("a", newer)
    assert [kept.take("a"), kept.take("a"), kept.take("a")] == [newer, older, None]
    older.close()
    newer.close()


def test_a_connection_is_of_its_own_use_only(kept: Kept[str, socket.socket]) -> None:
    near, far = socket.socketpair()
    with far:
        kept.give("a", near)
        assert kept.take("b") is None
        assert kept.take("a") is near
        near.close()


def test_one_that_has_ended_meanwhile_is_closed_instead(kept: Kept[str, socket.socket]) -> None:
    near, far = socket.socketpair()
    kept.give("a", near)
    far.close()
    assert kept.take("a") is None
    assert near.fileno() == -1


def test_what_nobody_uses_is_closed_after_a_while(kept: Kept[str, socket.socket], clock: Clock) -> None:
    first, second = socket.socketpair()
    kept.give("a", first)
    clock.now = IDLE_S / 2
    kept.give("b", second)
    assert kept.expire() == IDLE_S / 2
    clock.now = IDLE_S
    assert kept.expire() == IDLE_S / 2
    assert first.fileno() == -1
    kept.close()
    assert second.fileno() == -1
    assert kept.expire() is None


def test_so_many_are_kept_and_no_more(kept: Kept[int, socket.socket]) -> None:
    pairs = [socket.socketpair() for _ in range(65)]
    for number, (near, _) in enumerate(pairs):
        kept.give(number, near)
    assert [pairs[0][0].fileno(), pairs[1][0].fileno() > 0] == [-1, True]
    kept.close()
    for _, far in pairs:
        far.close()
