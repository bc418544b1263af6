"""How fast a host over ssh is, at several latencies: prints a table. `python -m tests.bench.over_ssh`

The host's engine has 20 sessions; ssh, sshd and Docker's CLI are real, the latency is simulated (tests/link).
Launches and attachments are held against the same ones on the same engine without a link.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure, at_most, at_most_above, at_most_times, faster, in_turns, table, timed
from tests.bench.measures import PAINTER, Bench, attach_until_painted, echoes, launch_session, remove_all
from tests.bench.standing import stood_up
from tests.link.bed import INSTANCE, Bed, before
from tests.nu.shell import Shell
from tests.stack import recipes
from tests.stack.engine import Engine, claimed
from vibenv_core.hosts import resolve
from vibenv_core.reach import reach

MANY = 20
PIPELINE = 50
IMAGE = "debian:stable-slim"
ROUND_TRIPS_MS = (0, 50, 150)


def main() -> int:
    """0 when every bar was kept, 1 when one was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.over_ssh", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="how often each is measured")
    wished = parser.parse_args()
    figures: list[Figure] = []
    with claimed("bench", "28") as docker, tempfile.TemporaryDirectory() as folder:
        docker.up()
        try:
            near = stood_up(docker.url, Path(folder), wished.rounds)
            with before(docker) as bed:
                shell = Shell(nu=recipes.nushell(), home=Path(folder), variables=bed.env | {"HOME": folder})
                url = f"ssh://{INSTANCE}"
                engine = reach(resolve(url, {}), env=bed.env, cancelled=threading.Event())
                far = replace(near, engine=engine, url=url, shell=shell)
                for round_trip_ms in ROUND_TRIPS_MS:
                    print(f"measuring: {round_trip_ms} ms", file=sys.stderr)
                    bed.link.set(latency_s=round_trip_ms / 2000)
                    _fill(docker)
                    figures += measure(bed, shell, round_trip_ms, wished.rounds)
                    remove_all(near)
                    figures += sessions_far_and_near(far, near, round_trip_ms)
        finally:
            docker.clean()
            docker.down()
    print(table(figures))
    return int(any(figure.kept is False for figure in figures))


def _fill(docker: Engine) -> None:
    for number in range(MANY):
        name = f"bench-{number}"
        label = f"vibenv.session={name}"
        docker.docker("create", "--name", f"vibenv-{name}", "--label", label, "debian:stable-slim", "true")


def measure(bed: Bed, shell: Shell, round_trip_ms: int, rounds: int) -> Iterator[Figure]:
    """The figures at one latency."""
    at = f"at {round_trip_ms} ms"
    url = f"ssh://{INSTANCE}"
    ours, dockers = (f"vibenv list --host {url}", f"^docker --host {url} ps --all")
    warm = f"{ours} | ignore; {dockers} | ignore"
    turn = ", ".join(f"(timeit {{ {line} | ignore }} | into int)" for line in (ours, dockers))
    taken = shell.value(f"{warm}; 1..{rounds} | each {{ [{turn}] }}")
    lists, others = ([ns / 1e6 for ns in times] for times in zip(*taken, strict=True))
    yield faster(
        f"list, {MANY} sessions, {at}, to `docker ps` over ssh", lists, others, bar="20 times at 0 ms"
    )
    if round_trip_ms:
        alone = shell.value(
            f"{ours} | ignore; 1..{rounds} | each {{ timeit {{ {ours} | ignore }} | into int }}"
        )
        trips = [float(round_trip_ms)]
        yield at_most_above(
            f"list, {MANY} sessions, {at}, to one round trip", [ns / 1e6 for ns in alone], trips, ms=30
        )

    connect = partial(reach, resolve(url, {}), env=bed.env, cancelled=threading.Event())
    ssh = ["ssh", INSTANCE, "true"]

    def first() -> float:
        subprocess.run(["ssh", "-S", _control(bed), "-O", "exit", INSTANCE], env=bed.env, capture_output=True)
        return timed(lambda: connect().sessions())

    def plain() -> float:
        return timed(lambda: subprocess.run(ssh, env=bed.env, check=True, capture_output=True))

    times = in_turns(min(5, rounds), first, plain)
    yield at_most_above(f"first list of the day, {at}, to `ssh … true`", *times, ms=3 * round_trip_ms)


def sessions_far_and_near(far: Bench, near: Bench, round_trip_ms: int) -> Iterator[Figure]:
    """The figures of launches and of a session's terminal at one latency, beside those without a link."""
    at = f"at {round_trip_ms} ms"
    launch_session(far, "warm", image=IMAGE)
    remove_all(near)

    def launch(bench: Bench) -> float:
        ms = timed(lambda: launch_session(bench, "bench", image=IMAGE))
        remove_all(near)
        return ms

    times = in_turns(far.rounds, partial(launch, far), partial(launch, near))
    yield at_most_above(f"launch, {at}, to the same without a link", *times, ms=3 * round_trip_ms)
    launch_session(near, "bench", *PAINTER, image=IMAGE)
    ours, local = in_turns(
        far.rounds, partial(attach_until_painted, far), partial(attach_until_painted, near)
    )
    yield at_most(f"attach, to the painted screen, {at}", ours, ms=3 * round_trip_ms + 60)
    yield at_most_above(f"attach, {at}, to the same without a link", ours, local, ms=3 * round_trip_ms)
    yield at_most(f"a key's echo, {at}", echoes(far), ms=round_trip_ms + 5)
    remove_all(near)
    names = [f"bench-{number}" for number in range(PIPELINE)]
    line = f"{names} | vibenv launch --image {IMAGE} --command cat"

    def pipeline(bench: Bench, host: str) -> float:
        ns: float = bench.shell.value(
            f"vibenv list --host {host} | ignore; timeit {{ {line} --host {host} | length }} | into int"
        )
        remove_all(near)
        return ns / 1e6

    times = in_turns(2, partial(pipeline, far, far.url), partial(pipeline, near, near.url))
    yield at_most_times(f"{PIPELINE} launches in one pipeline, {at}", *times, factor=1.5)


def _control(bed: Bed) -> Path:
    """The control socket of vibenv's master."""
    (folder,) = (bed.folder / "run" / "vibenv").iterdir()
    return folder / "control"


if __name__ == "__main__":
    sys.exit(main())
