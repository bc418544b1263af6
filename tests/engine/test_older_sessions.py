"""Sessions that vibenv 0.1.0 made before it had a supervisor: they hold their program by dtach."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import Launch, remove_all
from tests.engine.test_sessions import inside
from tests.nu.shell import eventually
from tests.stack.engine import Engine as Docker
from vibenv_core import listing, sessions
from vibenv_core.engine import Engine
from vibenv_core.launcher import Launcher
from vibenv_core.model import Access, ContainerSpec, SessionState

HOLD = (Path(__file__).parents[1] / "data" / "hold-0.1.0.txt").read_text()
"""The program that was those sessions' first process."""


@pytest.fixture
def older(stack: Engine, launcher: Launcher) -> Iterator[Engine]:
    """The engine with a stopped session `old`, made as it was then; its program counts its starts."""
    program = ["sh", "-c", "echo up >>/root/starts; exec cat"]
    marks = {
        "vibenv.session": "old",
        "vibenv.version": "0.1.0",
        "vibenv.command": json.dumps(program),
        "vibenv.access": "docker",
        "vibenv.image": launcher.image,
    }
    hold = ("python3", "-I", "-S", "-c", HOLD, "/tmp/vibenv.sock", "24", "80", *program)
    binds = ("/var/run/docker.sock:/run/docker.sock", "/run/dagger:/run/dagger")
    stack.create(
        ContainerSpec(
            name="vibenv-old", image=launcher.image, labels=marks, entrypoint=hold, binds=binds, init=True
        )
    )
    yield stack
    remove_all(stack)


def test_an_older_session_is_listed_started_stopped_renamed_and_removed(
    docker_engine: Docker, older: Engine
) -> None:
    never = threading.Event()
    assert sessions.start(older, "old", cancelled=never).state is SessionState.RUNNING
    assert inside(docker_engine, "old", "cat", "/root/starts") == "up"
    (details,) = listing.details(older)
    assert (details.session.name, details.access, details.log) == ("old", Access.DOCKER, None)
    assert (details.memory, details.pids_limit, details.cpu_shares) == (None, None, None)
    assert [name for name, _ in listing.usage(older)] == ["old"]
    sessions.rename(older, "old", "older")
    assert sessions.stop(older, "older", grace_s=2).state is SessionState.STOPPED
    assert sessions.start(older, "older", cancelled=never).state is SessionState.RUNNING
    eventually(
        lambda: inside(docker_engine, "older", "cat", "/root/starts").split() == ["up", "up"],
        "it to run again",
    )
    sessions.remove(older, "older", force=True)
    assert sessions.list_sessions(older) == []


def test_an_older_session_is_reused_by_a_launch(older: Engine, launch: Launch) -> None:
    assert launch("old", reuse=True).state is SessionState.RUNNING
