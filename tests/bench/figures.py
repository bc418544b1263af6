"""Times taken in turns, and what they are held against."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Times = Sequence[float]
"""Milliseconds, or what else a figure's unit says."""
Stopwatch = Callable[[], float]
"""Does something, and gives how long what matters of it took, in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. `kept` is None without a bar, and where this run has not the setting for it."""

    measure: str
    bar: str
    ours: Times
    other: Times | None
    measured: str
    kept: bool | None
    unit: str = "ms"


def timed(action: Callable[[], object]) -> float:
    """How long `action` takes."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def in_turns(rounds: int, *stopwatches: Stopwatch) -> list[list[float]]:
    """The times of each; they take turns, so that what slows the machine slows all of them."""
    taken: list[list[float]] = [[] for _ in stopwatches]
    for _ in range(rounds):
        for times, stopwatch in zip(taken, stopwatches, strict=True):
            times.append(stopwatch())
    return taken


def at_most(measure: str, ours: Times, *, ms: float) -> Figure:
    """A time that is not to be longer than `ms`."""
    median = statistics.median(ours)
    return Figure(
        measure=measure,
        bar=f"at most {ms:g} ms",
        ours=ours,
        other=None,
        measured=f"{median:.1f} ms",
        kept=median <= ms,
    )


def at_most_above(measure: str, ours: Times, other: Times, *, ms: float) -> Figure:
    """A time that is to be at most `ms` longer than another."""
    above = statistics.median(ours) - statistics.median(other)
    return Figure(
        measure=measure,
        bar=f"at most {ms:g} ms more",
        ours=ours,
        other=other,
        measured=f"{above:+.1f} ms",
        kept=above <= ms,
    )


def at_most_times(measure: str, ours: Times, other: Times, *, factor: float) -> Figure:
    """A time that is to be at most `factor` times another."""
    ratio = statistics.median(ours) / statistics.median(other)
    return Figure(
        measure=measure,
        bar=f"at most {factor:g} times",
        ours=ours,
        other=other,
        measured=f"{ratio:.2f} times",
        kept=ratio <= factor,
    )


def at_least(measure: str, ours: Times, other: Times, *, speed: float, unit: str = "MB/s") -> Figure:
    """A speed that is not to be lower than `speed`, beside another."""
    median = statistics.median(ours)
    return Figure(
        measure=measure,
        bar=f"at least {speed:g} {unit}",
        ours=ours,
        other=other,
        measured=f"{median / statistics.median(other):.2f} times",
        kept=median >= speed,
        unit=unit,
    )


def beside(
    measure: str, ours: Times, other: Times | None, *, factor: float | None = None, unit: str = "ms"
) -> Figure:
    """A time, or what else the unit says, beside another where there is one; with or without a bar."""
    if other is not None and factor is not None:
        return at_most_times(measure, ours, other, factor=factor)
    ratio = None if other is None else statistics.median(ours) / statistics.median(other)
    return Figure(
        measure=measure,
        bar="",
        ours=ours,
        other=other,
        measured="" if ratio is None else f"{ratio:.2f} times",
        kept=None,
        unit=unit,
    )


def faster(measure: str, ours: Times, other: Times, *, bar: str) -> Figure:
    """How many times faster than another; the bar is for a link that this run does not have."""
    ratio = statistics.median(other) / statistics.median(ours)
    return Figure(
        measure=measure, bar=bar, ours=ours, other=other, measured=f"{ratio:.1f} times faster", kept=None
    )


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of text, a heading first; times are `minimum/median`."""
    heading = ("measure", "vibenv", "other", "bar", "measured", "")
    lines = [heading, *(_line(figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _line(figure: Figure) -> tuple[str, ...]:
    verdict = {True: "ok", False: "MISSED", None: "-"}[figure.kept]
    other = "" if figure.other is None else _shown(figure.other, figure.unit)
    return figure.measure, _shown(figure.ours, figure.unit), other, figure.bar, figure.measured, verdict


def _shown(times: Times, unit: str) -> str:
    shown = (f"{time:.{1 if time >= 10 else 3}f}" for time in (min(times), statistics.median(times)))
    return f"{'/'.join(shown)} {unit}"
