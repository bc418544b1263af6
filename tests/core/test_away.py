"""What the terminal of a session says, and when another connection is tried for, while there is none."""

from vibenv_core.away import Away


def new(now: float = 10.0) -> Away:
    return Away("box", now, keys="ctrl-\\")


def test_what_is_over_at_once_is_not_said() -> None:
    assert new().line(10.2, dropped=0) == ""


def test_the_line_says_which_host_for_how_long_and_how_to_leave() -> None:
    assert new().line(13.0, dropped=0) == " no connection to box for 3 s; ctrl-\\ detaches"


def test_the_first_attempt_is_at_once_and_then_they_become_rarer_up_to_eight_seconds() -> None:
    away, now, pauses = new(0.0), 0.0, []
    assert away.is_due(0.0)
    for _ in range(7):
        away.failed("no", now)
        start = now
        while not away.is_due(now):
            now += 0.25
        pauses.append(now - start)
    assert pauses == [0.5, 1, 2, 4, 8, 8, 8]


def test_why_it_fails_and_what_was_dropped_are_told() -> None:
    away = new()
    away.failed("the instance is not connected", 11.0)
    line = away.line(12.0, dropped=8)
    assert "8 typed bytes were dropped" in line
    assert "the instance is not connected" in line
