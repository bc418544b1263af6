"""How a long command shows how far it is."""

from __future__ import annotations

import io
import threading
import time
from datetime import timedelta

import pytest

from nu_plugin_vibenv.progress import BEGIN_AFTER_S, Painter, line, steps
from tests.nu.shell import eventually
from vibenv_core.errors import EngineError, Interrupted
from vibenv_core.model import Progress, Step, StepState

DEADLINE_S = 5.0


def step(name: str, **fields: object) -> Step:
    return Step(step=name, state=StepState.RUNNING, **fields)  # type: ignore[arg-type]


def test_a_line_says_what_how_far_and_since_when() -> None:
    assert line([(step("pull", detail="registry:2", fraction=0.42), 3.4)], 80) == "pull: registry:2 42% · 3 s"


def test_a_line_never_reaches_the_last_column() -> None:
    for columns in range(40):
        assert len(line([(step("pull", detail="x" * 50), 3.0)], columns)) < max(columns, 1)


def test_a_line_keeps_how_far_when_it_cuts_what() -> None:
    assert line([(step("pull", detail="x" * 50, fraction=0.5), 3.0)], 24) == "pull: xxxxxx… 50% · 3 s"


def test_a_line_has_no_line_break_and_no_control_character_in_it() -> None:
    assert line([(step("build", detail="a\r\nb\x1b[2Jc"), 1.0)], 80) == "build: a b [2Jc · 1 s"


def test_commands_side_by_side_share_the_line() -> None:
    assert line([(step("up"), 2.0), (step("pull"), 1.0)], 80) == "up · 2 s (and 1 more)"


def test_a_quick_command_paints_nothing() -> None:
    out = io.StringIO()
    with Painter(out.write, lambda: 80).task("vibenv up") as report:
        report(step("ask"))
    assert out.getvalue() == ""


def test_a_slow_command_paints_and_its_line_is_gone_at_the_end() -> None:
    out = io.StringIO()
    begun = time.monotonic()
    with Painter(out.write, lambda: 80).task("vibenv up") as report:
        report(step("build"))
        eventually(lambda: "build" in out.getvalue(), "a line with `build`")
        assert time.monotonic() - begun >= BEGIN_AFTER_S
    assert out.getvalue().endswith("\r\x1b[2K")


def test_a_line_is_gone_after_an_error_too() -> None:
    out = io.StringIO()

    def fail() -> None:
        with Painter(out.write, lambda: 80).task("vibenv up"):
            eventually(lambda: "vibenv up" in out.getvalue(), "a line with `vibenv up`")
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()
    assert out.getvalue().endswith("\r\x1b[2K")


def test_steps_come_as_they_happen() -> None:
    second = threading.Event()

    def work(report: Progress) -> None:
        report(step("a"))
        assert second.wait(DEADLINE_S)
        report(Step(step="a", state=StepState.DONE, took=timedelta(seconds=1)))

    rows = steps(work, threading.Event())
    assert next(rows).state is StepState.RUNNING
    second.set()
    assert [row.state for row in rows] == [StepState.DONE]


def test_a_step_that_reports_all_the_time_gives_few_rows() -> None:
    def work(report: Progress) -> None:
        for index in range(1000):
            report(step("pull", fraction=index / 1000))

    assert len(list(steps(work, threading.Event()))) == 1


def test_an_error_comes_after_the_steps_before_it() -> None:
    def work(report: Progress) -> None:
        report(step("a"))
        raise EngineError("no", code="x")

    rows = steps(work, threading.Event())
    assert next(rows).step == "a"
    with pytest.raises(EngineError):
        next(rows)


def test_who_stops_reading_cancels_the_work_and_waits_for_it() -> None:
    cancelled = threading.Event()
    cleaned = threading.Event()

    def work(report: Progress) -> None:
        report(step("a"))
        assert cancelled.wait(DEADLINE_S)
        cleaned.set()
        raise Interrupted("a")

    rows = steps(work, cancelled)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert cleaned.is_set()
