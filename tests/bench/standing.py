"""A Docker engine with the stack and the launcher, for figures that are measured on it."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import get_args

from tests.bench.figures import Figure, table
from tests.bench.measures import Bench
from tests.nu.shell import Shell
from tests.stack import recipes
from tests.stack.engine import Version, claimed
from vibenv_core import launcher, stack
from vibenv_core.engine import Engine
from vibenv_core.hosts import resolve
from vibenv_core.settings import Settings


def measured(
    name: str, about: str | None, measure: Callable[[Bench], Iterable[Figure]], *, rounds: int = 11
) -> int:
    """Print what `measure` gives: 0 when every bar was kept, 1 when one was missed."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about)
    parser.add_argument("--engine", choices=get_args(Version), default="28", help="the version of Docker")
    parser.add_argument("--rounds", type=int, default=rounds, help="how often each is measured")
    wished = parser.parse_args()
    with claimed("bench", wished.engine) as docker, tempfile.TemporaryDirectory() as folder:
        docker.up()
        try:
            figures = list(measure(stood_up(docker.url, Path(folder), wished.rounds)))
        finally:
            docker.clean()
            docker.down()
    print(table(figures))
    return int(any(figure.kept is False for figure in figures))


def stood_up(url: str, folder: Path, rounds: int) -> Bench:
    """The engine at `url` with the stack and the launcher, and a Nushell with vibenv."""
    engine, settings = Engine.connect(resolve(url, {})), Settings.from_environment(os.environ)
    never = threading.Event()
    report("the stack and the launcher")
    stack.up(engine, settings, progress=lambda _step: None, cancelled=never)
    launcher.create(engine, settings, env=os.environ, progress=lambda _step: None, cancelled=never)
    shell = Shell(nu=recipes.nushell(), home=folder).on(url)
    shell.install()
    return Bench(engine=engine, url=url, settings=settings, shell=shell, folder=folder, rounds=rounds)


def report(title: str) -> None:
    print(f"measuring: {title}", file=sys.stderr)
