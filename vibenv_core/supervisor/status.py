"""How a session is, in a line: what the supervisor says on its standard output at each change. Pure.

The engine keeps those lines as the container's log, so that the last of them, and each as it comes, can be
had of many sessions at once, without a program in any of them, and after the session's end too. A line is a
JSON object; fields that are not known are passed over. Times are seconds since 1970.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

STATES = ("working", "blocked", "done", "error", "idle", "exited")
"""What a session's program is doing, as far as that can be told."""


class Activity(NamedTuple):
    """What the program is doing, and what says so. The texts are its own: plain, but not to be trusted."""

    state: str
    """One of `STATES`."""
    since: float
    source: str
    """program (OSC 7501), prompt (OSC 133), progress (OSC 9;4), notification (OSC 9, OSC 777), bell, title,
    foreground (the terminal's foreground process), quiet (for how long there was no output) or exit."""
    app: str | None = None
    """The program that says so, or that is in the foreground."""
    kind: str | None = None
    """Of blocked: permission, question or auth."""
    progress: int | None = None
    """In percent."""
    message: str | None = None
    """One line."""
    id: str | None = None
    """Of which of the program's tasks it says so (OSC 7501)."""
    exit_code: int | None = None
    """Of the last command (prompt), or of the session's program (exit)."""


class Present(NamedTuple):
    """A client that is there."""

    author: str
    """Who it is, as it says itself; empty if it does not."""
    person: bool
    """Whether somebody sits at its terminal."""
    kind: str
    """frames or dtach."""
    rows: int
    cols: int
    watching: bool
    leads: bool
    """Whether the session's terminal has its size."""


class Keys(NamedTuple):
    """Who typed last, and is not to be disturbed until then."""

    author: str
    person: bool
    until: float


class Status(NamedTuple):
    """How a session is."""

    at: float
    activity: Activity
    title: str = ""
    clients: tuple[Present, ...] = ()
    keys: Keys | None = None
    """None when nobody has typed for a while."""


LONGEST_LINE = 1 << 14
"""Bytes: an engine parts longer ones in two. Where there are too many clients some are left out."""


_LATEST = 10.0**10
"""Seconds since 1970, in the year 2286."""
_LARGEST = 1 << 31
"""Of numbers that are no times."""


def moved(status: Status, by: float) -> Status:
    """The same by another clock, that is `by` seconds ahead."""
    activity = status.activity._replace(since=round(status.activity.since + by, 3))
    keys = status.keys and status.keys._replace(until=round(status.keys.until + by, 3))
    return status._replace(at=round(status.at + by, 3), activity=activity, keys=keys)


def line(status: Status) -> bytes:
    """The line that says so, with its end."""
    said = {
        "at": status.at,
        "activity": status.activity._asdict(),
        "title": status.title,
        "clients": [client._asdict() for client in status.clients],
        "keys": status.keys and status.keys._asdict(),
    }
    encoded = json.dumps(said, separators=(",", ":")).encode() + b"\n"
    if len(encoded) > LONGEST_LINE and status.clients:
        return line(status._replace(clients=status.clients[: len(status.clients) // 2]))
    return encoded


def parse(line: bytes) -> Status | None:
    """What a line says; None for one that says something else."""
    try:
        said = json.loads(line)
        status = Status(
            at=said["at"],
            activity=_of(Activity, said["activity"]),
            title=str(said["title"]),
            clients=tuple(_of(Present, client) for client in said["clients"]),
            keys=None if said["keys"] is None else _of(Keys, said["keys"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    parts: list[Activity | Present | Keys] = [status.activity, *status.clients]
    if status.keys is not None:
        parts.append(status.keys)
    return status if _is_time(status.at) and all(map(_is_possible, parts)) else None


def _of(kind: type[T], said: dict[str, Any]) -> T:
    known = kind.__annotations__
    return kind(**{name: value for name, value in said.items() if name in known})


def _is_possible(part: Activity | Present | Keys) -> bool:
    """Whether a part is what it has to be: who is root in a session can write lines of its own."""
    match part:
        case Activity(
            state=str(),
            source=str(),
            app=str() | None,
            kind=str() | None,
            progress=int() | None,
            message=str() | None,
            id=str() | None,
            exit_code=int() | None,
        ):
            return _is_time(part.since) and _is_number(part.progress or 0) and _is_number(part.exit_code or 0)
        case Present(str(), bool(), str(), int(rows), int(cols), bool(), bool()):
            return _is_number(rows) and _is_number(cols)
        case Keys(str(), bool(), until):
            return _is_time(until)
        case _:
            return False


def _is_time(at: object) -> bool:
    return isinstance(at, int | float) and 0 <= at <= _LATEST


def _is_number(number: int) -> bool:
    return -_LARGEST <= number <= _LARGEST
