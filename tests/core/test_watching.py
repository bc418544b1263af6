"""What is new of sessions, from what an engine and supervisors say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vibenv_core.model import Session, SessionState
from vibenv_core.supervisor.status import Activity, Keys, Present, Status, line
from vibenv_core.watching import Change, Watch

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SESSION = Session(
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
OTHER = replace(SESSION, name="b", id="2")
STOPPED = replace(
    SESSION, state=SessionState.STOPPED, uptime=None, exit_code=137, downtime=timedelta(minutes=2)
)
ANNA = Present("anna", True, "frames", 24, 80, False, True)
KEYS = Keys("anna", True, 9.0)


def said(at: float, state: str, **more: Any) -> bytes:
    return line(Status(at, Activity(state, at, "program"), **more))


def event(action: str, container: str = "1", name: str = "a", **attributes: str) -> dict[str, Any]:
    actor = {"ID": container, "Attributes": {"name": f"vibenv-{name}", "vibenv.session": name, **attributes}}
    return {"Type": "container", "Action": action, "Actor": actor, "timeNano": 5_000_000_000}


def told(changes: Iterable[Change]) -> list[tuple[str | None, str, str | None]]:
    """Each change by name, event and state."""
    return [(change.name, change.event, change.activity and change.activity.state) for change in changes]


@pytest.fixture
def watch() -> Watch:
    """A watch that found the session `a` working."""
    watch = Watch()
    assert told(watch.found([(SESSION, said(1, "working"))], NOW)) == [("a", "present", "working")]
    return watch


def test_each_session_is_told_as_it_is_at_first_whatever_is_known_of_it() -> None:
    blocked = said(1, "blocked", clients=(ANNA,), keys=KEYS)
    first, second, third = Watch().found(
        [(SESSION, blocked), (OTHER, b"READY"), (replace(STOPPED, id="3", name="c"), b"")], NOW
    )
    assert (first.activity and first.activity.state, first.clients, first.keys) == ("blocked", 1, KEYS)
    assert told([second, third]) == [("b", "present", None), ("c", "present", "exited")]


def test_a_change_of_activity_is_told_once(watch: Watch) -> None:
    assert told(watch.said("1", said(2, "blocked"))) == [("a", "activity", "blocked")]
    assert told(watch.said("1", said(2, "blocked"))) == []


def test_a_line_without_a_change_is_none(watch: Watch) -> None:
    assert told(watch.said("1", line(Status(2, Activity("working", 1, "program"), title="other")))) == []


def test_clients_and_keys_are_changes_of_their_own_that_have_no_state(watch: Watch) -> None:
    working = Activity("working", 1, "program")
    changes = list(watch.said("1", line(Status(2, working, clients=(ANNA,), keys=KEYS))))
    assert told(changes) == [("a", "clients", None), ("a", "keys", None)]
    assert (changes[0].clients, changes[1].keys) == (1, KEYS)
    longer = Status(3, working, clients=(ANNA,), keys=KEYS._replace(until=12.0))
    assert told(watch.said("1", line(longer))) == []
    assert told(watch.said("1", line(Status(4, working, clients=(ANNA,))))) == [("a", "keys", None)]


def test_lines_that_an_engine_gives_again_are_not_told_again(watch: Watch) -> None:
    lines = [said(2, "blocked"), said(3, "working"), said(4, "done")]
    for each in lines:
        list(watch.said("1", each))
    assert [told(watch.said("1", each)) for each in lines] == [[], [], []]


@pytest.mark.parametrize("junk", [b"", b"READY", b"{}", b'{"at":9}', b"\xff", b"[" * 100_000])
def test_what_is_no_status_changes_nothing(watch: Watch, junk: bytes) -> None:
    assert told(watch.said("1", junk)) == []


def test_an_end_is_told_once_with_its_exit_code(watch: Watch) -> None:
    assert told(watch.said("1", said(3, "exited"))) == []
    [ended] = watch.happened(event("die", exitCode="7"))
    assert ended.activity == Activity("exited", 3, "program", exit_code=7)
    assert told(watch.happened(event("die", exitCode="7"))) == []
    assert watch.running() == set()


def test_one_that_is_killed_has_exited_when_the_engine_says_so(watch: Watch) -> None:
    [ended] = watch.happened(event("die", exitCode="137"))
    assert ended.activity == Activity("exited", 5.0, "exit", exit_code=137)


def test_what_was_said_before_a_start_is_not_told_after_it(watch: Watch) -> None:
    list(watch.happened(event("die", exitCode="137")))
    assert told(watch.happened(event("start"))) == [("a", "started", None)]
    assert told(watch.said("1", said(1, "working"))) == []
    assert told(watch.said("1", said(6, "working"))) == [("a", "activity", "working")]


def test_a_life_from_creation_to_removal(watch: Watch) -> None:
    events = [
        event("create", "9", "n"),
        event("start", "9", "n"),
        event("pause", "9", "n"),
        event("pause", "9", "n"),
        event("unpause", "9", "n"),
        event("rename", "9", "m", oldName="/vibenv-n"),
        event("die", "9", "m", exitCode="0"),
        event("destroy", "9", "m"),
        event("destroy", "9", "m") | {"Action": "start"},
    ]
    changes = [change for each in events for change in watch.happened(each)]
    assert [change.event for change in changes] == [
        *("created", "started", "paused", "unpaused", "renamed", "ended", "removed")
    ]
    assert [change.name for change in changes] == ["n", "n", "n", "n", "m", "m", "m"]
    assert changes[4].message == "was n"


def test_a_container_that_only_has_the_label_is_no_session(watch: Watch) -> None:
    foreign = event("create", "9")
    foreign["Actor"]["Attributes"]["name"] = "web"
    assert told(watch.happened(foreign)) == []


def test_only_those_that_were_named_are_told_under_any_later_name() -> None:
    watch = Watch({"a"})
    assert told(watch.found([(SESSION, b""), (OTHER, b"")], NOW)) == [("a", "present", None)]
    assert told(watch.happened(event("die", "2", "b", exitCode="1"))) == []
    assert told(watch.happened(event("rename", name="z"))) == [("z", "renamed", None)]
    assert told(watch.said("1", said(2, "done"))) == [("z", "activity", "done")]
    assert told(watch.happened(event("create", "9", "a"))) == [("a", "created", None)]


def test_a_cut_is_told_once_and_so_is_its_end(watch: Watch) -> None:
    assert told([*watch.lost(NOW, "why"), *watch.lost(NOW, "why")]) == [(None, "lost", None)]
    assert told(watch.found([(SESSION, said(1, "working"))], NOW)) == [(None, "back", None)]
    assert told(watch.found([(SESSION, said(1, "working"))], NOW)) == []


@pytest.mark.parametrize(
    ("there", "changes"),
    [
        ([(SESSION, said(2, "blocked"))], [("a", "activity", "blocked")]),
        ([(SESSION, said(1, "working")), (OTHER, said(1, "done"))], [("b", "present", "done")]),
        ([(STOPPED, said(1, "working"))], [("a", "ended", "exited")]),
        ([(replace(SESSION, name="z"), said(1, "working"))], [("z", "renamed", None)]),
        ([], [("a", "ended", "exited"), ("a", "removed", None)]),
    ],
)
def test_after_a_cut_what_has_changed_meanwhile_is_told(
    watch: Watch, there: list[tuple[Session, bytes]], changes: list[tuple[str, str, str | None]]
) -> None:
    assert told(watch.found(there, NOW)) == changes
    assert told(watch.found(there, NOW)) == []


def test_one_that_was_started_again_during_a_cut_is_told_so(watch: Watch) -> None:
    list(watch.found([(STOPPED, b"")], NOW))
    again = [(SESSION, said(7, "working"))]
    assert told(watch.found(again, NOW)) == [("a", "started", None), ("a", "activity", "working")]
