"""The sessions of a host as their user sees them: what each is doing, what is known of it, what it takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from . import replies, session_plan, statuses
from .errors import VibenvError
from .model import Session, SessionDetails, SessionState, Usage
from .supervisor.status import Status

if TYPE_CHECKING:
    from .engine import Engine

T = TypeVar("T")

_LOOK_JOBS = 8


def listed(engine: Engine) -> list[tuple[Session, Status | None]]:
    """All sessions of the engine's host, oldest first, and how each is, where that is known."""
    found = engine.sessions_saying()
    now = datetime.now(UTC)
    return [(session, statuses.status(session, said, now)) for session, said in found]


def details(engine: Engine) -> list[SessionDetails]:
    """As `listed`, with what only a look at each tells, less those that go meanwhile."""
    said = dict(engine.sessions_saying())
    looked = _each([*said], partial(engine.inspect, size=True))
    now, host = datetime.now(UTC), engine.host.name
    known = ((replies.session_details(found, host=host, now=now), said[session]) for session, found in looked)
    return [replace(each, status=statuses.status(each.session, line, now)) for each, line in known]


def usage(engine: Engine, names: Collection[str] | None = None) -> list[tuple[str, Usage]]:
    """What each session that runs takes of its host, oldest first, by name; takes a second or two.

    Of `names` only, unless None. Raises: NotFound (there is no session of such a name).
    """
    found = engine.sessions()
    check_named(names, found)
    running = [session for session in found if session.state is SessionState.RUNNING]
    wished = [session for session in running if names is None or session.name in names]
    return [(session.name, taken) for session, taken in _each(wished, engine.usage)]


def check_named(names: Collection[str] | None, found: Iterable[Session]) -> None:
    """Raises: NotFound, where one of `names` is none of the sessions `found`."""
    there = {session.name for session in found}
    for name in names or ():
        if name not in there:
            session_plan.find(name, None)


def _each(sessions: Sequence[Session], look: Callable[[str], T | None]) -> list[tuple[Session, T]]:
    """What looking at each session gives, by its container's id, less those that it gives nothing of."""
    # What it imports takes long, and the commands that look at one session need none of it.
    from . import batch

    looked: dict[str, T | None] = {}
    ids = [session.id for session in sessions]
    for outcome in batch.each(ids, look, jobs=_LOOK_JOBS, cancelled=threading.Event()):
        if isinstance(outcome.result, VibenvError):
            raise outcome.result
        looked[outcome.name] = outcome.result
    found = ((session, looked[session.id]) for session in sessions)
    return [(session, result) for session, result in found if result is not None]
