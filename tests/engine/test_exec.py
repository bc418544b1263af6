"""Programs run in sessions of real engines, in images that nobody made for them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.engine.conftest import Launch
from tests.nu.shell import eventually
from tests.stack import images
from tests.stack.engine import Engine as Docker
from vibenv_core import exec as core
from vibenv_core import sessions
from vibenv_core.engine import Engine
from vibenv_core.errors import Foreign, NotFound, WrongState

BUSYBOX = "/busybox"


def run(engine: Engine, name: str, *argv: str, input: Any = b"") -> core.Finished:
    return core.finished(engine, name, core.Exec(argv=argv, env={}), input=input, cancelled=threading.Event())


def streamed(engine: Engine, name: str, argv: Sequence[str]) -> Iterator[bytes]:
    wish = core.Exec(argv=argv, env={})
    return core.output(engine, name, wish, to_stderr=lambda _: None, cancelled=threading.Event())


@pytest.fixture
def scratch(stack: Engine, launch: Launch, others_images: None) -> Engine:
    """The engine, on which the session `s` has one static program and nothing else."""
    launch("s", image=images.SCRATCH, command=[BUSYBOX, "cat"])
    return stack


def test_a_program_ends_as_it_does_where_there_is_no_shell(scratch: Engine) -> None:
    done = run(scratch, "s", BUSYBOX, "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (done.stdout, done.stderr, done.exit_code) == (b"out\n", b"err\n", 3)
    assert run(scratch, "s", BUSYBOX, "sh", "-c", "kill -9 $$").exit_code == -9
    assert run(scratch, "s", "true").exit_code == 127


def test_its_input_arrives_as_it_is(scratch: Engine) -> None:
    sent = bytes(range(256)) * 20_000
    assert run(scratch, "s", BUSYBOX, "cat", input=[sent]).stdout == sent
    assert run(scratch, "s", BUSYBOX, "true", input=[sent, sent]).exit_code == 0


def test_who_stops_reading_ends_the_program(scratch: Engine) -> None:
    script = f"echo begun; exec {BUSYBOX} sleep 1234"
    output = streamed(scratch, "s", [BUSYBOX, "sh", "-c", script])
    assert next(output) == b"begun\n"
    assert runs(scratch, "sleep 1234")
    output.close()  # type: ignore[attr-defined]
    eventually(lambda: not runs(scratch, "sleep 1234"), "the end of the program")


def runs(engine: Engine, line: str) -> bool:
    return line in run(engine, "s", BUSYBOX, "ps").stdout.decode()


def test_a_program_finds_the_environment_user_and_folder_of_the_session(
    stack: Engine, launch: Launch, others_images: None
) -> None:
    launch("m", image=images.MUSL, command=["sh", "-c", "exec cat"], env={"GIVEN": "1"})
    look = "echo $LD_PRELOAD $(id -u) $GIVEN; pwd"
    assert run(stack, "m", "sh", "-c", look).stdout == b"/lib/libc.so 65534 1\n/\n"


def test_where_nothing_can_be_run_is_told(
    stack: Engine, docker_engine: Docker, scratch: Engine, container: Callable[..., None]
) -> None:
    container("vibenv-foreign")
    docker_engine.docker("start", "vibenv-foreign")
    sessions.stop(stack, "s", grace_s=0)
    for name, kind, code in [
        ("nobody", NotFound, "vibenv::session::not_found"),
        ("foreign", Foreign, "vibenv::session::foreign"),
        ("s", WrongState, "vibenv::session::not_running"),
    ]:
        with pytest.raises(kind) as caught:
            run(stack, name, "true")
        assert caught.value.code == code


def test_a_session_that_is_killed_meanwhile_is_told_of(scratch: Engine, docker_engine: Docker) -> None:
    output = streamed(scratch, "s", [BUSYBOX, "sh", "-c", "echo begun; sleep 60"])
    assert next(output) == b"begun\n"
    docker_engine.docker("kill", "vibenv-s")
    begun = time.monotonic()
    with pytest.raises(WrongState, match="the session `s` is stopped"):
        next(output)
    assert time.monotonic() - begun < 5
