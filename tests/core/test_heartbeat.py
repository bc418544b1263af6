"""When a connection counts as lost."""

from vibenv_core.heartbeat import Heartbeat


def answered(beat: Heartbeat, asked: float, took_s: float) -> None:
    beat.asked(asked)
    beat.heard(asked + took_s)
    beat.answered(asked + took_s)


def test_nothing_is_asked_while_something_comes() -> None:
    beat = Heartbeat(0.0)
    answered(beat, 0.0, 0.1)
    for tenth in range(100):
        beat.heard(tenth / 10)
        assert not beat.is_due(tenth / 10)
    assert beat.is_due(14.0)
    assert not beat.is_lost(14.0)


def test_what_is_asked_over_a_link_of_150_ms_is_waited_for_1_3_s() -> None:
    beat = Heartbeat(0.0)
    for second in range(10):
        answered(beat, float(second), 0.15)
    beat.asked(10.0)
    assert not beat.is_lost(11.2)
    assert beat.is_lost(11.4)
    assert beat.due() < 11.4


def test_a_slow_link_is_given_two_of_its_own_round_trips() -> None:
    beat = Heartbeat(0.0)
    answered(beat, 0.0, 2.0)
    beat.asked(10.0)
    assert not beat.is_lost(14.9)
    assert beat.is_lost(15.1)


def test_a_flood_is_a_sign_of_life_though_the_answer_stands_in_its_queue() -> None:
    beat = Heartbeat(0.0)
    answered(beat, 0.0, 0.1)
    beat.asked(1.0)
    for tenth in range(10, 60):
        beat.heard(tenth / 10)
        assert not beat.is_lost(tenth / 10)


def test_a_session_that_does_not_even_welcome_is_lost() -> None:
    beat = Heartbeat(0.0)
    assert not beat.is_lost(1.9)
    assert beat.is_lost(2.1)
