"""Sessions in images that nobody made for them."""

import os
import subprocess
import threading

import pytest

from tests.engine.conftest import Launch
from tests.nu.shell import eventually
from tests.stack import images
from tests.stack.engine import Engine as Docker
from vibenv_core import labels, sessions, tools
from vibenv_core.engine import Engine
from vibenv_core.errors import NotFound
from vibenv_core.launcher import Launcher
from vibenv_core.model import Access, SessionState, Step, StepState, Wish
from vibenv_core.session_process import SOCKET
from vibenv_core.settings import Settings
from vibenv_core.supervisor import LOG_FOLDER, TOOLS

TELL = "echo preloaded $LD_PRELOAD; echo user $(id -u); exec cat"

pytestmark = pytest.mark.usefixtures("others_images")


def recorded(engine: Engine, name: str) -> str:
    """The recording so far; nothing while there is none."""
    try:
        content = b"".join(engine.read_file(labels.container_name(name), f"{LOG_FOLDER}/session.cast"))
    except NotFound:
        return ""
    return content.decode()


@pytest.mark.parametrize("read_only", [False, True], ids=["", "read-only"])
@pytest.mark.parametrize(
    ("image", "command", "says"),
    [
        # An unknown user, an entry point, what ends programs of another C library if preloaded; no /tmp.
        (
            images.MUSL,
            ["sh", "-c", f"ninja --version; {TELL}"],
            ["1.13", "loaded /lib/libc.so", "user 65534"],
        ),
        # One static program and nothing else.
        (images.SCRATCH, ["/busybox", "sh", "-c", f"echo it runs; {TELL}"], ["it runs", "user 0"]),
    ],
    ids=["musl", "scratch"],
)
def test_a_session_runs_and_is_recorded_in_any_image(
    stack: Engine, launch: Launch, image: str, command: list[str], says: list[str], read_only: bool
) -> None:
    launch("any", image=image, command=command, access=Access.NONE, read_only=read_only)
    eventually(lambda: all(said in recorded(stack, "any") for said in says), f"{says} in the recording")
    assert sessions.find(stack, "any").state is SessionState.RUNNING


def test_a_session_in_any_image_starts_again_after_it_was_killed(
    docker_engine: Docker, stack: Engine, launch: Launch
) -> None:
    command = ["sh", "-c", "echo here; exec cat"]
    launch("any", image=images.MUSL, command=command, access=Access.NONE)
    docker_engine.docker("kill", "vibenv-any")
    sessions.start(stack, "any", cancelled=threading.Event())
    eventually(lambda: recorded(stack, "any").count("here") == 2, "it to be printed twice")


def test_dtach_of_the_tools_shows_what_was_there_before(docker_engine: Docker, launch: Launch) -> None:
    command = ["/busybox", "sh", "-c", "echo it runs; exec /busybox cat"]
    launch("any", image=images.SCRATCH, command=command, access=Access.NONE)
    argv = ["docker", "--host", docker_engine.url, "exec", "--tty", "vibenv-any"]
    argv += [f"{TOOLS}/bin/dtach", "-a", SOCKET]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as attached:
        assert attached.stdout is not None
        seen = b""
        while b"it runs" not in seen and (more := os.read(attached.stdout.fileno(), 4096)):
            seen += more
        attached.kill()
    assert b"it runs" in seen


def test_a_launch_where_the_tools_are_missing_makes_them_and_says_so(
    stack: Engine, launcher: Launcher, settings: Settings, launch: Launch
) -> None:
    tools.remove(stack)
    steps: list[Step] = []
    never = threading.Event()
    basis = sessions.look(stack, settings, image=images.SCRATCH, progress=steps.append, cancelled=never)
    wish = Wish(image=images.SCRATCH, access=Access.NONE)
    sessions.launch(stack, basis, "any", wish, progress=steps.append, cancelled=never)
    assert (tools.STEP, StepState.DONE) in [(step.step, step.state) for step in steps]
    assert stack.inspect(basis.holder) is not None
    launch("next", image=images.SCRATCH, command=["/busybox", "sh"], access=Access.NONE)


def test_what_is_committed_of_a_session_has_its_files_and_neither_recording_nor_tools(
    docker_engine: Docker, stack: Engine, launch: Launch
) -> None:
    command = ["sh", "-c", "echo mine >/root/mine; echo here; exec cat"]
    launch("any", image=images.BASE, command=command, access=Access.NONE)
    eventually(lambda: "here" in recorded(stack, "any"), "its output")
    docker_engine.docker("commit", "vibenv-any", "vibenv-test/fork:latest")
    try:
        fork = docker_engine.docker("create", "vibenv-test/fork:latest").strip()
        assert b"".join(stack.read_file(fork, "/root/mine")) == b"mine\n"
        assert stack.stat_path(fork, LOG_FOLDER) is None
        assert stack.stat_path(fork, f"{TOOLS}/bin") is None
        stack.remove(fork)
    finally:
        stack.remove_image("vibenv-test/fork:latest")
