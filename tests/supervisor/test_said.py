"""What the supervisor says on its standard output, of real programs."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.terminal.session import Session, running
from vibenv_core.supervisor.frames import Kind
from vibenv_core.supervisor.status import Status, parse

Start = Callable[..., Session]
PATIENCE_S = 10.0
BASH = (
    r"""PS1='\[\e]133;A\a\]$ \[\e]133;B\a\]'; PS0='\e]133;C\a'; PROMPT_COMMAND='printf "\e]133;D;%s\a" $?'"""
)

CHANGES = r"""
import sys, time
for number in range(60):
    print("\a" if number % 2 else "\033]133;A\a", flush=True)
    time.sleep(0.02)
sys.exit(5)
"""


@pytest.fixture
def start() -> Iterator[Start]:
    """Sessions that end with the test."""
    with ExitStack() as stack:
        yield lambda *program, **more: stack.enter_context(running(*program, **more))


def lines(session: Session) -> Iterator[bytes]:
    """What is said, a line at a time, to its end or until there is none for long."""
    output, rest = session.process.stdout, b""
    assert output
    while select.select([output], [], [], PATIENCE_S)[0]:
        if not (said := os.read(output.fileno(), 1 << 16)):
            return
        *whole, rest = (rest + said).split(b"\n")
        yield from whole


class Said:
    """What a session's supervisor says of it."""

    def __init__(self, session: Session) -> None:
        self._lines = lines(session)

    def until(self, holds: Callable[[Status], bool]) -> Status:
        """Read until something holds."""
        said = b""
        for said in self._lines:
            status = parse(said)
            assert status, said
            if holds(status):
                return status
        raise AssertionError(f"not said; last: {said!r}")


def does(state: str, source: str) -> Callable[[Status], bool]:
    return lambda status: (status.activity.state, status.activity.source) == (state, source)


def test_what_a_program_does_is_said_from_its_start_to_its_end(start: Start) -> None:
    session = start(
        "sh", "-c", r"printf '\033]2;⠋ fix\a'; read line; printf '\033]9;look\a'; read line; exit 3"
    )
    said = Said(session)
    working = said.until(does("working", "title"))
    assert (working.title, working.clients) == ("fix", ())
    assert abs(working.at - time.time()) < PATIENCE_S
    client = session.attach(rows=30, cols=100)
    present = said.until(lambda status: bool(status.clients)).clients[0]
    assert (present.kind, present.rows, present.cols, present.leads) == ("frames", 30, 100, True)
    client.type(b"\r")
    blocked = said.until(does("blocked", "notification"))
    assert blocked.activity.message == "look"
    client.type(b"\r")
    assert said.until(does("exited", "exit")).activity.exit_code == 3
    assert session.process.wait(PATIENCE_S) == 3
    with pytest.raises(AssertionError, match="last: b''"):
        said.until(lambda _: True)


def test_a_shells_marks_say_how_its_commands_ended(start: Start) -> None:
    session = start("bash", "--norc", "--noprofile", "-i", env={"PS1": "$ "})
    said, client = Said(session), session.attach()
    client.type(BASH.encode() + b"\r")
    assert said.until(does("idle", "prompt")).activity.app == "bash"
    client.type(b"read -t 100 line; false\r")
    said.until(does("working", "prompt"))
    client.type(b"\r")
    assert said.until(does("error", "prompt")).activity.exit_code == 1
    client.type(b"true\r")
    assert said.until(does("done", "prompt")).activity.exit_code == 0


def test_of_programs_without_any_word_the_terminal_tells(start: Start) -> None:
    bash = start("bash", "--norc", "--noprofile", "-i", env={"PS1": "$ "})
    said = Said(bash)
    assert said.until(does("idle", "foreground")).activity.app == "bash"
    client = bash.attach()
    client.type(b"sleep 100\r")
    assert said.until(does("working", "foreground")).activity.app == "sleep"
    client.type(b"\x03read -s secret\r")
    assert said.until(does("blocked", "foreground")).activity.kind == "auth"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_of_an_interpreter_the_name_is_said_of_what_it_runs(start: Start, tmp_path: object) -> None:
    script = f"{tmp_path}/agent.js"
    with open(script, "w") as file:  # noqa: PTH123
        file.write("setTimeout(() => 0, 100000)")
    said = Said(start("node", script))
    assert said.until(lambda status: bool(status.activity.app)).activity.app == "agent"


@pytest.mark.parametrize("reader", ["slow", "gone"])
def test_a_session_goes_on_whoever_reads_what_is_said_of_it(start: Start, reader: str) -> None:
    session = start("python3", "-IS", "-c", CHANGES, wait=False)
    assert session.process.stdout
    if reader == "slow":
        fcntl.fcntl(session.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    session.wait_until_ready()
    if reader == "gone":
        session.process.stdout.close()
    client = session.attach()
    client.until_frame(Kind.ENDED)
    assert session.process.wait(PATIENCE_S) == 5


def test_that_a_program_paints_itself_anew_for_another_size_is_no_work(start: Start) -> None:
    session = start("sh", "-c", "trap 'echo painted' WINCH; while :; do sleep 0.05; done")
    said = Said(session)
    began = said.until(does("idle", "quiet")).activity.since
    session.attach(rows=30, cols=100).until_painted(b"painted")
    status = said.until(lambda status: bool(status.clients))
    assert (status.activity.state, status.activity.since) == ("idle", began)


def test_a_session_that_is_quiet_takes_no_processor_time(start: Start) -> None:
    session = start("bash", "--norc", "-i", env={"PS1": "$ "})
    Said(session).until(does("idle", "foreground"))
    before = session.processor_ticks
    time.sleep(1.0)
    assert session.processor_ticks == before
