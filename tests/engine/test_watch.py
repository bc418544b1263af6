"""Watching sessions: what changes of real ones is told, soon, once, and over cuts."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.engine.conftest import Launch
from tests.nu.shell import eventually
from tests.stack.engine import Engine as Docker
from vibenv_core import listing, sessions, watch
from vibenv_core.engine import Engine
from vibenv_core.errors import NotFound
from vibenv_core.model import Usage
from vibenv_core.watching import Change

WITHIN_S = 10.0


class Watched:
    """The changes that a watch gives, on a thread of its own."""

    def __init__(self, engine: Engine, names: list[str] | None = None) -> None:
        self._changes: queue.SimpleQueue[Change | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(engine, names))
        self._thread.start()

    def _watch(self, engine: Engine, names: list[str] | None) -> None:
        for change in watch.watch(engine, names, cancelled=self._cancelled):
            self._changes.put(change)
        self._changes.put(None)

    def until(self, holds: Callable[[Change], bool]) -> list[Change]:
        """The changes up to the first that `holds`."""
        found: list[Change] = []
        deadline = time.monotonic() + WITHIN_S
        while not found or not holds(found[-1]):
            change = self._changes.get(timeout=max(deadline - time.monotonic(), 0.001))
            assert change is not None
            found.append(change)
        return found

    def events(self, *, until: str) -> list[str]:
        """The events up to one, but for what the sessions' programs do meanwhile."""
        found = self.until(lambda change: change.event == until)
        return [change.event for change in found if change.event not in ("activity", "clients", "keys")]

    def end(self) -> None:
        """End it, in a moment."""
        self._cancelled.set()
        self._thread.join(WITHIN_S)
        assert not self._thread.is_alive()

    def rest(self) -> list[Change]:
        """End it: what it gave that nobody took."""
        self.end()
        return list(iter(self._changes.get, None))


@pytest.fixture
def watched() -> Iterator[Callable[..., Watched]]:
    with contextlib.ExitStack() as ends:

        def begin(engine: Engine, names: list[str] | None = None) -> Watched:
            made = Watched(engine, names)
            ends.callback(made.end)
            return made

        yield begin


def test_a_life_of_a_session_is_told_in_order(
    stack: Engine, launch: Launch, watched: Callable[..., Watched]
) -> None:
    launch("before")
    changes = watched(stack)
    assert [(change.name, change.event) for change in changes.until(lambda _: True)] == [
        ("before", "present")
    ]
    launch("a")
    assert changes.events(until="started") == ["created", "started"]
    sessions.rename(stack, "a", "b")
    assert changes.events(until="renamed") == ["renamed"]
    sessions.stop(stack, "b", grace_s=0)
    ended = changes.until(lambda change: change.event == "ended")[-1]
    assert ended.name == "b"
    assert ended.activity is not None
    assert ended.activity.state == "exited"
    codes = {session.name: session.exit_code for session, _ in listing.listed(stack)}
    assert ended.activity.exit_code == codes["b"]
    sessions.start(stack, "b", cancelled=threading.Event())
    assert changes.events(until="started") == ["started"]
    sessions.remove(stack, "b", force=True)
    assert changes.events(until="removed") == ["ended", "removed"]


def test_what_a_program_says_is_in_the_list_and_told_at_once(
    stack: Engine, launch: Launch, watched: Callable[..., Watched]
) -> None:
    blocked = r"while [ ! -e /go ]; do sleep 0.02; done; printf '\033]7501;state=blocked:app=t\033\\'; "
    stamp = "date +%s.%N >/said; exec cat"
    launch("a", command=["sh", "-c", blocked + stamp])
    launch("other")
    changes = watched(stack, ["a"])
    changes.until(lambda change: change.event == "present")
    stack.exec_output("vibenv-a", ["touch", "/go"])
    last = changes.until(lambda change: change.activity is not None and change.activity.state == "blocked")[
        -1
    ]
    came = time.time()
    assert last.name == "a"
    assert last.activity is not None
    assert (last.activity.source, last.activity.app) == ("program", "t")
    assert came - float(stack.exec_output("vibenv-a", ["cat", "/said"])) < 0.1
    [(_, status), _] = listing.listed(stack)
    assert status is not None
    assert status.activity == last.activity


def test_a_name_that_is_no_session_is_refused(stack: Engine, launch: Launch) -> None:
    launch("a")
    with pytest.raises(NotFound, match="there is no session `nope`"):
        next(watch.watch(stack, ["a", "nope"], cancelled=threading.Event()))


def test_a_watch_that_nobody_wants_any_more_ends_at_once(
    stack: Engine, launch: Launch, watched: Callable[..., Watched]
) -> None:
    launch("a")
    changes = watched(stack)
    changes.until(lambda change: change.event == "present")
    began = time.monotonic()
    changes.end()
    assert time.monotonic() - began < 0.5


def test_what_sessions_take_is_told_again_and_again(stack: Engine, launch: Launch) -> None:
    launch("busy", command=["sh", "-c", "while :; do :; done"], cpus=0.5)
    launch("still")
    cancelled, taken = threading.Event(), list[tuple[str, Usage]]()
    for name, usage in watch.usage(stack, ["busy"], cancelled=cancelled):
        taken.append((name, usage))
        if len(taken) == 2:
            cancelled.set()
    assert {name for name, _ in taken} == {"busy"}
    assert taken[-1][1].cpu > 0.02


@pytest.mark.one_engine("28")
def test_over_a_restart_of_the_engine_nothing_is_told_twice_or_lost(
    engine: Engine, spare: Docker, watched: Callable[..., Watched]
) -> None:
    options = ["--label", "vibenv.session=a", "debian:stable-slim"]
    talk = "while :; do if [ -e /line ]; then cat /line; rm /line; fi; sleep 0.05; done"
    spare.docker("run", "--detach", "--name", "vibenv-a", *options, "sh", "-c", talk)
    try:
        _say(engine, "working", 1)
        eventually(lambda: engine.sessions_saying()[0][1], "its first line")
        changes = watched(engine)
        changes.until(lambda change: change.event == "present")
        spare.stop_daemon()
        changes.until(lambda change: change.event == "lost")
        spare.start_daemon()
        changes.until(lambda change: change.event == "back")
        _say(engine, "blocked", 2)
        [change] = changes.until(lambda _: True)
        assert change.activity is not None
        assert change.activity.state == "blocked"
        assert changes.rest() == []
    finally:
        spare.docker("rm", "--force", "vibenv-a")


def _say(engine: Engine, state: str, at: int) -> None:
    """Have the container `vibenv-a` say what a supervisor would."""
    activity = f'{{"state": "{state}", "since": {at}, "source": "program"}}'
    said = f'{{"at": {at}, "activity": {activity}, "title": "", "clients": [], "keys": null}}'
    engine.exec_output("vibenv-a", ["sh", "-c", f"echo '{said}' >/tmp/line; mv /tmp/line /line"])
