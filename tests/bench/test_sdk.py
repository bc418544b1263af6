"""The bench of the SDK gives all its figures; how fast it is beside Rust is for a run by hand."""

import dataclasses
from pathlib import Path

from tests.bench.sdk import measure, sdk_bench


def test_a_short_run_measures_everything(nu_binary: Path, tmp_path: Path) -> None:
    bench = sdk_bench(nu_binary, tmp_path, rust=None, rounds=1)
    figures = list(measure(dataclasses.replace(bench, rows=300, size=100_000), lambda _title: None))
    assert len(figures) == 12
    assert all(min(figure.ours) > 0 and figure.other is None for figure in figures[1:])
