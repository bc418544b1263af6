"""Dagger as people type it, on the stack that vibenv stands up; and the environment's terminal."""

import os
import pty
import re
import select
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.stack import recipes
from tests.stack.engine import Engine as Docker
from vibenv_core import offer, remote
from vibenv_core import stack as the_stack
from vibenv_core.engine import Engine
from vibenv_core.errors import WrongState
from vibenv_core.model import ComponentState, Step
from vibenv_core.settings import Settings

DEADLINE_S = 90.0
BY_HAND = """\
run -d --name registry -p 127.0.0.1:5000:5000 {registry}
run -d --name dagger-engine-{version} --privileged --network container:registry \
-v dagger-cache:/var/lib/dagger -v /var/run/dagger:/run/dagger {engine}
"""
"""What people typed before there was `vibenv up`, each after `docker`."""
PROMPT = "~/session# "
CLIENT_ASKS = b"\x1b]11;?\x07"
"""How Dagger's client asks a terminal for its background."""
CONTAINER_ASKS, ANSWER = b"\x1b]11;?\x1b\\\x1b[6n", b"\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[1;1R"
"""How Dagger's first process in a container does, with where the cursor is; and what a terminal answers."""
SCREEN_CONTROLS = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\r")


def ignore(step: Step) -> None:
    """Progress that nobody looks at."""


def environment(engine: Docker) -> dict[str, str]:
    """A shell's environment with `engine` as its Docker engine, and the Dagger CLI in PATH."""
    return {
        **os.environ,
        "DOCKER_HOST": engine.url,
        "PATH": f"{recipes.dagger()}:{os.environ['PATH']}",
        "DAGGER_NO_NAG": "1",
    }


def offered(engine: Engine, settings: Settings) -> str:
    """The base image where a Dagger engine can pull it."""
    image = settings.base_image
    return offer.offer(engine, settings, [image], progress=ignore, cancelled=threading.Event())[image]


def publish_and_pull(docker: Docker, image: str) -> None:
    """The two lines that show a stack to work, as one types them."""
    line = f"container | from {image} | publish localhost:5000/t-1"
    finished = subprocess.run(
        ["dagger", "-c", line], env=environment(docker), capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("localhost:5000/t-1@sha256:")
    try:
        docker.docker("pull", "localhost:5000/t-1")
        assert docker.docker("run", "--rm", "localhost:5000/t-1", "echo", "it runs") == "it runs\n"
    finally:
        docker.docker("image", "rm", "localhost:5000/t-1")


def test_dagger_publishes_to_the_stack_that_vibenv_stands_up(
    docker_engine: Docker, stack: Engine, settings: Settings
) -> None:
    publish_and_pull(docker_engine, offered(stack, settings))


@pytest.mark.one_engine("28")
def test_what_dagger_made_before_down_is_there_after_up(
    spare: Docker, engine: Engine, settings: Settings
) -> None:
    def made() -> str:
        """What a step wrote that writes something else each time it is run."""
        the_stack.up(engine, settings, progress=ignore, cancelled=threading.Event())
        step = "with-exec cat,/proc/sys/kernel/random/uuid"
        line = f"container | from {offered(engine, settings)} | {step} | stdout"
        return subprocess.run(
            ["dagger", "-c", line], env=environment(spare), capture_output=True, text=True, check=True
        ).stdout

    before = made()
    the_stack.down(engine, settings)
    assert made() == before


def test_a_stack_typed_by_hand_is_found_and_used(spare: Docker, engine: Engine, settings: Settings) -> None:
    lines = BY_HAND.format(
        registry=settings.registry_image, version=settings.dagger_version, engine=settings.engine_image
    )
    for line in lines.splitlines():
        spare.docker(*line.split())
    by_hand = spare.docker("container", "ls", "-q")
    rows = the_stack.up(engine, settings, progress=ignore, cancelled=threading.Event())
    assert {row.component: row.state for row in rows} == dict.fromkeys(
        ("registry", "dagger"), ComponentState.RUNNING
    )
    assert spare.docker("container", "ls", "-q") == by_hand
    publish_and_pull(spare, offered(engine, settings))


class Terminal:
    """The near end of a program's terminal."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.seen = b""
        self.client_asked = False

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def read_until(self, text: str) -> None:
        """Read until `text` was written since the last call, colours and the like left out."""
        deadline = time.monotonic() + DEADLINE_S
        while (at := self.seen.find(text.encode())) < 0:
            assert select.select([self.fd], [], [], deadline - time.monotonic())[0], self.seen.decode()
            written = os.read(self.fd, 65536)
            self.client_asked |= CLIENT_ASKS in written
            if CONTAINER_ASKS in written:
                os.write(self.fd, ANSWER)
            self.seen += SCREEN_CONTROLS.sub(b"", written)
        self.seen = self.seen[at + len(text) :]


@contextmanager
def on_terminal(program: remote.Program) -> Iterator[Terminal]:
    """Runs a program on a terminal of its own; it has to end by itself before the block is left."""
    near, far = pty.openpty()
    child = subprocess.Popen(
        program.argv, env=program.env, stdin=far, stdout=far, stderr=far, start_new_session=True
    )
    os.close(far)
    try:
        yield Terminal(near)
        while select.select([near], [], [], 0.1)[0] or child.poll() is None:
            try:
                os.read(near, 65536)
            except OSError:  # the far end is closed
                break
        assert child.wait(DEADLINE_S) == 0
    finally:
        child.kill()
        child.wait()
        os.close(near)


def program(
    docker: Docker, engine: Engine, settings: Settings, *, recipe: str | None = None
) -> remote.Program:
    return remote.program(
        engine.host,
        settings,
        "t-environment",
        recipe=recipe,
        env={**environment(docker), "TERM": "xterm-256color", "VIBENV_SESSION": "t-environment"},
        connect=lambda: engine,
        cancelled=threading.Event(),
    )


@pytest.mark.one_engine("20")
def test_the_environments_folder_outlives_its_terminal(
    docker_engine: Docker, stack: Engine, settings: Settings
) -> None:
    with on_terminal(program(docker_engine, stack, settings)) as terminal:
        terminal.read_until(PROMPT)
        terminal.type("pwd; echo kept >here; exit\n")
        terminal.read_until("/root/session\n")
        assert not terminal.client_asked, "of a terminal that may have nobody at it"
    with on_terminal(program(docker_engine, stack, settings)) as terminal:
        terminal.read_until(PROMPT)
        terminal.type("cat here; rm here; exit\n")
        terminal.read_until("kept\n")


@pytest.mark.one_engine("20")
def test_a_recipe_is_what_the_terminal_opens_in(
    docker_engine: Docker, stack: Engine, settings: Settings
) -> None:
    recipe = (
        "#!/usr/bin/env dagger\n"
        "# a greeting\n"
        f"base=$(container | from {offered(stack, settings)})\n"
        "$base | with-env-variable GREETING hello\n"
        "# nothing follows\n"
    )
    with on_terminal(program(docker_engine, stack, settings, recipe=recipe)) as terminal:
        terminal.read_until(PROMPT)
        terminal.type("echo $GREETING from $PWD; exit\n")
        terminal.read_until("hello from /root/session\n")


def test_without_the_stack_an_environment_cannot_be_opened(
    spare: Docker, engine: Engine, settings: Settings
) -> None:
    with pytest.raises(WrongState) as caught:
        program(spare, engine, settings)
    assert caught.value.code == "vibenv::stack::not_running"
