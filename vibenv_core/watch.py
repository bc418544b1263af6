"""Watches the sessions of a host: what changes is told as it does, over cuts of the way there too.

All that takes is a thread, a connection for the engine's events, and one for each session that runs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from . import labels, replies
from .errors import Interrupted, Unreachable
from .listing import check_named
from .model import Usage
from .multiplexed import Multiplexed
from .watching import ACTIONS, Change, Watch

if TYPE_CHECKING:
    from .engine import Engine
    from .following import Following

_WAKE_S = 0.05
"""How late a watch may end."""
_ASK_S = 15.0
"""How often the engine is asked whether it is still there: what is followed may be silent for days."""
_AGAIN_S = 1.0
"""How long to wait before something is followed again that has ended, though its session seems to run."""
_PAUSES_S = (0.1, 0.3, 1.0, 3.0)
"""Between attempts to reach the engine again; the last of them for as long as it takes."""
_LONGEST_LINE = 1 << 16
_EVENTS = "events"


class _Line(NamedTuple):
    """One of what is followed of a session."""

    container: str
    line: bytes


class _Kind(NamedTuple):
    """What is followed of sessions."""

    path: str
    """Behind the container's."""
    framed: bool
    """Whether it is in the frames of standard output and standard error."""


_LOGS = _Kind("logs?stdout=1&follow=1&tail=1", framed=True)
_STATS = _Kind("stats?stream=1", framed=False)


def watch(engine: Engine, names: Collection[str] | None, *, cancelled: threading.Event) -> Iterator[Change]:
    """How each session is, and then each change, until `cancelled` is set; of `names` only, unless None.

    Where the engine cannot be asked any more, that is a change, and so is that it can be again.

    Raises: NotFound (there is no session of such a name); Unreachable, when it cannot be asked at first.
    """
    known = Watch(names)
    for news in _attended(engine, known, _LOGS, cancelled):
        if isinstance(news, Change):
            yield news
        else:
            yield from known.said(news.container, news.line)


def usage(
    engine: Engine, names: Collection[str] | None, *, cancelled: threading.Event
) -> Iterator[tuple[str, Usage]]:
    """What each session that runs takes of its host, about every second, by name; otherwise as `watch`."""
    known = Watch(names)
    for news in _attended(engine, known, _STATS, cancelled):
        if isinstance(news, _Line) and (name := known.name(news.container)) is not None:
            stats = json.loads(news.line)
            # The first has nothing to compare with.
            if stats["precpu_stats"].get("system_cpu_usage") and (taken := replies.usage(stats)) is not None:
                yield name, taken


def _attended(
    engine: Engine, known: Watch, kind: _Kind, cancelled: threading.Event
) -> Iterator[Change | _Line]:
    """Changes and lines, over cuts: after one, what there is then is compared to what was known."""
    failed = 0
    while not cancelled.is_set():
        try:
            with engine.following() as following:
                for news in _Attending(engine, known, kind, following).news(cancelled):
                    failed = 0
                    yield news
        except Interrupted:
            return
        except Unreachable as error:
            if known.is_new:
                raise
            yield from known.lost(_now(), error.message)
        cancelled.wait(_PAUSES_S[min(failed, len(_PAUSES_S) - 1)])
        failed += 1


class _Attending:
    """What comes of the sessions for as long as the way to the engine holds."""

    def __init__(self, engine: Engine, known: Watch, kind: _Kind, following: Following) -> None:
        self._engine = engine
        self._known = known
        self._kind = kind
        self._following = following
        self._lines: dict[str, _Lines] = {}
        self._ended: dict[str, float] = {}
        """When what was followed of a session has ended."""

    def news(self, cancelled: threading.Event) -> Iterator[Change | _Line]:
        """All of it until the way is cut. Raises: Unreachable, NotFound, Interrupted."""
        yield from self._begin()
        asked = monotonic()
        while not cancelled.is_set():
            self._follow()
            for key, data in self._following.wait(_WAKE_S):
                if not data and key == _EVENTS:
                    return
                yield from self._came(key, data)
                if cancelled.is_set():
                    return
            if monotonic() - asked > _ASK_S:
                self._engine.ping()
                asked = monotonic()

    def _came(self, key: str, data: bytes) -> Iterator[Change | _Line]:
        if not data:
            self._ended[key] = monotonic()
        for line in self._lines[key].feed(data):
            if key != _EVENTS:
                yield _Line(key, line)
                continue
            try:
                changes = [*self._known.happened(json.loads(line))]
            except (LookupError, TypeError, ValueError):
                continue  # another engine than Docker's may say something else
            for change in changes:
                if change.event == "started":
                    self._ended.clear()
                yield change

    def _begin(self) -> Iterator[Change]:
        self._engine.ping()  # mends the way, so that what follows finds it
        self._open(_EVENTS, _events_path(), framed=False)
        listed = self._engine.sessions_saying()
        if self._known.is_new:
            check_named(self._known.names, (session for session, _ in listed))
        yield from self._known.found(listed, _now())

    def _follow(self) -> None:
        """Follow all sessions that run and are not followed."""
        due = monotonic() - _AGAIN_S
        for container in self._known.running() - self._following.opened():
            if self._ended.get(container, 0.0) <= due:
                path = f"/containers/{container}/{self._kind.path}"
                self._open(container, path, framed=self._kind.framed)

    def _open(self, key: str, path: str, *, framed: bool) -> None:
        self._lines[key] = _Lines(framed)
        self._engine.follow(self._following, key, path)


class _Lines:
    """The lines of a stream that comes in pieces."""

    def __init__(self, framed: bool) -> None:
        self._frames = Multiplexed() if framed else None
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Those that are whole now; one that is too long to be one of ours is left out."""
        self._rest += data if self._frames is None else self._frames.feed(data)
        *lines, self._rest = self._rest.split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            self._rest = b""
        return lines


def _events_path() -> str:
    wanted = {"type": ["container"], "label": [labels.SESSION], "event": list(ACTIONS)}
    return f"/events?filters={quote(json.dumps(wanted))}"


def _now() -> datetime:
    return datetime.now(UTC)
