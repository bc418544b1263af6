"""What is new of a host's sessions, from what the engine lists and reports and what supervisors say. Pure.

The engine may say a thing twice, and after a cut all of it again: of what is known already nothing is new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import labels, statuses
from .model import Session, SessionState
from .statuses import EXITED
from .supervisor.status import Activity, Keys, Present, Status, parse

_RUNS = (SessionState.RUNNING, SessionState.PAUSED)
_EVENTS = {
    "create": "created",
    "start": "started",
    "die": "ended",
    "destroy": "removed",
    "rename": "renamed",
    "pause": "paused",
    "unpause": "unpaused",
}
ACTIONS = tuple(_EVENTS)
"""The engine's events that are asked for, by its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is new."""

    time: datetime
    """By the clock of the session's host."""
    name: str | None
    """None for what is of no session: `lost` and `back`, of the host."""
    event: str
    """present (how a session was found), activity, clients, keys; created, started, ended, removed, renamed,
    paused, unpaused; lost, back."""
    activity: Activity | None = None
    """Only with present, activity and ended: so each is told once."""
    clients: int | None = None
    """Only with present and clients."""
    keys: Keys | None = None
    """Only with present and keys; None when nobody types."""
    message: str | None = None


@dataclass(slots=True)
class _Seen:
    """What is known of a session."""

    name: str
    state: SessionState
    at: float = 0.0
    """When its supervisor said what it said last."""
    activity: Activity | None = None
    clients: tuple[Present, ...] = ()
    keys: Keys | None = None


@dataclass(slots=True)
class Watch:
    """What is known. `names` are the sessions that matter, None: all; one that is renamed stays one."""

    names: Collection[str] | None = None
    _seen: dict[str, _Seen] = field(default_factory=dict)
    """By the container's id."""
    _lost: bool = False
    _told: bool = False

    @property
    def is_new(self) -> bool:
        """Whether it was never told what there is."""
        return not self._told

    def name(self, container: str) -> str | None:
        """The session's name, None for one that does not matter, or is gone."""
        return self._seen[container].name if container in self._seen else None

    def running(self) -> set[str]:
        """The containers whose supervisors have something to say."""
        return {container for container, seen in self._seen.items() if seen.state in _RUNS}

    def lost(self, now: datetime, why: str) -> Iterator[Change]:
        """The engine cannot be asked for now."""
        if not self._lost:
            self._lost = True
            yield Change(time=now, name=None, event="lost", message=why)

    def found(self, listed: Iterable[tuple[Session, bytes]], now: datetime) -> Iterator[Change]:
        """All sessions that there are, each with its supervisor's last line: at the begin, after a cut."""
        self._told = True
        if self._lost:
            self._lost = False
            yield Change(time=now, name=None, event="back")
        there = {session.id: (session, said) for session, said in listed}
        for container in [container for container in self._seen if container not in there]:
            yield from self._removed(container, now)
        for container, (session, said) in there.items():
            if container in self._seen:
                yield from self._again(self._seen[container], session, said, now)
            elif self._matters(session.name):
                yield self._first(session, said, now)

    def happened(self, event: Mapping[str, Any]) -> Iterator[Change]:
        """An event of the engine's, about a container. Raises: LookupError, TypeError, ValueError.

        Source: Engine API v1.41, GET /events.
        """
        container, attributes = event["Actor"]["ID"], event["Actor"]["Attributes"]
        now = datetime.fromtimestamp(event["timeNano"] / 1e9, UTC)
        action = event["Action"]
        name = labels.session_of(attributes["name"])
        seen = self._seen.get(container)
        if seen is None:
            is_session = labels.is_session(attributes["name"], attributes)
            if action == "create" and is_session and self._matters(name):
                self._seen[container] = _Seen(name, SessionState.CREATED)
                yield Change(time=now, name=name, event=_EVENTS[action])
        elif action == "start":
            yield from self._started(seen, now)
        elif action == "die":
            yield from self._ended(seen, now, int(attributes["exitCode"]))
        elif action == "destroy":
            yield from self._removed(container, now)
        elif action == "rename":
            yield from self._renamed(seen, name, now)
        elif action in ("pause", "unpause"):
            state = SessionState.PAUSED if action == "pause" else SessionState.RUNNING
            if seen.state is not state:
                seen.state = state
                yield Change(time=now, name=seen.name, event=_EVENTS[action])

    def said(self, container: str, line: bytes) -> Iterator[Change]:
        """A line of a supervisor's; where the engine reads its log anew, old ones come again."""
        seen, status = self._seen.get(container), parse(line)
        if seen is None or status is None or status.at <= seen.at:
            return
        seen.at = status.at
        if status.activity.state == EXITED:
            seen.activity = status.activity
            return  # the engine tells when it has ended, and how
        yield from self._news(seen, status)

    def _matters(self, name: str) -> bool:
        return self.names is None or name in self.names

    def _first(self, session: Session, said: bytes, now: datetime) -> Change:
        seen = self._seen[session.id] = _Seen(session.name, session.state)
        status = statuses.status(session, said, now)
        if status is not None:
            seen.activity, seen.clients, seen.keys = status.activity, status.clients, status.keys
        if (line := parse(said)) is not None:
            seen.at = line.at
        return Change(
            time=now,
            name=seen.name,
            event="present",
            activity=seen.activity,
            clients=len(seen.clients),
            keys=seen.keys,
        )

    def _again(self, seen: _Seen, session: Session, said: bytes, now: datetime) -> Iterator[Change]:
        yield from self._renamed(seen, session.name, now)
        runs = session.state in _RUNS
        if runs and seen.state not in _RUNS:
            yield from self._started(seen, now)
        if not runs and seen.state in _RUNS:
            self._heard(seen, said)
            yield from self._ended(seen, now, session.exit_code)
        seen.state = session.state
        if runs:
            yield from self.said(session.id, said)

    def _heard(self, seen: _Seen, line: bytes) -> None:
        """What it said last of all, of which only how it ended matters."""
        status = parse(line)
        if status is not None and status.activity.state == EXITED:
            seen.at, seen.activity = status.at, status.activity

    def _started(self, seen: _Seen, now: datetime) -> Iterator[Change]:
        if seen.state not in _RUNS:
            seen.state, seen.activity = SessionState.RUNNING, None
            yield Change(time=now, name=seen.name, event="started")

    def _ended(self, seen: _Seen, now: datetime, exit_code: int | None) -> Iterator[Change]:
        if seen.state not in _RUNS:
            return
        seen.state, seen.clients, seen.keys = SessionState.STOPPED, (), None
        ended = seen.activity
        if ended is None or ended.state != EXITED:  # it was killed
            ended = Activity(EXITED, now.timestamp(), source="exit")
        seen.activity = ended._replace(exit_code=exit_code)
        yield Change(time=now, name=seen.name, event="ended", activity=seen.activity)

    def _removed(self, container: str, now: datetime) -> Iterator[Change]:
        seen = self._seen.pop(container)
        yield from self._ended(seen, now, None)
        yield Change(time=now, name=seen.name, event="removed")

    def _renamed(self, seen: _Seen, name: str, now: datetime) -> Iterator[Change]:
        if name != seen.name:
            old, seen.name = seen.name, name
            yield Change(time=now, name=name, event="renamed", message=f"was {old}")

    def _news(self, seen: _Seen, status: Status) -> Iterator[Change]:
        now = datetime.fromtimestamp(status.at, UTC)
        if status.activity != seen.activity:
            seen.activity = status.activity
            yield Change(time=now, name=seen.name, event="activity", activity=status.activity)
        if status.clients != seen.clients:
            seen.clients = status.clients
            yield Change(time=now, name=seen.name, event="clients", clients=len(status.clients))
        if _holder(status.keys) != _holder(seen.keys):
            yield Change(time=now, name=seen.name, event="keys", keys=status.keys)
        seen.keys = status.keys


def _holder(keys: Keys | None) -> tuple[str, bool] | None:
    return keys and (keys.author, keys.person)
