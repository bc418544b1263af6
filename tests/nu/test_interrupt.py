"""Ctrl-c while something is being made: it is there whole, or not at all."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest

from tests.nu.shell import Shell, eventually
from tests.stack import leftovers
from vibenv_core.engine import Engine as DockerEngine
from vibenv_core.labels import container_name
from vibenv_core.launcher import Launcher
from vibenv_core.model import SessionState
from vibenv_core.session_process import SOCKET

pytestmark = pytest.mark.one_engine("20")


def test_a_launch_that_is_interrupted_leaves_a_whole_session_or_none(
    shell: Shell, stack: DockerEngine
) -> None:
    for turn in range(5):
        name = f"interrupted{turn}"
        with shell.started(f"vibenv launch {name} --command bash") as nu:
            eventually(partial(is_there, stack, name), "the container")
            nu.send_signal(signal.SIGINT)
            _, errors = nu.communicate()
        found = stack.inspect(container_name(name))
        if found is None:
            assert "vibenv::interrupted" in errors
        else:  # it was there already when ctrl-c came, which may still have kept nu from showing it
            assert nu.returncode == 0 or "Operation interrupted" in errors, errors
            assert found.state is SessionState.RUNNING
            assert stack.stat_path(found.id, SOCKET) is not None


def is_there(engine: DockerEngine, name: str) -> bool:
    return engine.inspect(container_name(name)) is not None


def test_launches_that_are_interrupted_leave_those_that_were_done(shell: Shell, stack: DockerEngine) -> None:
    names = [f"many{number}" for number in range(12)]
    with shell.started(f"[{' '.join(names)}] | vibenv launch --command bash --jobs 2 | to json") as nu:
        eventually(lambda: bool(stack.sessions()), "the first session")
        nu.send_signal(signal.SIGINT)
        nu.communicate()
    eventually(lambda: not running_plugins(), "the plugin ends")
    left = stack.sessions()
    assert len(left) < len(names)
    assert {session.state for session in left} <= {SessionState.RUNNING}
    for session in left:
        assert stack.stat_path(session.id, SOCKET) is not None


def test_building_the_launcher_interrupted_leaves_the_one_before(
    shell: Shell, stack: DockerEngine, launcher: Launcher
) -> None:
    before = stack.image(launcher.image)
    with shell.started("vibenv create launcher --force") as nu:
        eventually(lambda: bool(builders()), "the build")
        nu.send_signal(signal.SIGINT)
        _, errors = nu.communicate()
    assert nu.returncode == 1
    assert "vibenv::interrupted" in errors
    assert stack.image(launcher.image) == before
    eventually(lambda: not builders(), "the build ends")


def builders() -> list[str]:
    """The processes that build the launcher for this run of the tests."""
    return [line for line in leftovers.processes(os.environ[leftovers.MARK]) if "dagger_build" in line]


def running_plugins() -> list[str]:
    """The plugins that nu started in this run of the tests."""
    return [line for line in leftovers.processes(os.environ[leftovers.MARK]) if "nu_plugin_vibenv" in line]
