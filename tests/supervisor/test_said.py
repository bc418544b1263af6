"""What the supervisor says on its standard output, of real programs."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.terminal.session import Session, running
from vibenv_core.supervisor.frames import Kind
from vibenv_core.supervisor.status import Status

Start = Callable[..., Session]
PATIENCE_S = 10.0
BASH = (
    r"""PS1='\[\e]133;A\a\]$ \[\e]133;B\a\]'; PS0='\e]133;C\a'; PROMPT_COMMAND='printf "\e]133;D;%s\a" $?'"""
)

CHANGES = r"""
import sys, time
print("\033]2;" + "title" * 50 + "\a", flush=True)
for number in range(60):
    print("\033]133;" + "AC"[number % 2] + "\a", flush=True)
    time.sleep(0.02)
sys.exit(5)
"""


@pytest.fixture
def start() -> Iterator[Start]:
    """Sessions that end with the test."""
    with ExitStack() as stack:
        yield lambda *program, **more: stack.enter_context(running(*program, **more))


def does(state: str, source: str) -> Callable[[Status], bool]:
    return lambda status: (status.activity.state, status.activity.source) == (state, source)


def test_what_a_program_does_is_said_from_its_start_to_its_end(start: Start) -> None:
    session = start(
        "sh", "-c", r"printf '\033]2;⠋ fix\a'; read line; printf '\033]9;look\a'; read line; exit 3"
    )
    working = session.until_said(does("working", "title"))
    assert (working.title, working.clients) == ("fix", ())
    assert abs(working.at - time.time()) < PATIENCE_S
    client = session.attach(rows=30, cols=100)
    present = session.until_said(lambda status: bool(status.clients)).clients[0]
    assert (present.kind, present.rows, present.cols, present.leads) == ("frames", 30, 100, True)
    client.type(b"\r")
    blocked = session.until_said(does("blocked", "notification"))
    assert blocked.activity.message == "look"
    client.type(b"\r")
    assert session.until_said(does("exited", "exit")).activity.exit_code == 3
    assert session.process.wait(PATIENCE_S) == 3
    with pytest.raises(AssertionError, match="last: b''"):
        session.until_said(lambda _: True)


def test_a_shells_marks_say_how_its_commands_ended(start: Start) -> None:
    session = start("bash", "--norc", "--noprofile", "-i", env={"PS1": "$ "})
    client = session.attach()
    client.type(BASH.encode() + b"\r")
    assert session.until_said(does("idle", "prompt")).activity.app == "bash"
    client.type(b"read -t 100 line; false\r")
    session.until_said(does("working", "prompt"))
    client.type(b"\r")
    assert session.until_said(does("error", "prompt")).activity.exit_code == 1
    client.type(b"true\r")
    assert session.until_said(does("done", "prompt")).activity.exit_code == 0


def test_of_programs_without_any_word_the_terminal_tells(start: Start) -> None:
    bash = start("bash", "--norc", "--noprofile", "-i", env={"PS1": "$ "})
    client = bash.attach()
    client.type(b"sleep 100\r")
    assert bash.until_said(does("working", "foreground")).activity.app == "sleep"
    client.type(b"\x03read -s secret\r")
    assert bash.until_said(does("blocked", "foreground")).activity.kind == "auth"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_of_an_interpreter_the_name_is_said_of_what_it_runs(start: Start, tmp_path: object) -> None:
    script = f"{tmp_path}/agent.js"
    with open(script, "w") as file:  # noqa: PTH123
        file.write("setTimeout(() => 0, 100000)")
    assert start("node", script).until_said(lambda status: bool(status.activity.app)).activity.app == "agent"


def test_of_a_script_the_name_is_said_of_what_it_waits_for(start: Start) -> None:
    session = start("sh", "-c", "sh -c 'sleep 100; exit'; exit")
    working = session.until_said(lambda status: bool(status.activity.app)).activity
    assert (working.app, working.state, working.source) == ("sleep", "working", "foreground")


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
    if reader == "slow":
        session.until_said(does("exited", "exit"))
    assert session.process.wait(PATIENCE_S) == 5


def test_that_a_program_paints_itself_anew_for_another_size_is_no_work(start: Start) -> None:
    session = start("sh", "-c", "stty -icanon; trap 'echo painted' WINCH; while :; do sleep 0.05; done")
    began = session.until_said(does("idle", "quiet")).activity.since
    session.attach(rows=30, cols=100).until_painted(b"painted")
    session.attach(rows=0, cols=0)
    status = session.until_said(lambda status: len(status.clients) == 2)
    assert (status.activity.state, status.activity.since) == ("idle", began)


def test_a_session_that_is_quiet_takes_no_processor_time(start: Start) -> None:
    session = start("bash", "--norc", "-i", env={"PS1": "$ "})
    assert session.until_said(does("idle", "foreground")).activity.app == "bash"
    before = session.processor_ticks
    time.sleep(1.0)
    assert session.processor_ticks == before
