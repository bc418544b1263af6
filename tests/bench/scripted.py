"""How fast programs type, look and wait in sessions: `python -m tests.bench.scripted`

Each is held against `docker exec … true`, the least that gets into a container without vibenv, in turns.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

from tests.bench.figures import Figure, at_most, beside, in_turns, timed
from tests.bench.measures import Bench, in_nu, launch_session, remove_all
from tests.bench.standing import measured
from vibenv_core.author import user_name
from vibenv_core.screen import screen
from vibenv_core.send import parts, send
from vibenv_core.supervisor.requests import Wait
from vibenv_core.wait import wait

NEVER = threading.Event()
SCREEN_MS, ROUND_TRIP_MS = 8, 15
ASKED = "vibenv send bench 'expr 6 \\* 7' --keys [Enter] | vibenv wait --for 42 --timeout 10sec"


def measure(bench: Bench) -> Iterator[Figure]:
    """All the figures, of the session `bench`."""
    launch_session(bench, "bench", "sh", image=bench.settings.base_image)
    docker = ["docker", "--host", bench.url, "exec", "vibenv-bench", "true"]
    try:
        for title, line, ms in (
            ("screen", "vibenv screen bench", SCREEN_MS),
            ("send and wait for the answer", ASKED, ROUND_TRIP_MS),
        ):
            ours, theirs = in_nu(bench, line, "^docker exec vibenv-bench true")
            yield at_most(title, ours, ms=ms)
            yield beside(f"{title}, to `docker exec`", ours, theirs)
        for title, ask in (("screen", _screen), ("send and wait for the answer", _round_trip)):
            first = partial(_first, bench, ask)
            times = in_turns(bench.rounds, first, lambda: timed(partial(subprocess.run, docker, check=True)))
            yield beside(f"{title}, the first in a while, to `docker exec`", *times)
    finally:
        remove_all(bench)


def _first(bench: Bench, ask: Callable[[Bench], object]) -> float:
    bench.engine.kept.close()
    return timed(lambda: ask(bench))


def _screen(bench: Bench) -> object:
    return screen(bench.engine, "bench", cancelled=NEVER)


def _round_trip(bench: Bench) -> object:
    typed = parts("expr 6 \\* 7", keys=["Enter"])
    sent = send(bench.engine, "bench", typed, author=user_name(), cancelled=NEVER)
    return wait(bench.engine, "bench", Wait(text="42", since=sent.seq, timeout_s=10), cancelled=NEVER)


if __name__ == "__main__":
    sys.exit(measured("tests.bench.scripted", __doc__, measure))
