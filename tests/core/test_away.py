"""What the terminal of a session shows, and when another connection is tried for, while there is none."""

from vibenv_core.away import Away


def text(away: Away) -> bytes:
    """What is painted, which is then forgotten."""
    painted = bytes(away.to_screen)
    away.to_screen.clear()
    return painted


def test_what_is_over_at_once_is_not_shown() -> None:
    away = Away("box", now=10.0)
    away.tick(10.2, 24, 80)
    away.over(24)
    assert text(away) == b""


def test_the_last_row_says_which_host_and_for_how_long_and_the_cursor_stays() -> None:
    away = Away("box", now=10.0)
    away.tick(13.0, 24, 80)
    painted = text(away)
    assert painted.startswith(b"\x1b7\x1b[24;1H")
    assert painted.endswith(b"\x1b8")
    assert b"no connection to box for 3 s" in painted
    assert b"ctrl-\\ detaches" in painted
    away.tick(13.2, 24, 80)
    assert text(away) == b""
    away.over(24)
    assert text(away) == b"\x1b7\x1b[24;1H\x1b[m\x1b[K\x1b8"


def test_the_row_is_never_longer_than_the_terminal_is_wide() -> None:
    away = Away("box", now=0.0)
    away.failed("x" * 500, 1.0)
    away.tick(1.0, 24, 40)
    assert len(text(away).partition(b"\x1b[7m")[2].partition(b"\x1b[m")[0]) == 40


def test_attempts_become_rarer_up_to_eight_seconds() -> None:
    away = Away("box", now=0.0)
    assert away.is_due(0.0)
    pauses, now = [], 0.0
    for _ in range(7):
        away.failed("no", now)
        start = now
        while not away.is_due(now):
            now += 0.25
        pauses.append(now - start)
    assert pauses == [0.5, 1, 2, 4, 8, 8, 8]


def test_why_it_fails_and_what_was_dropped_are_told() -> None:
    away = Away("box", now=0.0)
    away.typed(b"rm -rf x")
    away.failed("the instance is not connected", 1.0)
    away.tick(2.0, 24, 200)
    painted = text(away)
    assert b"8 typed bytes were dropped" in painted
    assert b"the instance is not connected" in painted
    assert not away.detached


def test_the_detach_key_works_however_it_is_typed() -> None:
    for key in (b"\x1c", b"\x1b[92;5u"):
        away = Away("box", now=0.0)
        for byte in key:
            assert not away.detached
            away.typed(bytes([byte]))
        assert away.detached
