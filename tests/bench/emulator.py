"""How fast the emulated screen is, in processor time: python -m tests.bench.emulator

Each figure stands beside its bar; the ratio is above 1 where the bar is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from resource import getpagesize

from vibenv_core.supervisor.ghostty import GhosttyScreen
from vibenv_core.supervisor.queries import Queries

LINES = 12_000
PLAIN = b"".join(b"%06d " % number + b"x" * 72 + b"\r\n" for number in range(LINES))
COLOURED = b"".join(
    b"\x1b[3%dm%06d\x1b[m of \x1b[1msome\x1b[m output as long as \x1b[4meighty\x1b[m columns, or so\r\n"
    % (number % 8, number)
    for number in range(LINES)
)
HISTORY = 64 << 10
"""Bytes of scrollback that a client on the same host asks for."""


def taken(what: Callable[[], object], rounds: int = 7) -> float:
    """The least processor time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        what()
        times.append(time.process_time() - began)
    return min(times)


def memory() -> float:
    """What this process takes up, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize() / 1e6


def main() -> None:
    """Print the table."""
    print(f"{'':40}{'here':>8}{'bar':>8}{'ratio':>8}")
    measure("plain", PLAIN, queries_bar=100)
    measure("coloured", COLOURED, queries_bar=30)


def measure(name: str, output: bytes, *, queries_bar: int) -> None:
    """Print what is measured with such output; the bars are in MB/s and ms."""
    screen, queries = GhosttyScreen(60, 200), Queries()
    for what, feed, bar in (("emulated", screen.feed, 80), ("queries", queries.feed, queries_bar)):
        rate = len(output) / 1e6 / taken(partial(feed, output))
        print(f"{f'{name}, {what}, MB/s':40}{rate:8.0f}{bar:8}{rate / bar:8.2f}")
    for history in (0, HISTORY):
        milliseconds = taken(partial(screen.repaint, history=history)) * 1e3
        title = f"{name}, repaint of {len(screen.repaint(history=history))} bytes, ms"
        print(f"{title:40}{milliseconds:8.1f}{30:8}{30 / milliseconds:8.2f}")
    print(f"{f'{name}, lines of scrollback kept':40}{screen.text().count(chr(10)):8}")
    before = memory()
    screen.rest()
    print(f"{f'{name}, MB in use, then at rest':40}{before:8.1f}{memory():8.1f}")
    screen.close()


if __name__ == "__main__":
    main()
