"""Connections into sessions, kept by their names for as long as these lead to the same sessions.

While any are kept the engine is listened to, on a connection beside: at the first rename all of them go, be
it by this process or another one. A session that is removed ends its connections itself.

Source: Engine API v1.41, GET /events.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from time import monotonic
from typing import Protocol
from urllib.parse import quote

from . import labels
from .hosts import Host
from .kept import Connection, Kept
from .stream import get

_DIAL_S = 2.0
"""How long to wait for an engine, which a question has to be asked of in any case."""
_FILTERS = json.dumps({"type": ["container"], "event": ["rename"], "label": [labels.SESSION]})
_HEAD_END = b"\r\n\r\n"


class Entered(Connection, Protocol):
    """A connection into the session that had a name when it was `begun`."""

    @property
    def begun(self) -> float:
        """By the monotonic clock, before the engine was asked for it."""


class Renames:
    """Hears of the sessions that get another name."""

    def __init__(self, endpoint: Host, api_version: str) -> None:
        """Asks, and does not wait for the answer. Raises: OSError."""
        path = f"/v{api_version}/events?filters={quote(_FILTERS)}"
        self._answer = get(endpoint, path, _DIAL_S)
        self.begun = monotonic()
        self._said = b""
        self._ended = False

    def stands(self) -> bool:
        """Whether the engine listens, and no session was renamed since."""
        self._hear()
        head, end, events = self._said.partition(_HEAD_END)
        return bool(end) and head.split(b" ", 2)[1:2] == [b"200"] and not events and not self._ended

    def is_over(self) -> bool:
        """Whether it cannot stand any more."""
        return not self.stands() and (self._ended or _HEAD_END in self._said)

    def close(self) -> None:
        """Listen no more."""
        self._answer.close()

    def _hear(self) -> None:
        while not self._ended and (data := self._answer.recv()) is not None:
            self._said += data
            self._ended = not data


class KeptByName(Kept[tuple[str, ...], Entered]):
    """Keeps nothing that might lead to another session than the one that has the name by then."""

    def __init__(self, listen: Callable[[], Renames | None]) -> None:
        """`listen` begins to; where it gives None, nothing is kept."""
        super().__init__()
        self._listen = listen
        self._listening = threading.RLock()  # with the last connection its engine may go, which closes this
        self._renames: Renames | None = None

    def take(self, use: tuple[str, ...]) -> Entered | None:
        """As it says above; whoever gets none makes one, and may give it then."""
        with self._listening:
            if self._renames is not None and self._renames.is_over():
                self._forget()
            if self._renames is None:
                self._renames = self._listen()
        return super().take(use)

    def give(self, use: tuple[str, ...], connection: Entered) -> None:
        """Keep it, unless a session may have got its name since it was made."""
        with self._listening:
            renames = self._renames
            if renames is not None and renames.stands() and renames.begun <= connection.begun:
                super().give(use, connection)
                return
        connection.close()

    def expire(self) -> float | None:
        """As above; where nothing is kept, nothing is listened to."""
        with self._listening:
            due = super().expire()
            if due is None:
                self._forget()
        return due

    def close(self) -> None:
        """Close all of them."""
        with self._listening:
            self._forget()

    def _forget(self) -> None:
        super().close()
        if self._renames is not None:
            self._renames.close()
            self._renames = None


def listening(endpoint: Host, api_version: str) -> Renames | None:
    """A beginning; None where the engine cannot be reached, which whoever asks it is told."""
    try:
        return Renames(endpoint, api_version)
    except OSError:
        return None
