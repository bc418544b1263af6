"""One action on many names, side by side."""

import contextvars
import threading
import time
from collections.abc import Iterator

import pytest

from vibenv_core import batch, caller
from vibenv_core.errors import Interrupted, NotFound, Unreachable

WAIT_S = 5


def shout(name: str) -> str:
    return name.upper()


def test_every_name_gives_one_outcome() -> None:
    names = [f"n{number}" for number in range(50)]
    outcomes = list(batch.each(names, shout, jobs=7, cancelled=threading.Event()))
    assert {outcome.name: outcome.result for outcome in outcomes} == {name: name.upper() for name in names}


def test_two_questions_are_asked_at_once_and_both_answered() -> None:
    both = threading.Barrier(2)

    def ask() -> int:
        return both.wait(WAIT_S)

    assert sorted(batch.together(ask, ask)) == [0, 1]


def test_of_two_questions_each_knows_who_asks() -> None:
    asking = threading.Event()

    def ask() -> None:
        caller.is_heeded(asking)
        asked = batch.together(caller.cancelled, caller.cancelled)
        assert asked == (asking, asking)

    contextvars.copy_context().run(ask)


def test_of_two_questions_that_fail_the_first_ones_error_is_told() -> None:
    def fail(what: str) -> str:
        raise NotFound(what, code="x")

    with pytest.raises(NotFound, match="a"):
        batch.together(lambda: fail("a"), lambda: fail("b"))
    with pytest.raises(NotFound, match="a"):
        batch.together(lambda: fail("a"), lambda: "b")
    with pytest.raises(NotFound, match="b"):
        batch.together(lambda: "a", lambda: fail("b"))


def test_a_failure_is_the_outcome_of_its_name_alone() -> None:
    def act(name: str) -> str:
        if name == "b":
            raise NotFound("no b", code="x")
        return name

    results = {
        outcome.name: outcome.result
        for outcome in batch.each("abc", act, jobs=2, cancelled=threading.Event())
    }
    assert results["a"] == "a"
    assert isinstance(results["b"], NotFound)
    assert results["c"] == "c"


def test_outcomes_come_as_they_finish_and_not_as_they_were_named() -> None:
    fast_is_done = threading.Event()

    def act(name: str) -> str:
        if name == "slow":
            assert fast_is_done.wait(WAIT_S)
        return name

    order = []
    for outcome in batch.each(["slow", "fast"], act, jobs=2, cancelled=threading.Event()):
        order.append(outcome.name)
        fast_is_done.set()
    assert order == ["fast", "slow"]


def test_no_more_than_so_many_run_at_a_time_and_names_are_read_as_places_come_free() -> None:
    lock = threading.Lock()
    running, most, begun = 0, 0, 0

    def names() -> Iterator[str]:
        nonlocal begun
        for number in range(20):
            begun += 1
            yield str(number)

    def act(name: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.005)
        with lock:
            running -= 1
        return name

    outcomes = batch.each(names(), act, jobs=3, cancelled=threading.Event())
    next(outcomes)
    assert begun <= 4
    assert len(list(outcomes)) == 19
    assert most <= 3


def test_cancelling_begins_no_further_name_and_waits_for_those_under_way() -> None:
    cancelled, ended = threading.Event(), []

    def act(name: str) -> str:
        assert cancelled.wait(WAIT_S)
        ended.append(name)
        raise Interrupted(name)

    threading.Timer(0.05, cancelled.set).start()
    outcomes = batch.each("abcdef", act, jobs=2, cancelled=cancelled)
    first = [next(outcomes), next(outcomes)]
    with pytest.raises(Interrupted):
        next(outcomes)
    assert sorted(outcome.name for outcome in first) == sorted(ended) == ["a", "b"]
    assert all(isinstance(outcome.result, Interrupted) for outcome in first)


def test_cancelling_when_all_were_begun_is_no_error_of_its_own() -> None:
    cancelled, all_are_read = threading.Event(), threading.Event()

    def names() -> Iterator[str]:
        yield "only"
        all_are_read.set()

    def act(name: str) -> str:
        assert all_are_read.wait(WAIT_S)
        cancelled.set()
        return name

    outcomes = list(batch.each(names(), act, jobs=2, cancelled=cancelled))
    assert [outcome.result for outcome in outcomes] == ["only"]


def test_leaving_early_waits_for_what_is_under_way() -> None:
    first_is_seen, ended = threading.Event(), []

    def act(name: str) -> str:
        if name == "b":
            assert first_is_seen.wait(WAIT_S)
        ended.append(name)
        return name

    outcomes = batch.each("ab", act, jobs=2, cancelled=threading.Event())
    next(outcomes)
    first_is_seen.set()
    assert isinstance(outcomes, Iterator)
    outcomes.close()  # type: ignore[attr-defined]  # a generator has it
    assert sorted(ended) == ["a", "b"]


def test_a_fault_of_the_action_is_raised() -> None:
    def act(name: str) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(batch.each("a", act, jobs=1, cancelled=threading.Event()))


def test_within_a_deadline_who_answers_is_heard_at_once_and_who_does_not_is_named() -> None:
    gone = threading.Event()

    def act(name: str, left: threading.Event) -> str:
        if name == "dead":
            assert left.wait(WAIT_S)
            gone.set()
        if name == "fails":
            raise NotFound("nothing there", code="x")
        return name

    began = time.monotonic()
    names = ["dead", "fails", "lives"]
    order = list(batch.each_within(names, act, deadline_s=0.2, cancelled=threading.Event()))
    assert time.monotonic() - began < WAIT_S / 2
    assert {outcome.name for outcome in order[:2]} == {"fails", "lives"}
    late = order[2].result
    assert isinstance(late, Unreachable)
    assert late.code == "vibenv::host::timeout"
    assert "`dead` did not answer within 0.2 s" in late.message
    assert gone.wait(WAIT_S)


def test_what_was_answered_in_time_counts_however_late_it_is_read() -> None:
    outcomes = batch.each_within("ab", lambda name, _left: name, deadline_s=0.1, cancelled=threading.Event())
    read = [next(outcomes).result]
    deadline = time.monotonic() + 0.2
    while time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert sorted([*read, next(outcomes).result], key=str) == ["a", "b"]


def test_cancelled_nobody_is_waited_for() -> None:
    cancelled = threading.Event()
    gone = threading.Event()

    def act(_name: str, left: threading.Event) -> None:
        cancelled.set()
        assert left.wait(WAIT_S)
        gone.set()

    with pytest.raises(Interrupted):
        list(batch.each_within("a", act, deadline_s=WAIT_S, cancelled=cancelled))
    assert gone.wait(WAIT_S)


def test_a_fault_is_raised_and_not_taken_for_an_outcome() -> None:
    def act(_name: str, _left: threading.Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(batch.each_within("a", act, deadline_s=WAIT_S, cancelled=threading.Event()))
