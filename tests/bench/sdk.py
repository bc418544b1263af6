"""How fast plugins of the SDK are beside such as are written with nu's own Rust crate, in one run.

python -m tests.bench.sdk [--rust PROGRAM] [--rounds 11]

PROGRAM is what `cargo build --release` makes of tests/bench/rust, with the commands of tests/bench/plugin.py
in Rust. Without it ours are measured alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from nu_plugin_vibenv.install import import_roots, launcher_text
from nu_plugin_vibenv.sdk.testing import Nushell
from tests.bench.figures import Figure, Times, at_most, at_most_above, beside, in_turns, table, timed
from tests.nu.shell import Shell
from tests.stack import recipes

CALLS = 200
"""Calls in one measurement of many at once, and calls measured one by one in each round."""

MEMORY = "ps | where pid == $pid | get mem.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkBench:
    """What is measured, in which Nushell, and how much of it; see `sdk_bench`.

    `plugins` has programs by the names that nu has for them: ours, python, and then the other, if any.
    """

    nu: Path
    folder: Path
    plugins: Mapping[str, Path]
    rounds: int
    rows: int = 100_000
    size: int = 100_000_000

    def value(self, code: str) -> Any:
        """What a pipeline gives in a Nushell that has loaded the plugins."""
        return Nushell(self.nu, [*self.plugins.values()], deadline_s=600).value(code)

    def times(self, action: str, *, before: str = "", rounds: int = 0) -> tuple[Times, Times | None]:
        """The times of ours and the other's: PLUGIN in `action` stands for the name of each in turn.

        All are taken in one nu, each action having run once before.
        """
        actions = [action.replace("PLUGIN", name) for name in self.plugins]
        warm = "; ".join([before, *(f"{each} | ignore" for each in actions)])
        turns = ", ".join(f"(timeit {{ {each} | ignore }} | into int)" for each in actions)
        lines = self.value(f"do {{ {warm}; 1..{rounds or self.rounds} | each {{ [{turns}] }} }}")
        return _pair([[ns / 1e6 for ns in times] for times in zip(*lines, strict=True)])


def sdk_bench(nu: Path, folder: Path, *, rust: Path | None, rounds: int) -> SdkBench:
    """A bench of our plugin and, if it is given, Rust's, which are put into `folder` under their names."""
    plugins = {"python": folder / "nu_plugin_python"}
    text = launcher_text(Path(sys.executable), import_roots())
    plugins["python"].write_text(text.replace("nu_plugin_vibenv.__main__", "tests.bench.plugin"))
    plugins["python"].chmod(0o755)
    if rust is not None:
        plugins["rust"] = folder / "nu_plugin_rust"
        plugins["rust"].symlink_to(rust.resolve(strict=True))
    return SdkBench(nu=nu, folder=folder, plugins=plugins, rounds=rounds)


def measure(bench: SdkBench, report: Callable[[str], object]) -> Iterator[Figure]:
    """All the figures, one after the other; `report` is told what is measured next."""
    for title, figures in [
        ("cold start", _cold_start),
        ("calls", _calls),
        ("rows", _rows),
        ("bytes", _bytes),
        ("memory", _memory),
    ]:
        report(title)
        yield from figures(bench)


def _cold_start(bench: SdkBench) -> Iterator[Figure]:
    shell = Shell(nu=bench.nu, home=bench.folder)
    for program in bench.plugins.values():
        added = shell.run("-c", f"plugin add {program}")
        assert added.returncode == 0, added.stderr
    lines = ["ignore", *(f"{name} nothing" for name in bench.plugins)]
    alone, *times = in_turns(
        bench.rounds * 2, *(partial(timed, partial(shell.run, "-c", line)) for line in lines)
    )
    ours, other = _pair(times)
    yield at_most_above("first call in a fresh nu, twenty commands, to nu alone", ours, alone, ms=25)
    yield beside("first call in a fresh nu, twenty commands", ours, other)


def _calls(bench: SdkBench) -> Iterator[Figure]:
    ours, other = bench.times("PLUGIN nothing", rounds=bench.rounds * CALLS)
    yield at_most("a call of a running plugin", ours, ms=1.5)
    yield beside("a call of a running plugin", ours, other, factor=1)
    at_once = f"1..{CALLS} | par-each --threads 8 {{ PLUGIN nothing }}"
    yield beside(f"{CALLS} calls, 8 at once", *bench.times(at_once))


def _rows(bench: SdkBench) -> Iterator[Figure]:
    yield beside(f"{bench.rows} rows out", *bench.times(f"PLUGIN rows {bench.rows}"), factor=1.5)
    rows = f"let rows = python rows {bench.rows}"
    streamed = bench.times(f"$rows | take {bench.rows} | PLUGIN total", before=rows)
    yield beside(f"{bench.rows} rows in", *streamed, factor=1.5)
    whole = bench.times("$rows | PLUGIN total", before=rows)
    yield beside(f"{bench.rows} rows in as one value", *whole, factor=1.5)


def _bytes(bench: SdkBench) -> Iterator[Figure]:
    megabytes = f"{bench.size / 1e6:g} MB"
    yield beside(f"{megabytes} out", *bench.times(f"PLUGIN bytes {bench.size}"))
    data = bench.folder / "data"
    data.write_bytes(os.urandom(bench.size))
    yield beside(f"{megabytes} in", *bench.times(f"open --raw {data} | PLUGIN length"))


def _memory(bench: SdkBench) -> Iterator[Figure]:
    for when, work in [
        ("after a call", "NAME nothing"),
        (f"after {bench.rows} rows out and in", f"NAME rows {bench.rows} | NAME total"),
    ]:
        code = f"{work}; let pid = plugin list | where name == NAME | get pid.0; {MEMORY}"
        resident = [
            [bench.value(f"do {{ {code.replace('NAME', name)} | into int }}") / 1e6] for name in bench.plugins
        ]
        yield beside(f"resident memory {when}", *_pair(resident), unit="MB")


def _pair(measured: Sequence[Times]) -> tuple[Times, Times | None]:
    return measured[0], measured[1] if len(measured) > 1 else None


def main() -> int:
    """0 when every bar was kept, 1 when one was missed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.sdk", description="Measures the SDK beside Rust."
    )
    parser.add_argument("--rust", type=Path, metavar="PROGRAM", help="what cargo made of tests/bench/rust")
    parser.add_argument("--rounds", type=int, default=11, help="how often each is measured")
    wished = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = sdk_bench(recipes.nushell(), Path(folder), rust=wished.rust, rounds=wished.rounds)
        figures = list(measure(bench, lambda title: print(f"measuring: {title}", file=sys.stderr)))
    print(table(figures))
    return int(any(figure.kept is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
