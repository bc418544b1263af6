"""Connections into sessions, kept for the next use: one takes two round trips, and starts a process there."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, NamedTuple, Protocol, TypeVar

_MOST = 64
IDLE_S = 60.0
"""So long a connection is kept that nobody uses."""


class Connection(Protocol):
    """What can be kept: nothing comes over it while nobody uses it, but its end."""

    def fileno(self) -> int:
        """For select."""

    def close(self) -> None:
        """End it."""


U = TypeVar("U")
C = TypeVar("C", bound=Connection)


class _Idle(NamedTuple, Generic[U, C]):
    use: U
    connection: C
    since: float


class Kept(Generic[U, C]):
    """Connections by what they are of use for. Several threads may ask at once; each is used by one."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[_Idle[U, C]] = []
        """The one that was used last at the end."""

    def take(self, use: U) -> C | None:
        """The one of them that was used last, which is not kept any more; None if none is there still."""
        while True:
            with self._lock:
                found = next((each for each in reversed(self._idle) if each.use == use), None)
                if found is None:
                    return None
                self._idle.remove(found)
            if not select.select([found.connection], [], [], 0)[0]:
                return found.connection
            found.connection.close()

    def give(self, use: U, connection: C) -> None:
        """Keep one that is at rest; where there are too many, the one that has waited longest goes."""
        with self._lock:
            self._idle.append(_Idle(use, connection, self._clock()))
            gone, self._idle = self._idle[:-_MOST], self._idle[-_MOST:]
        _close(gone)

    def expire(self) -> float | None:
        """Close what was not used for `IDLE_S`; in how many seconds the next is due, None if none is left."""
        now = self._clock()
        with self._lock:
            gone = [each for each in self._idle if each.since + IDLE_S <= now]
            self._idle = self._idle[len(gone) :]
            due = self._idle[0].since + IDLE_S - now if self._idle else None
        _close(gone)
        return due

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            gone, self._idle = self._idle, []
        _close(gone)


def _close(gone: list[_Idle[U, C]]) -> None:
    for each in gone:
        each.connection.close()
