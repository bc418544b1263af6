"""The volumes that sessions' terminals are recorded on: there with the session, and gone with it."""

import threading
from collections.abc import Callable

import pytest

from tests.engine.conftest import Launch
from tests.nu.shell import eventually
from vibenv_core import kept_logs, labels, listing, log, sessions
from vibenv_core.engine import Engine
from vibenv_core.errors import NotFound, VibenvError
from vibenv_core.supervisor import LOG_FOLDER


def recordings(engine: Engine) -> list[str]:
    """The volumes of recordings that are there, sessions' or kept ones."""
    return [volume.name for volume in engine.volumes(labels.LOG)]


def recorded(engine: Engine, name: str) -> str:
    """What a session's terminal has shown, as it is recorded."""
    path = f"{LOG_FOLDER}/session.cast"
    return b"".join(engine.read_file(labels.container_name(name), path)).decode()


def test_a_session_is_recorded_on_a_volume_of_its_own_that_goes_with_it(
    stack: Engine, launch: Launch
) -> None:
    for name in ("a", "b"):
        launch(name, command=["sh", "-c", f"echo this is {name}; exec cat"])
    eventually(lambda: "this is a" in recorded(stack, "a"), "the recording of `a`")
    eventually(lambda: "this is b" in recorded(stack, "b"), "the recording of `b`")
    logs = {details.session.name: details.log for details in listing.details(stack)}
    assert sorted(filter(None, logs.values())) == recordings(stack)
    sessions.remove(stack, "a", force=True)
    assert recordings(stack) == [logs["b"]]


def test_a_recording_can_be_kept_and_is_then_not_the_next_sessions(stack: Engine, launch: Launch) -> None:
    launch("a")
    (kept,) = recordings(stack)
    sessions.remove(stack, "a", force=True, keep_log=True)
    assert (stack.volume_labels(kept) or {})[labels.LOG] == "a"
    launch("a")
    (log,) = (details.log for details in listing.details(stack))
    assert log != kept
    sessions.remove(stack, "a", force=True)
    assert recordings(stack) == [kept]
    stack.remove_volume(kept)


def test_a_renamed_session_keeps_its_recording_and_takes_it_along(stack: Engine, launch: Launch) -> None:
    launch("a")
    before = recordings(stack)
    sessions.rename(stack, "a", "b")
    assert [details.log for details in listing.details(stack)] == before
    sessions.remove(stack, "b", force=True)
    assert recordings(stack) == []


@pytest.mark.parametrize("why", ["no program", "taken", "limit"])
def test_a_launch_that_fails_leaves_no_volume(stack: Engine, launch: Launch, why: str) -> None:
    failing: dict[str, Callable[[], object]] = {
        "no program": lambda: launch("b", command=["no-such-program"]),
        "taken": lambda: launch("a"),
        "limit": lambda: launch("b", memory=1000),
    }
    launch("a")
    before = recordings(stack)
    with pytest.raises(VibenvError):
        failing[why]()
    assert recordings(stack) == before


def test_what_is_started_again_is_recorded_further(stack: Engine, launch: Launch) -> None:
    launch("a", command=["sh", "-c", "echo here; exec cat"])
    eventually(lambda: recorded(stack, "a").count("here") == 1, "the first line")
    sessions.stop(stack, "a", grace_s=1)
    sessions.start(stack, "a", cancelled=threading.Event())
    eventually(lambda: recorded(stack, "a").count("here") == 2, "the second line")


NEVER = threading.Event()


def text(engine: Engine, name: str, *, kept: bool = False) -> str:
    """What a session has shown, running, stopped or removed."""
    return "".join(log.read(engine, name, kept=kept, cancelled=NEVER).text())


def test_a_recording_is_read_of_a_session_that_runs_that_is_stopped_and_that_is_no_more(
    stack: Engine, launch: Launch
) -> None:
    launch("a", command=["sh", "-c", "echo first; exec cat"])
    eventually(lambda: text(stack, "a") == "first\n", "what it shows")
    sessions.stop(stack, "a", grace_s=1)
    assert text(stack, "a") == "first\n"
    sessions.remove(stack, "a", keep_log=True)
    assert text(stack, "a") == "first\n"
    launch("a", command=["sh", "-c", "echo second; exec cat"])
    eventually(lambda: text(stack, "a") == "second\n", "what the new one shows")
    assert text(stack, "a", kept=True) == "first\n"
    (kept,) = kept_logs.kept(stack)
    assert kept.labels[labels.LOG] == "a"
    kept_logs.remove(stack, kept)
    with pytest.raises(NotFound):
        text(stack, "a", kept=True)
    assert stack.mounted(labels.LOG_READER) == {}


def test_a_session_that_docker_removed_leaves_its_recording_to_be_read(stack: Engine, launch: Launch) -> None:
    launch("a", command=["sh", "-c", "echo here; exec cat"])
    eventually(lambda: text(stack, "a") == "here\n", "what it shows")
    stack.remove(labels.container_name("a"), force=True)
    assert text(stack, "a") == "here\n"


def test_a_session_can_be_entered_while_its_recording_is_read_slowly(stack: Engine, launch: Launch) -> None:
    launch("a", command=["sh", "-c", "seq 1 3000000; exec cat"])
    eventually(lambda: recorded(stack, "a").endswith('3000000\\r\\n"]\n'), "all that it prints")
    reading = log.read(stack, "a", cancelled=NEVER)
    begun = next(reading.lines)
    assert stack.exec_output(labels.container_name("a"), ["echo", "entered"]) == "entered\n"
    assert b"".join((begun, *reading.lines)).endswith(b'3000000\\r\\n"]\n')


def test_who_follows_a_session_sees_all_until_its_end(stack: Engine, launch: Launch) -> None:
    launch("a", command=["sh", "-c", "echo begun; until test -e /go; do sleep 0.05; done; seq 1 20000"])
    lines = log.read(stack, "a", follow=True, cancelled=NEVER).text(at_once=True)
    assert next(lines) == "begun\n"
    stack.exec_output(labels.container_name("a"), ["touch", "/go"])
    assert "".join(lines).splitlines() == [str(number) for number in range(1, 20001)]
