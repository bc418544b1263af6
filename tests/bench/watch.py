"""What a watch of many sessions costs, and how soon it tells: `python -m tests.bench.watch`

The sessions are containers that say what a supervisor would, when they are told to.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

from tests.bench.figures import Figure, at_most, table
from tests.stack.engine import Engine as Docker
from tests.stack.engine import Version, claimed
from vibenv_core import labels, watch
from vibenv_core.engine import Engine
from vibenv_core.hosts import resolve

WATCHED = 50
MOST_PERCENT = 5.0
WITHIN_MS = 100.0
QUIET_S = 10.0
SETTLED_S = 1.0
SPEAKER = "mkfifo /in; exec cat <>/in"
SAY = """
for number in $(seq 20); do
    printf '{"at":%s,"activity":{"state":"blocked","since":%s,"source":"program"},' $(date +%s.%N) $number
    echo '"title":"","clients":[],"keys":null}'
    sleep 0.1
done >/in
"""


def main() -> int:
    """0 when every bar was kept, 1 when one was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.watch", description=__doc__)
    parser.add_argument("--engine", choices=get_args(Version), default="28", help="the version of Docker")
    wished = parser.parse_args()
    with claimed("bench", wished.engine) as docker:
        docker.up()
        try:
            with speakers(docker):
                figures = list(measure(Engine.connect(resolve(docker.url, {}))))
        finally:
            docker.clean()
            docker.down()
    print(table(figures))
    return int(any(figure.kept is False for figure in figures))


@contextmanager
def speakers(docker: Docker) -> Iterator[None]:
    """`WATCHED` sessions that say what is written to their /in."""
    names = [labels.container_name(f"s{number}") for number in range(WATCHED)]
    try:
        for name in names:
            label, logs = f"{labels.SESSION}={labels.session_of(name)}", ["--log-driver", "local"]
            argv = ["run", "--detach", "--name", name, "--label", label, *logs, "debian:stable-slim"]
            docker.docker(*argv, "sh", "-c", SPEAKER)
        yield
    finally:
        docker.docker("rm", "--force", *names)


def measure(engine: Engine) -> Iterator[Figure]:
    """All the figures, of one watch."""
    ms: list[float] = []
    cancelled = threading.Event()

    def follow() -> None:
        for change in watch.watch(engine, None, cancelled=cancelled):
            if change.event == "activity":
                ms.append((time.time() - change.time.timestamp()) * 1000)

    watching = threading.Thread(target=follow)
    watching.start()
    try:
        time.sleep(SETTLED_S)
        busy, began = time.process_time(), time.monotonic()
        time.sleep(QUIET_S)
        percent = (time.process_time() - busy) / (time.monotonic() - began) * 100
        engine.exec_output(labels.container_name("s0"), ["sh", "-c", SAY])
        time.sleep(SETTLED_S)
    finally:
        cancelled.set()
        watching.join()
    yield Figure(
        measure=f"watch of {WATCHED} sessions, of a processor",
        bar=f"at most {MOST_PERCENT:g} %",
        ours=[percent],
        other=None,
        measured=f"{percent:.2f} %",
        kept=percent <= MOST_PERCENT,
        unit="%",
    )
    yield at_most("from a session's word to its row", ms, ms=WITHIN_MS)


if __name__ == "__main__":
    sys.exit(main())
