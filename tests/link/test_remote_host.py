"""All that vibenv does on a host over ssh, as on this machine: a real engine, with 50 ms to it and back."""

import itertools
import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.engine.conftest import launching
from tests.link.bed import INSTANCE, Bed, before
from tests.stack import recipes
from tests.stack.engine import Engine as Docker
from tests.stack.engine import wait_until
from vibenv_core import doctor, forwards, listing, log, sessions, stack
from vibenv_core import launcher as launchers
from vibenv_core import reach as reaching
from vibenv_core.attach import Attached, Reason, attach
from vibenv_core.engine import Engine
from vibenv_core.errors import NotFound, Unreachable, WrongState
from vibenv_core.hosts import resolve
from vibenv_core.launcher import Launcher
from vibenv_core.model import ComponentState
from vibenv_core.settings import Settings

pytestmark = pytest.mark.one_engine("28")
LATENCY_S = 0.025
FAR_S = 0.8
"""A round trip, so long that all else in between is little."""


@pytest.fixture
def bed(docker_engine: Docker, launcher: Launcher) -> Iterator[Bed]:
    """The host of the engine that all tests share, with the stack and the launcher."""
    with before(docker_engine) as bed:
        bed.link.set(latency_s=LATENCY_S)
        yield bed


@pytest.fixture
def env(bed: Bed) -> dict[str, str]:
    """The bed's, with the Dagger CLI, and the certificates that builds need on this machine."""
    folder = bed.folder / "bin"
    shutil.copy(recipes.dagger() / "dagger", folder / "dagger")
    passed = ("SSL_CERT_FILE", "VIBENV_CA_BUNDLE", "PIP_INDEX_URL")
    return bed.env | {name: os.environ[name] for name in passed if name in os.environ}


@pytest.fixture
def engine(bed: Bed, env: dict[str, str]) -> Iterator[Engine]:
    """vibenv's connection to the engine, over ssh."""
    url = f"ssh://{INSTANCE}"
    engine = reaching.reach(resolve(url, {}), env=env, cancelled=threading.Event())
    yield engine
    bed.link.heal()
    for session in sessions.list_sessions(engine):
        sessions.remove(engine, session.name, force=True)


def test_a_docker_context_leads_to_the_other_hosts_engine(bed: Bed, docker_engine: Docker) -> None:
    create = ["docker", "context", "create", "dagger-ssm", "--docker", f"host=ssh://{INSTANCE}"]
    subprocess.run(create, env=bed.env, check=True, capture_output=True)
    host = resolve("dagger-ssm", bed.env)
    engine = reaching.reach(host, env=bed.env, cancelled=threading.Event())
    found = engine.inspect("registry")
    assert found is not None
    assert docker_engine.docker("inspect", "--format", "{{.Id}}", "registry").strip() == found.id
    assert engine.host.name == "dagger-ssm"


def test_the_stack_is_found_and_shown_with_the_hosts_address(engine: Engine, settings: Settings) -> None:
    rows = stack.up(engine, settings, progress=lambda _step: None, cancelled=threading.Event())
    assert [row.state for row in rows] == [ComponentState.RUNNING] * 2
    assert stack.status(engine, settings)[0].address == f"ssh://{INSTANCE}"


def test_no_byte_of_an_image_crosses_the_link(
    bed: Bed,
    env: dict[str, str],
    engine: Engine,
    launcher: Launcher,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = f"{settings.registry_address}/vibenv-kept:latest"
    engine.tag(launcher.image, kept)
    sources = {**dict(launchers._sources()), "vibenv_core/far.py": ""}
    monkeypatch.setattr(launchers, "_sources", sources.items)
    earlier = bed.link.seen()
    made = launchers.create(
        engine, settings, env=env, progress=lambda _step: None, cancelled=threading.Event()
    )
    later = bed.link.seen()
    assert not made.cached
    assert made.size > 100_000_000
    assert later.up - earlier.up < made.size / 500  # what is built from, once, and Dagger's questions
    assert later.down - earlier.down < made.size / 1000  # what the build said
    assert bed.handshakes == 1
    engine.tag(kept, launcher.image)
    engine.remove_image(kept)


def test_sessions_are_launched_side_by_side_over_one_connection(
    bed: Bed, engine: Engine, settings: Settings
) -> None:
    names = [f"far-{number}" for number in range(6)]

    with ThreadPoolExecutor(6) as pool:
        made = pool.map(launching(engine, settings), names)
        assert [session.name for session in made] == names
    assert sorted(session.name for session in sessions.list_sessions(engine)) == names
    assert (bed.handshakes, bed.link.seen().connections) == (1, 1)


def test_a_launch_takes_three_round_trips_more_than_one_that_is_near(
    bed: Bed, engine: Engine, stack: Engine, settings: Settings
) -> None:
    wishes = {"image": "debian:stable-slim"}
    near, far = launching(stack, settings), launching(engine, settings)
    far("warm", **wishes)
    bed.link.set(latency_s=FAR_S / 2)
    begun = time.monotonic()
    near("near", **wishes)
    here_s = time.monotonic() - begun
    begun = time.monotonic()
    far("far", **wishes)
    there_s = time.monotonic() - begun
    assert 2 < (there_s - here_s) / FAR_S < 3.5


def test_whenever_the_master_is_killed_a_command_works_or_says_that_it_was_cut_off(
    bed: Bed, env: dict[str, str], engine: Engine, settings: Settings
) -> None:
    never = threading.Event()
    commands: list[Callable[[], object]] = [
        lambda: sessions.list_sessions(engine),
        lambda: listing.details(engine),
        lambda: stack.status(engine, settings),
        lambda: stack.up(engine, settings, progress=lambda _step: None, cancelled=never),
        lambda: launchers.create(engine, settings, env=env, progress=lambda _step: None, cancelled=never),
        lambda: launching(engine, settings)("far"),
        lambda: forwards.forward(engine, "far", 8000, env=env, cancelled=never),
        lambda: [*doctor.checks(engine.host, settings, env, cancelled=never)],
        lambda: sessions.rename(engine, "far", "other"),
        lambda: sessions.rename(engine, "other", "far"),
        lambda: sessions.stop(engine, "far"),
        lambda: sessions.start(engine, "far", cancelled=never),
        lambda: sessions.remove(engine, "far", force=True),
    ]
    with ThreadPoolExecutor(1) as pool:
        for command in commands:
            asked = pool.submit(command)
            time.sleep(random.uniform(0, 0.3))
            for master in bed.masters:
                os.kill(master, signal.SIGKILL)
            error = asked.exception(60)
            assert error is None or isinstance(error, Unreachable | NotFound | WrongState), command
            names = {session.name for session in sessions.list_sessions(engine)}
            assert len(names) <= 1
            assert names <= {"far", "other"}
    for forward in forwards.standing(env):
        forwards.end(forward, env=env, cancelled=never)


def test_a_recording_is_followed_over_cuts_and_nothing_is_lost_or_comes_twice(
    bed: Bed, engine: Engine, settings: Settings
) -> None:
    counting = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done"
    launching(engine, settings)("far", command=["sh", "-c", counting])
    followed = log.read(engine, "far", follow=True, cancelled=threading.Event()).text(at_once=True)
    numbers = (int(line) for lines in followed for line in lines.splitlines())
    found: list[int] = []
    for count in (100, 200, 300):
        found += itertools.islice(numbers, count - len(found))
        bed.link.cut()
    found += itertools.islice(numbers, 200)
    assert found == list(range(1, 501))
    assert bed.handshakes == 4


def test_a_recording_begins_after_two_round_trips(bed: Bed, engine: Engine, settings: Settings) -> None:
    launching(engine, settings)("far", command=["sh", "-c", "seq 1 1000; exec cat"])
    engine.ping()
    bed.link.set(latency_s=FAR_S / 2)
    begun = time.monotonic()
    first = next(log.read(engine, "far", cancelled=threading.Event()).events())
    assert first.text.startswith("1\r\n")
    assert (time.monotonic() - begun) / FAR_S < 2.7


def test_a_server_in_a_session_is_reached_at_a_local_port(
    bed: Bed, env: dict[str, str], engine: Engine, settings: Settings
) -> None:
    never, serve = threading.Event(), ["python3", "-m", "http.server", "8000"]
    launching(engine, settings)("far", command=serve)

    def listening() -> bool:
        made, detail = forwards.forward(engine, "far", 8000, env=env, cancelled=never)
        if detail is not None:
            forwards.end(made, env=env, cancelled=never)
        return detail is None

    wait_until(listening, 20, "the server to listen")
    [made] = forwards.standing(env)
    assert made.address is not None
    with urllib.request.urlopen(f"http://127.0.0.1:{made.local}") as answer:
        assert b"Directory listing" in answer.read()
    forwards.end(made, env=env, cancelled=never)
    assert bed.handshakes == 1


class Shown:
    """The session `far` on a terminal, seen by its user."""

    def __init__(self, user: int, ended: Future[Attached]) -> None:
        self._user, self._ended = user, ended

    def type(self, keys: bytes) -> None:
        os.write(self._user, keys)

    def until(self, wanted: bytes, within_s: float = 30) -> bytes:
        """What is painted from now on, up to the pattern `wanted`."""
        seen, deadline = b"", time.monotonic() + within_s
        while not re.search(wanted, seen, re.DOTALL):
            assert time.monotonic() < deadline, seen
            if select.select([self._user], [], [], 0.05)[0]:
                seen += os.read(self._user, 4096)
        return seen

    def ended(self, within_s: float = 10) -> Reason:
        """Why it is no longer shown, once it is not."""
        return self._ended.result(within_s).reason


@pytest.fixture
def shown(engine: Engine, settings: Settings) -> Iterator[Shown]:
    """A session that runs bash, shown on a terminal, with its prompt."""
    launching(engine, settings)("far")
    user, program = pty.openpty()
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        shown = Shown(user, pool.submit(attach, engine, "far", tty_fd=program, cancelled=cancelled))
        try:
            shown.until(b"# ")
            yield shown
        finally:
            cancelled.set()
    os.close(user)
    os.close(program)


def test_a_terminal_is_attached_to_and_answers(shown: Shown) -> None:
    shown.type(b"echo $((6*7))-over-ssh\n")
    shown.until(b"42-over-ssh")
    shown.type(b"\x1c")
    assert shown.ended() is Reason.DETACHED


def test_a_program_that_ends_is_not_taken_for_a_link_that_does(bed: Bed, shown: Shown) -> None:
    shown.type(b"exit\n")
    assert shown.ended() is Reason.ENDED
    assert bed.handshakes == 1


def test_whenever_the_link_is_cut_the_terminal_comes_back_and_the_session_never_notices(
    bed: Bed, shown: Shown
) -> None:
    shown.type(b"trap 'echo $((40+2))-noticed' HUP; echo $((1+1))-kept\n")
    shown.until(b"2-kept")
    for cut in range(3):
        time.sleep(random.uniform(0, 0.2))
        bed.link.cut()
        shown.type(f"echo $((10+{cut}))-cut\n".encode())
        assert b"42-noticed" not in shown.until(f"{10 + cut}-cut".encode())
    assert bed.handshakes == 4


@pytest.mark.usefixtures("hasty")
def test_a_link_that_lost_its_far_end_unheard_is_replaced_under_the_terminal(bed: Bed, shown: Shown) -> None:
    bed.link.lose()
    shown.type(b"echo $((6*7))-again\n")
    shown.until(b"42-again")
    assert bed.handshakes == 2


def test_while_there_is_no_way_to_the_host_the_terminal_says_so_and_lets_one_detach(
    bed: Bed, shown: Shown
) -> None:
    bed.link.set(refused=True)
    bed.link.cut()
    assert b"no connection to ssh://" in shown.until(rb"ctrl-\\ detaches")
    shown.type(b"typed")
    shown.until(b"5 typed")
    began = time.monotonic()
    shown.type(b"\x1c")
    assert shown.ended() is Reason.DETACHED
    assert time.monotonic() - began < 0.5


def test_a_session_that_ended_meanwhile_is_told_when_the_link_is_back(
    bed: Bed, docker_engine: Docker, shown: Shown
) -> None:
    bed.link.set(refused=True)
    bed.link.cut()
    shown.until(b"no connection")
    docker_engine.docker("kill", "vibenv-far")
    bed.link.set(refused=False)
    assert shown.ended(20) is Reason.ENDED
