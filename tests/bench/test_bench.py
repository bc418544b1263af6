"""The bench gives all its figures, and judges them rightly; how fast things are is not tested here."""

from pathlib import Path

import pytest

from tests.bench import inside, log
from tests.bench.figures import (
    at_least,
    at_most,
    at_most_above,
    at_most_times,
    beside,
    faster,
    in_turns,
    table,
)
from tests.bench.measures import Bench, measure
from tests.nu.shell import Shell
from tests.stack.engine import Engine as Docker
from vibenv_core.engine import Engine
from vibenv_core.launcher import Launcher
from vibenv_core.settings import Settings


def test_actions_take_turns() -> None:
    done: list[float] = []

    def stopwatch(ms: float) -> float:
        done.append(ms)
        return ms

    assert in_turns(2, lambda: stopwatch(1), lambda: stopwatch(2)) == [[1, 1], [2, 2]]
    assert done == [1, 2, 1, 2]


@pytest.mark.parametrize(("median", "kept"), [(1.0, True), (1.1, False)])
def test_medians_are_held_against_the_bar(median: float, kept: bool) -> None:
    times = [0.1, median, 900]
    assert at_most("", times, ms=1).kept is kept
    assert at_most_above("", [2 + time for time in times], [2, 2, 2], ms=1).kept is kept
    assert at_most_times("", times, [1, 1, 1], factor=1).kept is kept
    assert beside("", times, [1, 1, 1], factor=1).kept is kept
    assert beside("", times, [1, 1, 1]).kept is None
    assert at_least("", times, [1, 1, 1], speed=median).kept is True
    assert at_least("", times, [1, 1, 1], speed=median + 0.1).kept is False
    assert faster("", times, [1, 1, 1], bar="").kept is None


def test_what_has_no_other_is_not_judged() -> None:
    alone = beside("rows", [12.0], None, factor=1.5, unit="MB")
    assert (alone.kept, alone.measured) == (None, "")
    assert table([alone]).splitlines()[1].split() == ["rows", "12.0/12.0", "MB", "-"]


def test_the_table_has_a_line_for_each_figure() -> None:
    heading, kept, missed = table(
        [at_most("quick", [1, 2], ms=5), at_most_above("slow", [20], [1], ms=5)]
    ).splitlines()
    assert heading.split() == ["measure", "vibenv", "other", "bar", "measured"]
    assert kept.split() == ["quick", "1.000/1.500", "ms", "at", "most", "5", "ms", "1.5", "ms", "ok"]
    assert missed.endswith("+19.0 ms  MISSED")


@pytest.mark.one_engine("28")
def test_a_short_run_measures_everything(
    docker_engine: Docker,
    stack: Engine,
    launcher: Launcher,
    settings: Settings,
    nu_binary: Path,
    tmp_path: Path,
) -> None:
    told: list[str] = []
    shell = Shell(nu=nu_binary, home=tmp_path).on(docker_engine.url)
    shell.install()
    bench = Bench(
        engine=stack,
        url=docker_engine.url,
        settings=settings,
        shell=shell,
        folder=tmp_path,
        rounds=1,
    )
    figures = list(measure(bench, told.append))
    assert len(told) == 6
    assert len(figures) == 8
    figures += inside.measure(bench, inside.Sizes(large=1 << 20, each=1 << 19, small_files=10))
    figures += log.measure(bench, 1 << 20)
    assert len(figures) == 26
    assert all(min(figure.ours) > 0 for figure in figures)
