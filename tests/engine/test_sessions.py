"""Sessions on real engines, with the real launcher."""

import select
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.engine.conftest import Launch, launching
from tests.nu.shell import eventually
from tests.stack import images
from tests.stack.engine import Engine as Docker
from vibenv_core import listing, sessions
from vibenv_core.engine import Engine
from vibenv_core.errors import (
    AlreadyExists,
    Foreign,
    Interrupted,
    NotFound,
    UsageError,
    VibenvError,
    WrongState,
)
from vibenv_core.model import Access, SessionState, Step, StepState, Wish
from vibenv_core.session_process import SOCKET
from vibenv_core.settings import Settings

DEADLINE_S = 10


def inside(docker: Docker, name: str, *argv: str) -> str:
    """What a command in a session writes."""
    return docker.docker("exec", f"vibenv-{name}", *argv).strip()


def start(engine: Engine, name: str) -> SessionState:
    return sessions.start(engine, name, cancelled=threading.Event()).state


def names(engine: Engine) -> list[str]:
    return [session.name for session in sessions.list_sessions(engine)]


def test_a_launched_sessions_terminal_accepts_a_client_at_once(docker_engine: Docker, launch: Launch) -> None:
    session = launch("a")
    assert session.state is SessionState.RUNNING
    connect = f"import socket; socket.socket(socket.AF_UNIX).connect('{SOCKET}')"
    inside(docker_engine, "a", "python3", "-c", connect)


def test_the_list_has_the_sessions_and_nothing_else_oldest_first(
    stack: Engine, launch: Launch, container: Callable[..., None]
) -> None:
    container("vibenv-foreign")
    launch("b")
    launch("a", command=["sleep", "inf"])
    sessions.stop(stack, "b")
    listed = {session.name: session for session in sessions.list_sessions(stack)}
    assert set(listed) == {"a", "b"}
    assert (listed["a"].state, listed["b"].state) == (SessionState.RUNNING, SessionState.STOPPED)
    assert listed["a"].command == ("sleep", "inf")
    assert listed["b"].uptime is None
    uptime = listed["a"].uptime
    assert uptime is not None
    assert timedelta(0) <= uptime < timedelta(minutes=1)
    assert abs(datetime.now(UTC) - listed["a"].created) < timedelta(minutes=1)


def test_listing_asks_the_engine_once(stack: Engine, launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        launch(name)
    asked: list[str] = []
    send = requests.Session.send

    def counting(self: requests.Session, request: requests.PreparedRequest, **how: object) -> object:
        asked.append(str(request.url))
        return send(self, request, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "send", counting)
    assert len(sessions.list_sessions(stack)) == 2
    assert len(asked) == 1, asked


def test_details_tell_limits_exit_codes_and_exact_times(stack: Engine, launch: Launch) -> None:
    launch("a", cpus=0.5, memory=256 << 20, access=Access.DAGGER)
    launch("b", command=["sh", "-c", "sleep 0.5; exit 7"])
    eventually(lambda: sessions.find(stack, "b").state is SessionState.STOPPED, "its end")
    running, ended = listing.details(stack)
    assert (running.cpus, running.memory, running.access) == (0.5, 256 << 20, Access.DAGGER)
    assert (running.session.exit_code, running.ended) == (None, None)
    assert running.session.uptime is not None
    assert ended.session.exit_code == 7
    assert ended.started is not None
    assert ended.ended is not None
    assert timedelta(seconds=0.4) < ended.ended - ended.started < timedelta(seconds=5)


def test_a_session_has_its_name_environment_and_limits(docker_engine: Docker, launch: Launch) -> None:
    launch("a", env={"MINE": "it's 1"}, rows=40, cols=133, command=["sh", "-c", "stty size >/tmp/s; cat"])
    assert inside(docker_engine, "a", "hostname") == "a"
    assert inside(docker_engine, "a", "printenv", "MINE") == "it's 1"
    assert inside(docker_engine, "a", "printenv", "VIBENV_SESSION") == "a"
    eventually(lambda: inside(docker_engine, "a", "cat", "/tmp/s") == "40 133", "the size of the terminal")


@pytest.mark.parametrize(
    ("access", "sockets"),
    [
        (Access.DOCKER, ["/run/dagger/engine.sock", "/run/docker.sock"]),
        (Access.DAGGER, ["/run/dagger/engine.sock"]),
        (Access.NONE, []),
    ],
)
def test_a_session_has_the_sockets_it_was_granted(
    docker_engine: Docker, launch: Launch, access: Access, sockets: list[str]
) -> None:
    launch("a", access=access)
    # What is mounted over a file is a socket, though the folder's entry says otherwise.
    look = 'while read -r path; do [ -S "$path" ] && echo "$path"; done; true'
    find = r"find / \( -path /proc -o -path /sys -o -path /tmp \) -prune -o -print"
    found = inside(docker_engine, "a", "sh", "-c", f"{find} | {look}")
    assert sorted(found.split()) == sockets


def test_a_bad_name_is_refused_before_anything_is_asked(launch: Launch, stack: Engine) -> None:
    acts: list[Callable[[], object]] = [
        lambda: launch("No Good"),
        lambda: sessions.stop(stack, "../x"),
        lambda: sessions.remove(stack, "A"),
    ]
    for act in acts:
        with pytest.raises(UsageError) as raised:
            act()
        assert raised.value.code == "vibenv::session::bad_name"


def test_a_taken_name_is_refused_and_the_session_is_as_it_was(launch: Launch, stack: Engine) -> None:
    first = launch("a")
    with pytest.raises(AlreadyExists) as raised:
        launch("a", command=["other"])
    assert raised.value.code == "vibenv::session::taken"
    assert sessions.find(stack, "a").id == first.id
    assert sessions.find(stack, "a").state is SessionState.RUNNING


def test_with_reuse_a_session_is_taken_as_it_is_and_started_when_it_was_stopped(
    launch: Launch, stack: Engine
) -> None:
    first = launch("a")
    assert launch("a", reuse=True).id == first.id
    sessions.stop(stack, "a")
    again = launch("a", reuse=True)
    assert (again.id, again.state) == (first.id, SessionState.RUNNING)


@pytest.mark.parametrize("run", range(10))
def test_of_two_launches_of_one_name_one_wins_and_the_other_says_so(
    launch: Launch, stack: Engine, run: int
) -> None:
    together = threading.Barrier(2)

    def race(_: int) -> str:
        together.wait(DEADLINE_S)
        try:
            return launch(f"race-{run}").id
        except AlreadyExists as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        results = set(pool.map(race, range(2)))
    assert results == {"vibenv::session::taken", sessions.find(stack, f"race-{run}").id}
    assert sessions.find(stack, f"race-{run}").state is SessionState.RUNNING


def test_a_container_of_somebody_else_is_never_touched(
    docker_engine: Docker, stack: Engine, launch: Launch, container: Callable[..., None]
) -> None:
    container("vibenv-x")
    before = docker_engine.docker("inspect", "vibenv-x")
    for act in (
        lambda: launch("x"),
        lambda: launch("x", reuse=True),
        lambda: start(stack, "x"),
        lambda: sessions.stop(stack, "x"),
        lambda: sessions.remove(stack, "x", force=True),
        lambda: sessions.rename(stack, "x", "y"),
    ):
        with pytest.raises(Foreign) as raised:
            act()
        assert raised.value.code == "vibenv::session::foreign"
    assert docker_engine.docker("inspect", "vibenv-x") == before


def test_a_program_that_is_not_there_is_told_and_nothing_is_left(launch: Launch, stack: Engine) -> None:
    with pytest.raises(WrongState) as raised:
        launch("a", command=["no-such-program"])
    assert raised.value.code == "vibenv::session::ended"
    assert "127" in raised.value.message
    assert names(stack) == []


@pytest.mark.parametrize("after_s", [0, 0.02, 0.1, 0.2])
def test_ctrl_c_during_launch_leaves_nothing_half_made(launch: Launch, stack: Engine, after_s: float) -> None:
    cancelled = threading.Event()
    timer = threading.Timer(after_s, cancelled.set)
    timer.start()
    try:
        session = launch("a", cancelled=cancelled)
    except Interrupted:
        assert names(stack) == []
    else:
        assert sessions.find(stack, "a") == session or session.state is SessionState.RUNNING
    timer.join()


def test_a_launch_that_was_cancelled_before_leaves_nothing(launch: Launch, stack: Engine) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Interrupted):
        launch("a", cancelled=cancelled)
    assert names(stack) == []


def test_stop_lets_the_program_end_by_itself_and_start_brings_its_files_back(
    docker_engine: Docker, stack: Engine, launch: Launch
) -> None:
    launch(
        "a",
        command=[
            "bash",
            "-c",
            "trap 'echo bye >/root/end; exit 4' HUP; touch /root/up; while :; do sleep 0.1; done",
        ],
    )
    eventually(lambda: inside(docker_engine, "a", "ls", "/root").split() == ["up"], "the program to run")
    began = time.monotonic()
    assert sessions.stop(stack, "a").state is SessionState.STOPPED
    assert time.monotonic() - began < 5, "not the ten seconds after which it would have been killed"
    assert listing.details(stack)[0].session.exit_code == 4
    assert sessions.stop(stack, "a").state is SessionState.STOPPED
    assert start(stack, "a") is SessionState.RUNNING
    assert inside(docker_engine, "a", "cat", "/root/end") == "bye"


def test_a_program_that_will_not_end_is_killed_after_the_grace(
    docker_engine: Docker, launch: Launch, stack: Engine
) -> None:
    launch("a", command=["sh", "-c", "trap '' HUP TERM; touch /root/ready; while :; do sleep 0.1; done"])
    eventually(lambda: "ready" in inside(docker_engine, "a", "ls", "/root"), "the program to be ready")
    began = time.monotonic()
    assert sessions.stop(stack, "a", grace_s=1).state is SessionState.STOPPED
    assert 0.9 < time.monotonic() - began < 8


def test_a_killed_session_starts_again_past_its_stale_socket(
    docker_engine: Docker, stack: Engine, launch: Launch
) -> None:
    session = launch("a")
    docker_engine.docker("kill", "vibenv-a")
    assert stack.stat_path("vibenv-a", SOCKET) is not None, "the socket that nobody listens on any more"
    assert start(stack, "a") is SessionState.RUNNING
    connect = f"import socket; socket.socket(socket.AF_UNIX).connect('{SOCKET}')"
    inside(docker_engine, "a", "python3", "-c", connect)
    assert sessions.find(stack, "a").id == session.id


def test_a_session_that_does_not_come_up_again_is_left_stopped(
    docker_engine: Docker, stack: Engine, launch: Launch
) -> None:
    launch("a", command=["/usr/bin/cat"])
    inside(docker_engine, "a", "mv", "/usr/bin/cat", "/usr/bin/cat.away")
    sessions.stop(stack, "a")
    with pytest.raises(WrongState) as raised:
        start(stack, "a")
    assert raised.value.code == "vibenv::session::ended"
    assert "/usr/bin/cat: not found" in raised.value.message
    assert sessions.find(stack, "a").state is SessionState.STOPPED


def test_a_paused_session_is_refused_with_the_line_that_helps(
    docker_engine: Docker, stack: Engine, launch: Launch
) -> None:
    launch("a")
    docker_engine.docker("pause", "vibenv-a")
    assert sessions.list_sessions(stack)[0].state is SessionState.PAUSED
    with pytest.raises(WrongState) as raised:
        start(stack, "a")
    assert "docker unpause vibenv-a" in (raised.value.help or "")
    assert sessions.stop(stack, "a", grace_s=2).state is SessionState.STOPPED


def test_a_running_session_is_removed_by_force_only(launch: Launch, stack: Engine) -> None:
    session = launch("a")
    with pytest.raises(WrongState) as raised:
        sessions.remove(stack, "a")
    assert raised.value.code == "vibenv::session::running"
    assert sessions.find(stack, "a").state is SessionState.RUNNING
    assert sessions.remove(stack, "a", force=True).id == session.id
    assert names(stack) == []
    with pytest.raises(NotFound) as gone:
        sessions.remove(stack, "a", force=True)
    assert gone.value.code == "vibenv::session::not_found"


def test_a_renamed_session_goes_on_under_its_new_name(launch: Launch, stack: Engine) -> None:
    session = launch("a")
    launch("b")
    assert sessions.rename(stack, "a", "c").id == session.id
    assert sorted(names(stack)) == ["b", "c"]
    assert sessions.find(stack, "c").state is SessionState.RUNNING
    with pytest.raises(NotFound):
        sessions.find(stack, "a")
    with pytest.raises(AlreadyExists) as raised:
        sessions.rename(stack, "c", "b")
    assert (raised.value.code, raised.value.about) == ("vibenv::session::taken", "new")
    assert launch("a").id != session.id


def test_without_a_launcher_the_line_that_makes_it_is_given(stack: Engine, launch: Launch) -> None:
    elsewhere = Settings(registry_address="localhost:5998")
    with pytest.raises(NotFound) as raised:
        launching(stack, elsewhere)("a")
    assert raised.value.code == "vibenv::launcher::missing"
    assert names(stack) == []


def test_a_launcher_of_an_older_vibenv_is_refused(stack: Engine, docker_engine: Docker) -> None:
    elsewhere = Settings(registry_address="localhost:5999")
    lines = b"FROM debian:stable-slim\nLABEL vibenv.version=0.0.9\n"
    subprocess.run(
        ["docker", "--host", docker_engine.url, "build", "-t", elsewhere.launcher_image, "-"],
        input=lines,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "DOCKER_BUILDKIT": "0"},
        capture_output=True,
        check=True,
    )
    try:
        with pytest.raises(VibenvError) as raised:
            launching(stack, elsewhere)("a")
    finally:
        docker_engine.docker("rmi", elsewhere.launcher_image)
    assert raised.value.code == "vibenv::launcher::outdated"
    assert "0.0.9" in raised.value.message
    assert names(stack) == []


def test_an_image_that_the_engine_lacks_is_pulled_once_for_all_that_are_launched(
    stack: Engine, settings: Settings, launch: Launch
) -> None:
    lacking = f"{settings.registry_address}/lacking:1"
    never = threading.Event()
    stack.tag(images.BASE, lacking)
    stack.push(lacking, cancelled=never)
    stack.remove_image(lacking)
    steps: list[Step] = []
    basis = sessions.look(stack, settings, image=lacking, progress=steps.append, cancelled=never)
    for name in ("a", "b"):
        sessions.launch(stack, basis, name, Wish(image=lacking), progress=steps.append, cancelled=never)
    assert [step.step for step in steps if step.state is StepState.DONE] == [f"pull {lacking}"]
    assert {session.image for session in sessions.list_sessions(stack)} == {lacking}
    for name in ("a", "b"):
        sessions.remove(stack, name, force=True)
    stack.remove_image(lacking)


def test_an_image_that_is_nowhere_is_told_and_nothing_is_left(launch: Launch, stack: Engine) -> None:
    with pytest.raises(NotFound, match=r"no image `localhost:5000/nowhere:1`") as raised:
        launch("a", image="localhost:5000/nowhere:1")
    assert (raised.value.code, raised.value.about) == ("vibenv::image::not_found", "image")
    assert names(stack) == []


def test_an_image_with_neither_a_program_nor_a_shell_is_told_so(
    docker_engine: Docker, launch: Launch, stack: Engine
) -> None:
    docker = ["docker", "--host", docker_engine.url]
    subprocess.run(
        [*docker, "import", "-", "vibenv-test/empty:1"], input=bytes(10240), capture_output=True, check=True
    )
    try:
        with pytest.raises(WrongState) as raised:
            launch("a", image="vibenv-test/empty:1", command=[])
    finally:
        stack.remove_image("vibenv-test/empty:1")
    assert raised.value.code == "vibenv::session::ended"
    assert "has no shell" in (raised.value.help or "")
    assert names(stack) == []


def test_a_stream_to_a_program_ends_with_its_exit_code(launch: Launch, stack: Engine) -> None:
    launch("a")
    with stack.exec_stream("vibenv-a", ["sh", "-c", 'read line; echo "got $line"; exit 3']) as stream:
        assert stream.exit_code() is None
        assert stream.send(b"it\n") == 3
        data = b""
        while select.select([stream], [], [], DEADLINE_S)[0] and (part := stream.recv()):
            data += part
        assert data[8:] == b"got it\n", "after the eight bytes of the frame's head"
        eventually(lambda: stream.exit_code() == 3, "its exit code")
