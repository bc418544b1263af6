"""What programs report of themselves (OSC 7501): reports, and the records that they leave. Pure.

All of it is untrusted, and authorises nothing. What is malformed is passed over as the specification says;
what is kept is plain text, without controls and what is not seen.

Times are of a monotonic clock, in seconds.

Source: Program status protocol, revision 0.2 of 2026-10-06.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable
from typing import NamedTuple

from .reading import plain
from .status import Activity

MOST = 256
"""Records that are kept; past that the one that was updated least recently goes."""
_LONGEST = {"title": (256, 192), "msg": (2732, 2048)}
"""Bytes of a text as it is sent, and decoded."""
_URGENCY = ("blocked", "error", "done", "working", "idle")
_STATES = (*_URGENCY, "clear")
_KINDS = ("permission", "question", "auth")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KEY, _LONGEST_KEY = frozenset(_LETTERS), 16
_NAME = frozenset(f"{_LETTERS}{_LETTERS.upper()}0123456789_.+-")
_VALUE = _NAME | frozenset(",/=")
_LONGEST_NAME = 32
"""Of an app, and of a segment of an id."""
_SEGMENTS, _LONGEST_ID = 8, 128
_LINE_ENDS = "\u2028\u2029"
ROOT = ""
"""The id of the record that has none."""


class Report(NamedTuple):
    """One report: what becomes of the record of its id."""

    state: str
    """idle, working, done, blocked, error; or clear, which removes the record and all below it."""
    id: str = ROOT
    kind: str | None = None
    progress: int | None = None
    app: str | None = None
    title: str | None = None
    message: str | None = None

    def encoded(self) -> str:
        """Its pairs, as a program writes them."""
        pairs = {
            "state": self.state,
            "id": self.id,
            "kind": self.kind,
            "progress": self.progress,
            "app": self.app,
            "title": self.title and _base64(self.title),
            "msg": self.message and _base64(self.message),
        }
        return ":".join(f"{key}={value}" for key, value in pairs.items() if value not in (None, ""))


def parse(content: str) -> Report | None:
    """What a report's pairs say; None if it is to be ignored.

    A pair that is malformed or not known is passed over, and of several with one key the last counts. An id
    or a state that cannot be, text that is no base64 or has a control character in it, or a limit that is
    broken, and all of it is ignored: so what was meant for another record never is the root's.
    """
    pairs: dict[str, str] = {}
    for each in content.split(":"):
        key, equals, value = each.partition("=")
        if key == "id" or (equals and _is_key(key) and _VALUE.issuperset(value)):
            pairs[key] = value
    state = pairs.get("state")
    name = pairs.get("id", ROOT)
    app = pairs.get("app", "")
    if state not in _STATES or ("id" in pairs and not _is_id(name)) or len(app) > _LONGEST_NAME:
        return None
    try:
        title, message = (_text(pairs[key], key) if key in pairs else None for key in ("title", "msg"))
    except ValueError:
        return None
    if state == "clear":
        return Report("clear", name)
    return Report(
        state=state,
        id=name,
        kind=_one_of(pairs.get("kind"), _KINDS) if state == "blocked" else None,
        progress=_percent(pairs.get("progress", "")) if state in ("working", "blocked") else None,
        app=app if _is_name(app) else None,
        title=title,
        message=message,
    )


def below(session: str, encoded: str) -> str | None:
    """The pairs of a report as one of a session's among others: its name is the id's first segment.

    None where that would break the id's limits, or what was said is no report.
    """
    report = parse(encoded)
    if report is None:
        return None
    name = f"{session}/{report.id}" if report.id else session
    return report._replace(id=name).encoded() if _is_id(name) else None


def _is_id(name: str) -> bool:
    segments = name.split("/")
    return len(name) <= _LONGEST_ID and len(segments) <= _SEGMENTS and all(map(_is_name, segments))


def _is_name(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and _NAME.issuperset(name)


def _is_key(key: str) -> bool:
    return 0 < len(key) <= _LONGEST_KEY and _KEY.issuperset(key)


def _one_of(value: str | None, allowed: tuple[str, ...]) -> str | None:
    return value if value in allowed else None


def _percent(value: str) -> int | None:
    return int(value) if value.isdigit() and len(value) <= 3 and int(value) <= 100 else None


def _text(encoded: str, key: str) -> str | None:
    """A text; None when it is empty. Raises: ValueError (it must not be so)."""
    most_encoded, most_decoded = _LONGEST[key]
    if len(encoded) > most_encoded:
        raise ValueError("too long")
    try:
        data = a2b_base64(encoded, strict_mode=True)
    except Error as error:
        raise ValueError("no base64") from error
    if len(data) > most_decoded:
        raise ValueError("too long")
    text = data.decode()
    if any(character < " " or "\x7f" <= character <= "\x9f" or character in _LINE_ENDS for character in text):
        raise ValueError("control characters")
    return plain(text) or None


def _base64(text: str) -> str:
    return b2a_base64(text.encode(), newline=False).decode()


class Record(NamedTuple):
    """What a report left."""

    report: Report
    since: float
    """When it got its state."""
    at: float
    """When it was reported last."""
    version: int
    """Another with each report, and higher."""


class Records:
    """The records that there are, by their id; the one that was updated last at the end."""

    def __init__(self) -> None:
        self.version = 0
        """Another number each time that there is something new."""
        self._records: dict[str, Record] = {}

    def take(self, report: Report, now: float) -> None:
        """Do what a report says."""
        self.version += 1
        if report.state == "clear":
            self._keep(lambda record: not _is_below(record.report.id, report.id))
            return
        before = self._records.pop(report.id, None)
        since = before.since if before and before.report.state == report.state else now
        self._records[report.id] = Record(report, since, now, self.version)
        if len(self._records) > MOST:
            del self._records[next(iter(self._records))]

    def reset(self) -> None:
        """The terminal was reset (RIS): none is left."""
        self._keep(lambda _: False)

    def ended(self) -> None:
        """The program has ended, or its shell shows a prompt: what it still did or waited for goes."""
        self._keep(lambda record: _is_over(record) or record.report.state == "idle")

    def all(self) -> dict[str, tuple[int, Report]]:
        """Each record's version and the report that makes it, `app` as inherited; parents come first."""
        present = sorted(self._records.items())
        return {name: (record.version, self._whole(record.report)) for name, record in present}

    def activity(self, typed_at: float) -> Activity | None:
        """The most urgent; of several, the one that was updated last. None without any.

        What a program has ended with counts until somebody types, who has seen that and wants something else.
        """
        counting = [each for each in self._records.values() if each.at >= typed_at or not _is_over(each)]
        if not counting:
            return None
        record = min(reversed(counting), key=lambda record: _URGENCY.index(record.report.state))
        report = self._whole(record.report)
        return Activity(
            state=report.state,
            since=record.since,
            source="program",
            app=report.app,
            kind=report.kind,
            progress=report.progress,
            message=report.message or report.title,
            id=report.id or None,
        )

    def _keep(self, wanted: Callable[[Record], bool]) -> None:
        kept = {name: record for name, record in self._records.items() if wanted(record)}
        if len(kept) < len(self._records):
            self.version += 1
        self._records = kept

    def _whole(self, report: Report) -> Report:
        """With the app of the nearest record above, where it says none."""
        name = report.id
        while report.app is None and name:
            name = name.rpartition("/")[0]
            if above := self._records.get(name):
                report = report._replace(app=above.report.app)
        return report


def _is_over(record: Record) -> bool:
    return record.report.state in ("done", "error")


def _is_below(name: str, above: str) -> bool:
    return above == ROOT or name == above or name.startswith(f"{above}/")


class Subscription:
    """What one client has been told of the records."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._told: dict[str, int] | None = None
        """The versions that it knows, by id; None: it may have kept others from an earlier connection."""
        self._version: int | None = None

    @property
    def is_behind(self) -> bool:
        """Whether there is something to tell."""
        return self._version != self._records.version

    def news(self, most: int) -> list[Report]:
        """Reports that make the client's records those that there are, in their order: at most so many.

        The first of all clears what it may have had before.
        """
        present = self._records.all()
        told = {} if self._told is None else self._told
        reports = [Report("clear")] if self._told is None else []
        for name in sorted(told.keys() - present.keys()):
            if name in told and len(reports) < most:
                reports.append(Report("clear", name))
                told = {other: version for other, version in told.items() if not _is_below(other, name)}
        for name, (version, report) in present.items():
            if told.get(name) != version and len(reports) < most:
                reports.append(report)
                told[name] = version
        self._told = told
        if len(reports) < most:
            self._version = self._records.version
        return reports
