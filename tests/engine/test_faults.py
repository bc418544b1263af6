"""Engines that are away, dying, full or restarted: each told by its own code, and nothing left half made."""

import contextlib
import gc
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.engine.conftest import connect, launching, without_live_restore
from tests.stack.engine import Engine as Docker
from tests.stack.engine import wait_until
from vibenv_core import doctor, hosts, sessions, stack
from vibenv_core.engine import Engine
from vibenv_core.errors import EngineError, Unreachable
from vibenv_core.model import ComponentState, SessionState, Verdict
from vibenv_core.settings import Settings

SETTINGS = Settings()
LISTENER = """
import socket, sys
with socket.create_server(("127.0.0.1", 5000)):
    print("ready", flush=True)
    sys.stdin.read()
"""


def up(engine: Engine, settings: Settings = SETTINGS) -> list[str | None]:
    rows = stack.up(engine, settings, progress=lambda step: None, cancelled=threading.Event())
    assert [row.state for row in rows] == [ComponentState.RUNNING] * 2
    return [row.detail for row in rows]


def names(docker: Docker) -> list[str]:
    return sorted(docker.docker("ps", "-a", "--format", "{{.Names}}").split())


def tell(docker: Docker, number: signal.Signals) -> None:
    """Send a signal to dockerd."""
    subprocess.run(docker.inside(["kill", f"-{number.value}", pid_of(docker)]), check=True)


def pid_of(docker: Docker) -> str:
    """The number of dockerd, inside its namespaces."""
    return (docker.run / "docker.pid").read_text().strip()


@contextlib.contextmanager
def halted(docker: Docker) -> Iterator[None]:
    """dockerd accepts connections and answers nothing in the body."""
    tell(docker, signal.SIGSTOP)
    running = docker.inside(["sh", "-c", f"grep -L '^State:.T' /proc/{pid_of(docker)}/task/*/status"])
    try:
        wait_until(lambda: not subprocess.run(running, capture_output=True).stdout, 10, "dockerd to stop")
        yield
    finally:
        tell(docker, signal.SIGCONT)


def test_an_engine_that_does_not_run_is_told_apart_from_one_without_sessions(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    for made in (False, True):
        if made:
            with socket.socket(socket.AF_UNIX) as nobody_listens:
                nobody_listens.bind(str(path))
        with pytest.raises(Unreachable) as raised:
            Engine.connect(hosts.resolve(f"unix://{path}", {}))
        assert raised.value.code == "vibenv::engine::not_running"
        assert str(path) in raised.value.message
        assert "systemctl start docker" in (raised.value.help or "")
        assert raised.value.about == "host"


def test_a_tcp_address_where_nothing_listens_is_an_engine_that_does_not_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable) as raised:
        Engine.connect(hosts.resolve(f"tcp://127.0.0.1:{port}", {}))
    assert raised.value.code == "vibenv::engine::not_running"


def test_a_socket_without_permission_is_told_with_the_line_that_helps(spare: Docker) -> None:
    os.seteuid(65534)
    try:
        with pytest.raises(Unreachable) as raised:
            connect(spare)
    finally:
        os.seteuid(0)
    assert raised.value.code == "vibenv::engine::no_permission"
    assert "usermod -aG docker" in (raised.value.help or "")


def test_something_else_than_an_engine_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "other.sock"
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor(1) as pool:
        server.bind(str(path))
        server.listen()
        server.settimeout(10)

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                assert connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        answering = pool.submit(answer)
        with pytest.raises((Unreachable, EngineError)) as raised:
            Engine.connect(hosts.resolve(f"unix://{path}", {}))
        answering.result()
    assert raised.value.code == "vibenv::engine::not_understood"


def test_an_engine_that_does_not_answer_in_time_is_told(spare: Docker) -> None:
    engine = Engine.connect(hosts.resolve(spare.url, {}), timeout_s=0.5)
    with halted(spare), pytest.raises(Unreachable) as raised:
        sessions.list_sessions(engine)
    assert raised.value.code == "vibenv::engine::timeout"
    assert sessions.list_sessions(engine) == []


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_an_engine_that_dies_while_it_lists_is_told_and_works_again_when_it_is_back(
    spare: Docker, engine: Engine
) -> None:
    with ThreadPoolExecutor(1) as pool:
        tell(spare, signal.SIGSTOP)
        listing = pool.submit(sessions.list_sessions, engine)
        with pytest.raises(TimeoutError):  # it waits for an answer
            listing.exception(timeout=0.5)
        spare.stop_daemon(signal.SIGKILL)
        error = listing.exception(timeout=10)
    assert isinstance(error, Unreachable)
    assert error.code == "vibenv::engine::connection_lost"
    with pytest.raises(Unreachable) as raised:
        sessions.list_sessions(engine)
    assert raised.value.code == "vibenv::engine::not_running"
    del raised, error
    gc.collect()  # docker-py does not close the socket of a connection that fails
    spare.start_daemon()
    assert sessions.list_sessions(engine) == []


def test_a_port_that_another_program_has_is_named_and_nothing_is_left(spare: Docker, engine: Engine) -> None:
    argv = spare.inside(["python3", "-c", LISTENER])
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"ready\n"
        with pytest.raises(EngineError) as raised:
            up(engine)
        listener.communicate()
    assert raised.value.code == "vibenv::engine::port_taken"
    assert "127.0.0.1:5000" in raised.value.message
    assert names(spare) == []
    assert up(engine) == ["created", "created"]


def test_a_full_disk_of_the_registry_is_found_in_its_log(spare: Docker, engine: Engine) -> None:
    small = ("--tmpfs", "/var/lib/registry:size=4m")
    spare.docker("run", "-d", "--name", "registry", "-p", "127.0.0.1:5000:5000", *small, "registry:2")
    up(engine)
    assert stack.registry_trouble(engine) is None
    engine.tag("debian:stable-slim", "localhost:5000/big:1")
    try:
        with pytest.raises(EngineError):
            engine.push("localhost:5000/big:1", cancelled=threading.Event())
    finally:
        engine.remove_image("localhost:5000/big:1")
    trouble = stack.registry_trouble(engine)
    assert trouble is not None
    assert trouble.code == "vibenv::registry::disk_full"
    assert "docker system df" in (trouble.help or "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_sessions_and_stack_outlive_an_engine_restarted_with_live_restore(
    spare: Docker, engine: Engine, spare_launcher: str, number: signal.Signals
) -> None:
    up(engine)
    session = launching(engine, SETTINGS)("a")
    began = spare.docker("inspect", "-f", "{{.State.Pid}} {{.State.StartedAt}}", "vibenv-a")
    spare.stop_daemon(number)
    spare.start_daemon()
    found = sessions.find(engine, "a")
    assert (found.id, found.state) == (session.id, SessionState.RUNNING)
    assert spare.docker("inspect", "-f", "{{.State.Pid}} {{.State.StartedAt}}", "vibenv-a") == began
    assert [row.state for row in stack.status(engine, SETTINGS)[:3]] == [ComponentState.RUNNING] * 3
    assert up(engine) == [None, None]


def test_without_live_restore_sessions_are_listed_as_stopped_and_start_brings_them_back(
    spare: Docker, spare_launcher: str
) -> None:
    with without_live_restore(spare) as mortal:
        engine = connect(mortal)
        up(engine)
        session = launching(engine, SETTINGS)("a")
        checks = {
            check.check: check
            for check in doctor.checks(engine.host, SETTINGS, os.environ, cancelled=threading.Event())
        }
        assert checks["live-restore"].verdict is Verdict.WARN
        assert "live-restore" in (checks["live-restore"].fix or "")
        mortal.stop_daemon()
        mortal.start_daemon()
        assert [(each.id, each.state) for each in sessions.list_sessions(engine)] == [
            (session.id, SessionState.STOPPED)
        ]
        assert [row.state for row in stack.status(engine, SETTINGS)[1:3]] == [ComponentState.STOPPED] * 2
        assert up(engine) == ["started", "started"]
        assert sessions.start(engine, "a", cancelled=threading.Event()).state is SessionState.RUNNING


def test_doctor_tells_what_works_and_the_line_for_what_does_not(spare: Docker, engine: Engine) -> None:
    settings = Settings(registry_address="localhost:5001")  # where no launcher is
    before = {
        check.check: check
        for check in doctor.checks(engine.host, settings, os.environ, cancelled=threading.Event())
    }
    assert before["docker"].verdict is Verdict.OK
    assert before["live-restore"].verdict is Verdict.OK
    assert (before["registry"].verdict, before["registry"].fix) == (Verdict.WARN, "vibenv up")
    assert before["launcher"].fix == "vibenv create launcher"
    up(engine, settings)
    after = {
        check.check: check
        for check in doctor.checks(engine.host, settings, {"PATH": ""}, cancelled=threading.Event())
    }
    assert [after[part].verdict for part in ("registry", "dagger")] == [Verdict.OK, Verdict.OK]
    assert "GiB" in after["disk"].detail
    assert after["docker CLI"].verdict is Verdict.WARN


def test_doctor_tells_of_an_engine_that_cannot_be_asked_and_raises_nothing(tmp_path: Path) -> None:
    host = hosts.resolve(f"unix://{tmp_path}/none.sock", {})
    last = list(doctor.checks(host, SETTINGS, os.environ, cancelled=threading.Event()))[-1]
    assert (last.check, last.verdict) == ("docker", Verdict.FAIL)
    assert "does not run" in last.detail
    assert last.fix
