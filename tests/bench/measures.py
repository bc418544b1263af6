"""What is measured, each against the nearest thing that does without vibenv."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import termios
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import docker

from tests.bench.figures import Figure, at_most, at_most_above, at_most_times, faster, in_turns, timed
from tests.engine.conftest import launching
from tests.nu.shell import Shell
from vibenv_core import launcher, sessions
from vibenv_core.attach import attach
from vibenv_core.engine import Engine
from vibenv_core.session_process import SOCKET
from vibenv_core.settings import Settings

MANY = 20
"""The sessions of a list, and of a pipeline that launches."""
JOBS = 8
"""How many sessions are worked on at a time."""
PAINTER = ["sh", "-c", "echo painted; exec cat"]
DETACH = b"\x1c"
ECHOES = 20
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where things are measured: an engine with the stack and a launcher, and a Nushell with vibenv."""

    engine: Engine
    url: str
    settings: Settings
    shell: Shell
    folder: Path
    rounds: int


def measure(bench: Bench, report: Callable[[str], object]) -> Iterator[Figure]:
    """All the figures, one after the other; `report` is told what is measured next."""
    for title, figures in [
        (f"{MANY} launches", _pipeline),
        ("list", _list),
        ("first command", _first_command),
        ("launch", _launch),
        ("create launcher", _create_launcher),
        ("attach", _attach),
    ]:
        report(title)
        try:
            yield from figures(bench)
        finally:
            remove_all(bench)


def _pipeline(bench: Bench) -> Iterator[Figure]:
    names = [f"bench-{number}" for number in range(MANY)]
    pipeline = f"{names} | vibenv launch --command bash --jobs {JOBS} | length"
    line = f"vibenv list | ignore; timeit {{ {pipeline} }} | into int"

    def ours() -> float:
        ns: float = bench.shell.value(line)
        remove_all(bench)
        return ns / 1e6

    with _bare(bench) as launch:

        def bare() -> float:
            with ThreadPoolExecutor(JOBS) as pool:
                ms = timed(lambda: list(pool.map(launch.one, names)))
                list(pool.map(launch.remove, names))
            return ms

        times = in_turns(min(3, bench.rounds), ours, bare)
    yield at_most_times(f"{MANY} launches in one pipeline, {JOBS} at a time", *times, factor=1.15)


def _list(bench: Bench) -> Iterator[Figure]:
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(partial(launch_session, bench), [f"bench-{number}" for number in range(MANY)]))
    beside, docker_ps = in_nu(bench, "vibenv list", "^docker ps")
    yield faster(f"list, {MANY} sessions, to `docker ps`", beside, docker_ps, bar="20 times over ssh")
    (alone,) = in_nu(bench, "vibenv list")
    with _bare(bench) as bare:
        bare.list()
        (api,) = in_turns(bench.rounds, lambda: timed(bare.list))
    yield at_most_above(f"list, {MANY} sessions, to one call of docker-py", alone, api, ms=3)


def _first_command(bench: Bench) -> Iterator[Figure]:
    times = in_turns(
        bench.rounds,
        lambda: timed(lambda: bench.shell.run("-c", "use vibenv; vibenv list | length")),
        lambda: timed(lambda: bench.shell.run("-c", "''")),
    )
    yield at_most_above("first command in a fresh nu, to nu alone", *times, ms=250)


def _launch(bench: Bench) -> Iterator[Figure]:
    yield _launch_of("launch", bench, None)
    yield _launch_of("launch --image", bench, bench.settings.base_image)


def _launch_of(title: str, bench: Bench, image: str | None) -> Figure:
    def ours() -> float:
        ms = timed(lambda: launch_session(bench, "bench", image=image))
        remove_all(bench)
        return ms

    with _bare(bench, image) as launch:

        def bare() -> float:
            ms = timed(lambda: launch.one("bench"))
            launch.remove("bench")
            return ms

        times = in_turns(bench.rounds, ours, bare)
    return at_most_above(f"{title}, to docker-py's create and start", *times, ms=50)


def _create_launcher(bench: Bench) -> Iterator[Figure]:
    create = partial(
        launcher.create,
        bench.engine,
        bench.settings,
        env=os.environ,
        progress=lambda _step: None,
        cancelled=threading.Event(),
    )
    (times,) = in_turns(bench.rounds, lambda: timed(create))
    yield at_most("create launcher, nothing changed", times, ms=500)


def _attach(bench: Bench) -> Iterator[Figure]:
    launch_session(bench, "bench", *PAINTER)
    plain = ["docker", "--host", bench.url, "exec", "-it", "vibenv-bench", "dtach", "-a", SOCKET]
    times = in_turns(bench.rounds, partial(attach_until_painted, bench), partial(_run_until_painted, plain))
    yield at_most_above("attach, to the painted screen, to `docker exec -it`", *times, ms=30)


def attach_until_painted(bench: Bench) -> float:
    """How long it takes until the session `bench`, which runs PAINTER, is on a terminal."""
    began = time.perf_counter()
    with _attached(bench) as terminal:
        return terminal.sees(b"painted", began)


def echoes(bench: Bench) -> list[float]:
    """How long keys take, one after the other, to come back from the session `bench`, which runs PAINTER."""
    with _attached(bench) as terminal:
        terminal.sees(b"painted", 0)
        return [terminal.echo(b"%03d," % number) for number in range(ECHOES)]


@contextlib.contextmanager
def _attached(bench: Bench) -> Iterator[_Terminal]:
    """A terminal that the session `bench` is being shown on."""
    with _terminal() as terminal, ThreadPoolExecutor(1) as pool:
        cancelled = threading.Event()
        shown = pool.submit(attach, bench.engine, "bench", tty_fd=terminal.program, cancelled=cancelled)
        try:
            yield terminal
            os.write(terminal.user, DETACH)
        except BaseException:
            cancelled.set()
            raise
        shown.result()


def _run_until_painted(argv: list[str]) -> float:
    with _terminal() as terminal:
        streams = [(os.POSIX_SPAWN_DUP2, terminal.program, number) for number in range(3)]
        began = time.perf_counter()
        pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=streams, setsid=True)
        ms = terminal.sees(b"painted", began)
        os.write(terminal.user, DETACH)
        os.waitpid(pid, 0)
    return ms


@dataclass(frozen=True, slots=True)
class _Terminal:
    """The two ends of a terminal: the user's, and the one that a program has."""

    user: int
    program: int

    def sees(self, wanted: bytes, began: float) -> float:
        """The milliseconds from `began` until `wanted` was painted."""
        seen = b""
        while wanted not in seen:
            assert select.select([self.user], [], [], PATIENCE_S)[0], f"{wanted!r} is not painted: {seen!r}"
            seen += os.read(self.user, 4096)
        return (time.perf_counter() - began) * 1000

    def echo(self, keys: bytes) -> float:
        """The milliseconds until `keys` that are typed are painted."""
        began = time.perf_counter()
        os.write(self.user, keys)
        return self.sees(keys, began)


@contextlib.contextmanager
def _terminal() -> Iterator[_Terminal]:
    user, program = pty.openpty()
    termios.tcsetwinsize(program, (24, 80))
    try:
        yield _Terminal(user, program)
    finally:
        os.close(user)
        os.close(program)


class _Docker:
    """docker-py by itself: the containers that sessions are, without what vibenv adds, and not waited for."""

    def __init__(self, bench: Bench, image: str | None) -> None:
        self.client = docker.APIClient(bench.url, version="auto")
        self._image = image or bench.settings.launcher_image
        self._argv = ["sleep", "infinity"]
        self._made: dict[str, str] = {}

    def one(self, name: str) -> None:
        """Create a container and start it."""
        config = self.client.create_host_config(init=True)
        made = self.client.create_container(self._image, self._argv, entrypoint=[], host_config=config)
        self._made[name] = made["Id"]
        self.client.start(made["Id"])

    def remove(self, name: str) -> None:
        """Remove a container."""
        self.client.remove_container(self._made.pop(name), force=True)

    def list(self) -> object:
        """List the sessions."""
        return self.client.containers(all=True, filters={"label": "vibenv.session"})

    def close(self) -> None:
        """Remove all that is left."""
        for name in [*self._made]:
            self.remove(name)
        self.client.close()


def _bare(bench: Bench, image: str | None = None) -> contextlib.closing[_Docker]:
    return contextlib.closing(_Docker(bench, image))


def in_nu(bench: Bench, *actions: str, before: str = "null") -> list[list[float]]:
    """The times of Nushell code, in turns in one Nushell, once each has run to be warm; `before` each one,
    something else is run."""
    warm = "; ".join(f"{before} | ignore; {action} | ignore" for action in actions)
    turns = ", ".join(
        f"(do {{ {before} | ignore; timeit {{ {action} | ignore }} | into int }})" for action in actions
    )
    rounds = bench.shell.value(f"{warm}; 1..{bench.rounds} | each {{ [{turns}] }}")
    return [[ns / 1e6 for ns in times] for times in zip(*rounds, strict=True)]


def launch_session(bench: Bench, name: str, *command: str, image: str | None = None) -> None:
    """Launch a session, and return when its terminal accepts clients."""
    launching(bench.engine, bench.settings)(name, command=command or ["bash"], image=image)


def remove_all(bench: Bench) -> None:
    """Remove all sessions."""
    names = [session.name for session in sessions.list_sessions(bench.engine)]
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(partial(sessions.remove, bench.engine, force=True), names))
