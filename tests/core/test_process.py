"""Other programs, run to their end or ended."""

import os
import pty
import signal
import threading
import time
from pathlib import Path

import pytest

from vibenv_core import process
from vibenv_core.errors import EngineError, Interrupted, NotFound

ENV = {"PATH": os.defpath}
DEADLINE_S = 5


def gone(pid: int) -> bool:
    """Whether the process ends before the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not Path(f"/proc/{pid}").exists()


def test_a_programs_output_errors_and_exit_code_come_back() -> None:
    finished = process.run(
        ["sh", "-c", "cat; echo oops >&2; exit 3"],
        env=ENV,
        stdin=b"one\ntwo",
        timeout_s=DEADLINE_S,
        cancelled=threading.Event(),
    )
    assert finished.argv[0] == "sh"
    assert (finished.stdout, finished.stderr, finished.exit_code) == ("one\ntwo\n", "oops\n", 3)


def test_a_program_sees_the_given_environment_and_nothing_else() -> None:
    finished = process.run(
        ["env"], env={**ENV, "MINE": "1"}, timeout_s=DEADLINE_S, cancelled=threading.Event()
    )
    assert set(finished.stdout.splitlines()) == {f"PATH={os.defpath}", "MINE=1"}


def test_lines_come_as_they_are_written() -> None:
    seen: list[float] = []
    began = time.monotonic()
    process.stream(
        ["sh", "-c", "echo first; sleep 0.3; echo second"],
        env=ENV,
        on_line=lambda line: seen.append(time.monotonic() - began),
        cancelled=threading.Event(),
    )
    assert seen[1] - seen[0] > 0.2


def test_more_than_a_pipe_holds_goes_both_ways() -> None:
    data = b"x" * 99 + b"\n"
    finished = process.run(
        ["sh", "-c", "tee /dev/stderr"],
        env=ENV,
        stdin=data * 5000,
        timeout_s=DEADLINE_S,
        cancelled=threading.Event(),
    )
    assert len(finished.stdout) == len(finished.stderr) == 500_000


def test_a_missing_program_is_not_found() -> None:
    with pytest.raises(NotFound) as raised:
        process.run(["no-such-program"], env=ENV, timeout_s=1, cancelled=threading.Event())
    assert raised.value.code == "vibenv::process::not_found"


def test_cancelling_ends_a_program_with_all_that_it_started() -> None:
    cancelled = threading.Event()
    pids: list[int] = []

    def on_line(line: str) -> None:
        pids.extend(map(int, line.split()))
        cancelled.set()

    with pytest.raises(Interrupted):
        process.stream(
            ["sh", "-c", "sleep 60 & echo $$ $!; wait"], env=ENV, on_line=on_line, cancelled=cancelled
        )
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_a_program_that_takes_too_long_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(EngineError) as raised:
        process.run(["sleep", "60"], env=ENV, timeout_s=0.2, cancelled=threading.Event())
    assert raised.value.code == "vibenv::process::timeout"
    assert time.monotonic() - began < DEADLINE_S


def test_a_program_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_GRACE_S", 0.2)
    cancelled = threading.Event()
    with pytest.raises(Interrupted):
        process.stream(
            ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"],
            env=ENV,
            on_line=lambda line: cancelled.set(),
            cancelled=cancelled,
        )


def test_a_program_in_the_background_goes_on_when_its_first_process_has_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = process.background(
        ["sh", "-c", "echo said; sleep 60 & echo $!"],
        env=ENV,
        log=log,
        timeout_s=DEADLINE_S,
        cancelled=threading.Event(),
    )
    assert code == 0
    said, pid = log.read_text().split()
    assert said == "said"
    os.kill(int(pid), signal.SIGTERM)
    assert gone(int(pid))


def test_a_program_that_is_never_ready_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(EngineError) as raised:
        process.background(
            ["sh", "-c", "sleep 60 & echo $$ $!; wait"],
            env=ENV,
            log=log,
            timeout_s=0.3,
            cancelled=threading.Event(),
        )
    assert raised.value.code == "vibenv::process::timeout"
    assert all(gone(int(pid)) for pid in log.read_text().split())


def test_when_the_reader_fails_the_program_is_ended() -> None:
    def on_line(line: str) -> None:
        pids.append(int(line))
        raise ZeroDivisionError

    pids: list[int] = []
    with pytest.raises(ZeroDivisionError):
        process.stream(
            ["sh", "-c", "echo $$; exec sleep 60"], env=ENV, on_line=on_line, cancelled=threading.Event()
        )
    assert gone(pids[0])


def test_on_a_terminal_a_program_has_it_as_its_three_streams() -> None:
    ours, theirs = pty.openpty()
    try:
        code = process.on_terminal(
            ["sh", "-c", "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && kill -TERM $$"], env=ENV, tty=theirs
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert code == -15
