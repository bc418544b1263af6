"""Programs that are run in a session: their streams, how they end, and what ends them."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.plain_session import NEVER, PlainEngine, session
from tests.nu.shell import eventually
from vibenv_core import exec as core
from vibenv_core.errors import EngineError, Interrupted, NotFound, UsageError, WrongState

__all__ = ["session"]

ALL_BYTES = bytes(range(256))


def run(session: PlainEngine, *argv: str, input: Any = b"", **wishes: Any) -> core.Finished:
    wish = core.Exec(argv=argv, env=wishes.pop("env", {}), **wishes)
    return core.finished(session.as_engine, "a", wish, input=input, cancelled=NEVER)


def streamed(session: PlainEngine, *argv: str, input: Any = b"", cancelled: Any = NEVER) -> Iterator[bytes]:
    wish = core.Exec(argv=argv, env={})
    return core.output(
        session.as_engine, "a", wish, input=input, to_stderr=lambda _: None, cancelled=cancelled
    )


def is_gone(pid: int) -> bool:
    """Whether no process of that number is at work."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9), ("exit 255", 255)]
)
def test_a_program_ends_as_it_does(session: PlainEngine, script: str, code: int) -> None:
    done = run(session, "sh", "-c", f"echo out; echo err >&2; {script}")
    assert (done.stdout, done.stderr, done.exit_code) == (b"out\n", b"err\n", code)


def test_a_program_that_is_not_there_is_told_of(session: PlainEngine) -> None:
    done = run(session, "no-such-program")
    assert (done.exit_code, done.stderr) == (127, b"`no-such-program` was not found in `a`\n")


def test_a_line_is_not_taken_for_a_program(session: PlainEngine) -> None:
    done = run(session, "make test")
    assert done.exit_code == 127
    assert b"words of their own" in done.stderr


def test_a_file_that_is_no_program_is_told_of(session: PlainEngine) -> None:
    (session.folder / "text").write_text("hello")
    done = run(session, "./text")
    assert (done.exit_code, done.stderr) == (126, b"`./text` cannot be run in `a`: Permission denied\n")


@pytest.mark.parametrize("size", [0, 1, 255, 48 << 10, 5_000_000])
def test_input_arrives_as_it_is(session: PlainEngine, size: int) -> None:
    sent = (ALL_BYTES * (size // 256 + 1))[:size]
    assert run(session, "cat", input=sent).stdout == sent


def test_input_that_comes_in_blocks_arrives_as_it_is(session: PlainEngine) -> None:
    assert (
        run(session, "cat", input=[b"a", b"", ALL_BYTES * 9999, b"z"]).stdout
        == b"a" + ALL_BYTES * 9999 + b"z"
    )


def test_input_is_answered_while_more_of_it_is_to_come(session: PlainEngine) -> None:
    heard = threading.Event()

    def questions() -> Iterator[bytes]:
        yield b"one\n"
        assert heard.wait(10)
        yield b"two\n"

    answers = streamed(session, "cat", input=questions())
    assert next(answers) == b"one\n"
    heard.set()
    assert b"".join(answers) == b"two\n"


def test_a_program_that_reads_no_input_ends_all_the_same(session: PlainEngine) -> None:
    assert run(session, "true", input=itertools.repeat(bytes(65536))).exit_code == 0


def test_a_program_that_wants_no_more_input_ends_while_it_waits_for_some(session: PlainEngine) -> None:
    def slow() -> Iterator[bytes]:
        yield b"first\nsecond\n"
        threading.Event().wait(3)

    begun = time.monotonic()
    assert run(session, "head", "-n1", input=slow()).stdout == b"first\n"
    assert time.monotonic() - begun < 2.5


def test_what_it_leaves_running_goes_on_and_is_not_waited_for(session: PlainEngine) -> None:
    done = run(session, "sh", "-c", "sleep 60 & echo $!")
    left = int(done.stdout)
    assert not is_gone(left)
    os.kill(left, signal.SIGKILL)


def test_nothing_is_lost_that_was_written_before_the_end(session: PlainEngine) -> None:
    done = run(
        session, "sh", "-c", "sleep 60 & head -c 60000 /dev/zero; head -c 50000 /dev/zero >&2; echo $!"
    )
    assert (len(done.stdout.rstrip(b"\n0123456789")), len(done.stderr)) == (60000, 50000)
    os.kill(int(done.stdout.lstrip(b"\0")), signal.SIGKILL)


def test_it_starts_with_default_signals_in_a_session_of_its_own(session: PlainEngine) -> None:
    look = "grep SigIgn /proc/self/status; cut -d' ' -f5,6 /proc/self/stat; ls /proc/self/fd"
    ignored, group, *descriptors = run(session, "sh", "-c", look).stdout.decode().splitlines()
    assert int(ignored.split()[1], 16) & (1 << 31) - 1 == 0
    assert len(set(group.split())) == 1
    assert descriptors == ["0", "1", "2", "3"]


def test_variables_and_folder_are_its_own(session: PlainEngine) -> None:
    (session.folder / "sub").mkdir()
    session.env |= {"LD_PRELOAD": "", "KEPT": "1"}
    look = 'pwd; echo "$KEPT $GIVEN ${LD_PRELOAD-none} ${VIBENV_REQUEST-none}"'
    done = run(session, "sh", "-c", look, env={"GIVEN": "a b"}, workdir="sub")
    assert done.stdout.decode().splitlines() == [str(session.folder / "sub"), "1 a b none none"]


def test_a_folder_that_is_not_there_is_told_of(session: PlainEngine) -> None:
    with pytest.raises(NotFound, match="folder nowhere of `a`: No such file"):
        run(session, "pwd", workdir="nowhere")


def test_an_argument_that_no_program_can_have_is_refused(session: PlainEngine) -> None:
    with pytest.raises(UsageError, match="NUL"):
        run(session, "echo", "a\0b")


def test_one_that_takes_too_long_is_ended(session: PlainEngine) -> None:
    with pytest.raises(WrongState, match="took too long"):
        run(session, "sleep", "61", timeout_s=0.3)
    eventually(lambda: session.started[0].poll() is not None, "the end of the program", within_s=10)


def test_who_stops_reading_ends_the_program_and_its_children(session: PlainEngine) -> None:
    output = streamed(session, "sh", "-c", "sleep 60 & echo $$ $!; wait")
    pids = [int(pid) for pid in next(output).split()]
    output.close()  # type: ignore[attr-defined]
    eventually(lambda: all(map(is_gone, pids)), "the end of all of them", within_s=10)


def test_a_program_that_writes_without_end_is_ended_by_who_stops_reading(session: PlainEngine) -> None:
    output = streamed(session, "yes")
    assert next(output).startswith(b"y\ny\n")
    output.close()  # type: ignore[attr-defined]
    eventually(lambda: session.started[0].poll() is not None, "the end of the program", within_s=10)


def test_a_cancelled_call_ends_a_program_that_neither_reads_nor_heeds_signals(session: PlainEngine) -> None:
    cancelled = threading.Event()
    script = "trap '' TERM; echo $$; while :; do sleep 0.1; done"
    output = streamed(session, "sh", "-c", script, input=itertools.repeat(bytes(65536)), cancelled=cancelled)
    pid = int(next(output))
    cancelled.set()
    with pytest.raises(Interrupted):
        next(output)
    eventually(lambda: is_gone(pid), "the end of the program", within_s=10)


def test_a_stream_ends_in_an_error_where_the_program_does(session: PlainEngine) -> None:
    output = streamed(session, "sh", "-c", "echo out; echo why >&2; exit 3")
    assert next(output) == b"out\n"
    with pytest.raises(EngineError, match="`sh` in `a` ended with the exit code 3: why"):
        next(output)
