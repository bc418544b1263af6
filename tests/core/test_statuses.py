"""What a session is said to be doing, from its container and its supervisor's last line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vibenv_core import statuses
from vibenv_core.model import Session, SessionState
from vibenv_core.supervisor.status import Activity, Keys, Present, Status, line

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RUNNING = Session(
    name="a",
    id="1",
    state=SessionState.RUNNING,
    created=NOW - timedelta(days=1),
    uptime=timedelta(hours=1),
    image="i",
    command=(),
    version="1",
    host="here",
)
STOPPED = replace(
    RUNNING, state=SessionState.STOPPED, uptime=None, exit_code=137, downtime=timedelta(minutes=2)
)
PERSON = Present("anna", True, "frames", 24, 80, False, True)
BLOCKED = Status(5.0, Activity("blocked", 4.0, "program"), "t", (PERSON,), Keys("anna", True, 8.0))
EXITED = Status(9.0, Activity("exited", 9.0, "exit", exit_code=0))


def test_one_that_runs_is_as_it_said_last() -> None:
    assert statuses.status(RUNNING, line(BLOCKED), NOW) == BLOCKED
    assert statuses.status(replace(RUNNING, state=SessionState.PAUSED), line(BLOCKED), NOW) == BLOCKED


def test_one_that_says_nothing_that_is_known_is_of_no_known_status() -> None:
    assert statuses.status(RUNNING, b"", NOW) is None
    assert statuses.status(RUNNING, b"READY", NOW) is None
    assert statuses.status(replace(RUNNING, state=SessionState.CREATED, uptime=None), b"", NOW) is None


def test_what_it_said_before_it_was_started_again_is_not_how_it_is() -> None:
    assert statuses.status(RUNNING, line(EXITED), NOW) is None


def test_one_that_was_killed_has_exited_since_the_engine_says_so_and_nobody_is_there() -> None:
    found = statuses.status(STOPPED, line(BLOCKED), NOW)
    assert found is not None
    since = (NOW - timedelta(minutes=2)).timestamp()
    assert found.activity == Activity("exited", since, "exit", exit_code=137)
    assert (found.clients, found.keys) == ((), None)
    assert statuses.status(STOPPED, b"", NOW) == found._replace(title="")


def test_one_that_ended_by_itself_tells_when_and_the_engine_with_what_code() -> None:
    found = statuses.status(STOPPED, line(EXITED), NOW)
    assert found is not None
    assert found.activity == Activity("exited", 9.0, "exit", exit_code=137)
