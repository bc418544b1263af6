"""Programs that run one after the other on a connection that is kept: each as if it were the first."""

import itertools
import os
import select
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.plain_session import NEVER, PlainEngine, session
from tests.core.test_exec import ALL_BYTES, is_gone, run, streamed
from tests.core.test_files import read, write
from tests.nu.shell import eventually
from vibenv_core import labels, running
from vibenv_core.errors import NotFound, Unreachable, WrongState
from vibenv_core.inside.framing import OUTPUT, RESULT

__all__ = ["session"]

KEPT = ("program", labels.container_name("a"))
LOOK = "pwd; env | sort; umask; ls /proc/self/fd; grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"


def test_one_process_runs_them_all(session: PlainEngine) -> None:
    assert run(session, "echo", "a").stdout == b"a\n"
    write(session, "f", ALL_BYTES)
    assert read(session, "f") == ALL_BYTES
    with pytest.raises(NotFound):
        read(session, "g")
    assert run(session, "no-such-program").exit_code == 127
    assert run(session, "cat", input=ALL_BYTES).stdout == ALL_BYTES
    assert len(session.started) == 1


def test_a_later_one_finds_what_the_first_one_found(session: PlainEngine) -> None:
    (session.folder / "sub").mkdir()
    cold = run(session, "sh", "-c", LOOK).stdout
    run(session, "true", env={"PATH": os.environ["PATH"], "LEFT": "1"}, workdir="sub")
    run(session, "no-such-program", env={"LEFT": "2"})
    with pytest.raises(NotFound):
        run(session, "true", workdir="nowhere")
    assert run(session, "sh", "-c", LOOK).stdout == cold
    assert len(session.started) == 1


def test_nothing_of_a_request_stays_to_be_read(session: PlainEngine) -> None:
    run(session, "true", env={"TOKEN": "secret-of-the-first"})
    environ = f"cat /proc/{session.started[0].pid}/environ"
    assert b"secret-of-the-first" not in run(session, "sh", "-c", environ).stdout


def test_what_a_program_did_not_read_is_not_the_next_ones(session: PlainEngine) -> None:
    rest = iter([b"first\n", b"second\n"] + [bytes(65536)] * 20)
    assert run(session, "head", "-n1", input=rest).stdout == b"first\n"
    assert run(session, "cat", input=b"mine").stdout == b"mine"
    assert run(session, "cat", input=[b"mi", b"ne"]).stdout == b"mine"


def test_no_descriptor_and_no_process_stays_of_those_that_have_ended(session: PlainEngine) -> None:
    run(session, "true")
    pid = session.started[0].pid
    before = sorted(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  # names of numbers
    for argv in (["true"], ["no-such-program"], ["sh", "-c", "sleep 60 & echo $!"]):
        done = run(session, *argv, input=[b"x"])
    left = int(done.stdout)  # type: ignore[possibly-undefined]
    assert sorted(os.listdir(f"/proc/{pid}/fd")) == before  # noqa: PTH208  # likewise
    assert not is_gone(left)
    os.kill(left, signal.SIGKILL)
    assert len(session.started) == 1


def test_several_at_once_have_one_each(session: PlainEngine) -> None:
    run(session, "true")
    first, second = (streamed(session, "sh", "-c", "echo begun; cat", input=iter(_held())) for _ in "ab")
    assert (next(first), next(second)) == (b"begun\n", b"begun\n")
    assert len(session.started) == 2
    for output in (first, second):
        output.close()  # type: ignore[attr-defined]


def test_who_is_slow_to_take_the_last_word_hears_nothing_of_the_next_program(session: PlainEngine) -> None:
    (session.folder / "f").write_bytes(ALL_BYTES)
    asked = {"path": "f", "bulk": False}
    slow = running.run(session.as_engine, "a", "read_file", asked, cancelled=NEVER)
    assert [next(slow)[0], next(slow)[0]] == [OUTPUT, RESULT]
    server = session.kept.take(KEPT)
    assert server is not None
    session.kept.give(KEPT, server)
    output = streamed(session, "sh", "-c", "echo a; until [ -e go ]; do sleep 0.01; done; echo b")
    assert next(output) == b"a\n"
    (session.folder / "go").touch()
    assert select.select([server], [], [], 10)[0]
    assert next(slow, None) is None
    assert list(output) == [b"b\n"]
    assert len(session.started) == 1


def _held() -> Iterator[bytes]:
    threading.Event().wait(2)
    yield from ()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_one_that_was_killed_meanwhile_is_replaced(session: PlainEngine, number: signal.Signals) -> None:
    run(session, "true")
    server = session.started[0]
    server.send_signal(number)
    if number == signal.SIGSTOP:  # it dies with the next request before it
        threading.Timer(0.2, server.kill).start()
    else:
        server.wait(10)
    session.way = None  # this machine's engine: what it does not say was not said
    assert run(session, "sh", "-c", "echo x >>f; cat f").stdout == b"x\n"
    assert len(session.started) == 2


def test_over_a_way_one_that_may_have_begun_is_not_run_again(session: PlainEngine) -> None:
    run(session, "true")
    server = session.started[0]
    server.send_signal(signal.SIGSTOP)
    threading.Timer(0.2, server.kill).start()
    with pytest.raises(Unreachable, match="whether it did what it was asked is not known"):
        run(session, "sh", "-c", "echo x >>f")
    assert len(session.started) == 1


def test_a_call_that_is_left_ends_what_ran_and_the_next_is_a_new_one(session: PlainEngine) -> None:
    run(session, "true")
    with pytest.raises(WrongState, match="took too long"):
        run(session, "sleep", "61", timeout_s=0.2)
    output: Any = streamed(session, "sh", "-c", "echo $$; exec sleep 60", input=itertools.repeat(b"x"))
    pid = int(next(output))
    output.close()
    eventually(lambda: is_gone(pid), "the end of the program", within_s=10)
    assert run(session, "echo", "again").stdout == b"again\n"
    assert len(session.started) == 3


def test_where_its_folder_is_gone_nothing_is_run_in_another(session: PlainEngine) -> None:
    run(session, "true")
    session.folder.rmdir()
    session.way = None
    with pytest.raises(FileNotFoundError):  # as this engine says it, which was asked anew
        run(session, "pwd")


def test_a_server_that_is_not_wanted_any_longer_ends(session: PlainEngine) -> None:
    run(session, "true")
    session.kept.close()
    assert session.started[0].wait(10) == 0
