"""Faults of a real engine: the session goes on, or starts again, and its recording is whole."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.engine.conftest import connect, launching, without_live_restore
from tests.nu.shell import Shell, eventually
from tests.stack.engine import Engine as Docker
from tests.terminal.conftest import PATIENCE_S, PROGRAMS, Played, kill, nushell
from tests.terminal.recording import Marker, Recording
from vibenv_core import labels, sessions
from vibenv_core.engine import Engine
from vibenv_core.launcher import Launcher
from vibenv_core.model import SessionState
from vibenv_core.settings import Settings
from vibenv_core.supervisor import LOG_FOLDER, TOOLS

SETTINGS = Settings()
AGENT_HERE = (f"{TOOLS}/bin/python3", "-IS", "-c", (PROGRAMS / "agent.py").read_text())
HISTORY = (
    "sh",
    "-c",
    "for n in $(seq 300); do printf '\\033[3%dm%d 世界\\033[m\\n' $((n % 8)) $n; done; exec cat",
)
COUNTER = "n=0; while :; do n=$((n+1)); echo $n >>/counted; echo $n; sleep 0.01; done"
"""What it counts is in the file /counted before it is printed."""


@dataclass(frozen=True, slots=True)
class Contained:
    """A session in a container."""

    engine: Engine
    name: str

    def read(self, path: str) -> bytes:
        """A file of the container, which may be stopped."""
        return b"".join(self.engine.read_file(labels.container_name(self.name), path))

    def recorded(self) -> bytes:
        """The recording as a file, as it is now."""
        return self.read(f"{LOG_FOLDER}/session.cast")

    @property
    def printed(self) -> list[int]:
        """The numbers in the recording."""
        return [int(line) for line in Recording.read(self.recorded()).output.split(b"\r\n")[:-1]]

    @property
    def counted(self) -> list[int]:
        """The numbers that the program was about to print."""
        return [int(line) for line in self.read("/counted").split()]

    def wait_for_more(self) -> None:
        """Wait until it has counted on."""
        before = len(self.printed)
        eventually(lambda: len(self.printed) > before + 20, "it counts", within_s=PATIENCE_S)

    def assert_whole(self) -> None:
        """All that the program printed is recorded; the last number may not have got so far."""
        counted, printed = self.counted, self.printed
        assert printed == counted[: len(printed)]
        assert len(counted) - len(printed) <= 1


@contextlib.contextmanager
def counting(engine: Engine, settings: Settings) -> Iterator[Contained]:
    """A session that counts."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    launching(engine, settings)(name, image="debian:stable-slim", command=["sh", "-c", COUNTER])
    try:
        session = Contained(engine, name)
        session.wait_for_more()
        yield session
    finally:
        sessions.remove(engine, name, force=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restarted_dockerd_with_live_restore_costs_no_byte(
    spare: Docker, engine: Engine, spare_launcher: str, number: signal.Signals
) -> None:
    with counting(engine, SETTINGS) as session:
        spare.stop_daemon(number)
        spare.start_daemon()
        session.wait_for_more()
        sessions.stop(engine, session.name)
        session.assert_whole()
        assert Marker("started again") not in Recording.read(session.recorded()).events


def test_a_restarted_dockerd_without_live_restore_stops_the_session_and_costs_no_byte(
    spare: Docker, spare_launcher: str
) -> None:
    with without_live_restore(spare) as mortal:
        engine = connect(mortal)
        with counting(engine, SETTINGS) as session:
            mortal.stop_daemon()
            mortal.start_daemon()
            session.assert_whole()
            before = session.printed
            sessions.start(engine, session.name, cancelled=threading.Event())
            session.wait_for_more()
            assert session.printed[: len(before) + 20] == [*before, *range(1, 21)]
            assert Marker("started again") in Recording.read(session.recorded()).events


def test_a_killed_supervisor_ends_the_session_which_starts_again_with_its_recording(
    docker_engine: Docker, stack: Engine, launcher: Launcher, settings: Settings
) -> None:
    with counting(stack, settings) as session:
        listed = docker_engine.docker("top", labels.container_name(session.name), "-o", "pid,args")
        supervisor = re.search(r"^(\d+) .*python3 .* supervise ", listed, re.M)
        assert supervisor, listed
        subprocess.run(docker_engine.inside(["kill", "-9", supervisor[1]]), check=True)

        def state() -> SessionState:
            return sessions.find(stack, session.name).state

        eventually(lambda: state() is SessionState.STOPPED, "its end", within_s=PATIENCE_S)
        session.assert_whole()
        before = session.printed
        sessions.start(stack, session.name, cancelled=threading.Event())
        session.wait_for_more()
        assert session.printed[: len(before) + 20] == [*before, *range(1, 21)]


@pytest.mark.parametrize("program", [AGENT_HERE, HISTORY], ids=["agent", "history"])
def test_a_terminal_in_a_container_is_exact_after_a_kill_and_at_another_size(
    here: Shell,
    stack: Engine,
    launcher: Launcher,
    settings: Settings,
    played: Played,
    program: tuple[str, ...],
) -> None:
    name = f"t-{uuid.uuid4().hex[:8]}"
    launching(stack, settings)(name, image="debian:stable-slim", command=program)
    session = Contained(stack, name)
    try:
        for rows, cols in ((24, 80), (24, 80), (30, 100)):
            with nushell(here, rows=rows, cols=cols) as terminal:
                terminal.enter(f"vibenv attach {name}")
                terminal.wait_to_show(lambda: played(session))
                terminal.type("x")
                terminal.wait_to_show(lambda: played(session))
                kill(terminal)
    finally:
        sessions.remove(stack, name, force=True)


def test_the_terminal_of_a_dagger_environment_is_exact_after_a_kill_and_at_another_size(
    here: Shell, stack: Engine, launcher: Launcher, settings: Settings, played: Played
) -> None:
    name = f"t-{uuid.uuid4().hex[:8]}"
    launching(stack, settings)(name, command=())
    session = Contained(stack, name)
    try:
        for rows, cols in ((24, 80), (24, 80), (30, 100)):
            with nushell(here, rows=rows, cols=cols) as terminal:
                terminal.enter(f"vibenv attach {name}")
                terminal.wait_for(r"^root@.*:~/session#$")
                terminal.wait_to_show(lambda: played(session))
                terminal.enter("ls --color=always / | head -5")
                terminal.wait_for(r"^boot")
                terminal.wait_to_show(lambda: played(session))
                kill(terminal)
    finally:
        sessions.remove(stack, name, force=True)
