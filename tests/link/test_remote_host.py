"""All that vibenv does on a host over ssh, as on this machine: a real engine, with 50 ms to it and back."""

import os
import pty
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.link.bed import INSTANCE, Bed, before
from tests.stack import recipes
from tests.stack.engine import Engine as Docker
from vibenv_core import launcher as launchers
from vibenv_core import sessions, stack
from vibenv_core.attach import Reason, attach
from vibenv_core.engine import Engine
from vibenv_core.hosts import resolve
from vibenv_core.launcher import Launcher
from vibenv_core.model import ComponentState
from vibenv_core.reach import reach
from vibenv_core.settings import Settings

pytestmark = pytest.mark.one_engine("28")
LATENCY_S = 0.025


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
def stack_here(stack: Engine) -> Engine:
    """vibenv's connection to the same engine, without ssh."""
    return stack


@pytest.fixture
def engine(bed: Bed, env: dict[str, str]) -> Iterator[Engine]:
    """vibenv's connection to the engine, over ssh."""
    url = f"ssh://{INSTANCE}"
    engine = reach(resolve(url, {}), env=env, cancelled=threading.Event())
    yield engine
    for session in sessions.list_sessions(engine):
        sessions.remove(engine, session.name, force=True)


def test_a_docker_context_leads_to_the_other_hosts_engine(bed: Bed, docker_engine: Docker) -> None:
    create = ["docker", "context", "create", "dagger-ssm", "--docker", f"host=ssh://{INSTANCE}"]
    subprocess.run(create, env=bed.env, check=True, capture_output=True)
    host = resolve("dagger-ssm", bed.env)
    engine = reach(host, env=bed.env, cancelled=threading.Event())
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
    stack_here: Engine,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def create(engine: Engine) -> Launcher:
        return launchers.create(
            engine, settings, env=env, progress=lambda _step: None, cancelled=threading.Event()
        )

    ours = dict(launchers._sources())
    earlier = bed.link.seen()
    with monkeypatch.context() as changed:
        changed.setattr(launchers, "_sources", lambda: {**ours, "vibenv_core/far.py": ""}.items())
        made = create(engine)
    later = bed.link.seen()
    assert not made.cached
    assert made.size > 100_000_000
    assert later.up - earlier.up < made.size / 50  # what is built from, and Dagger's questions
    assert later.down - earlier.down < made.size / 50  # what the build said
    assert bed.handshakes == 1
    create(stack_here)


def test_sessions_are_launched_side_by_side_over_one_connection(
    bed: Bed, engine: Engine, settings: Settings
) -> None:
    names = [f"far-{number}" for number in range(6)]

    def launch(name: str) -> str:
        made = sessions.launch(engine, settings, name, command=["bash"], cancelled=threading.Event())
        return made.name

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(launch, names)) == names
    assert sorted(session.name for session in sessions.list_sessions(engine)) == names
    assert (bed.handshakes, bed.link.seen().connections) == (1, 1)


def test_a_terminal_is_attached_to_and_answers(engine: Engine, settings: Settings) -> None:
    sessions.launch(engine, settings, "far", command=["bash"], cancelled=threading.Event())
    user, program = pty.openpty()
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            shown = pool.submit(attach, engine, "far", tty_fd=program, cancelled=cancelled)
            assert b"# " in until(user, b"# ")
            os.write(user, b"echo $((6*7))-over-ssh\n")
            assert b"42-over-ssh" in until(user, b"42-over-ssh")
            os.write(user, b"\x1c")
            assert shown.result(10).reason is Reason.DETACHED
        finally:
            cancelled.set()
    os.close(user)
    os.close(program)


def until(terminal: int, wanted: bytes) -> bytes:
    """What the terminal shows, once it shows `wanted`."""
    seen, deadline = b"", time.monotonic() + 20
    while wanted not in seen and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 4096)
    return seen
