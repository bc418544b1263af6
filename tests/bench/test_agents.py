"""The bench of an agent's calls gives all its figures; container-use is for a run by hand."""

from pathlib import Path

import pytest

from tests.bench.agents import measure
from tests.bench.measures import Bench
from tests.nu.shell import Shell
from vibenv_core.engine import Engine
from vibenv_core.launcher import Launcher
from vibenv_core.settings import Settings


@pytest.mark.one_engine("28")
def test_a_short_run_measures_everything(
    nu_binary: Path, stack: Engine, launcher: Launcher, settings: Settings, tmp_path: Path
) -> None:
    shell = Shell(nu=nu_binary, home=tmp_path).on(stack.host.url)
    shell.install()
    bench = Bench(engine=stack, url=stack.host.url, settings=settings, shell=shell, folder=tmp_path, rounds=1)
    figures = list(measure(bench, None, lambda _title: None))
    assert len(figures) == 7
    assert all(min(figure.ours) > 0 for figure in figures)
