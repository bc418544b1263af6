"""`vibenv log`."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

from vibenv_core import log as core
from vibenv_core.batch import merged
from vibenv_core.errors import UsageError, VibenvError

from ..inside_command import InsideCommand
from ..names import Names
from ..sdk import ByteStream, Call, Example, Flag, Switch
from ..session_command import checked_jobs
from ..tables import error_record

Row = dict[str, object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened on a session's terminal."""

    time: datetime
    kind: str
    text: str


class Log(InsideCommand):
    """Give what a session's terminal has shown, as it was recorded; also of one that is stopped or removed.

    `kind` is output (`text` has its escape sequences), resize (columns and rows), typed (by whom, never what)
    or marker (what the recording says of itself). `--text` gives lines as a person would have read them:
    without escape sequences, what was overwritten as it was last, and nothing of programs that take the whole
    screen. To watch a session, `--follow --text` is best: Nushell holds back the first row of a table.

    A session that was removed with `--keep-log` is read like one that is there; where there is a new one of
    its name, with `--kept`.
    """

    name = "vibenv log"
    search_terms = ("record", "history", "scrollback", "asciinema", "tail")
    input_output = ((object, list[EventRow]), (object, str))
    examples = (
        Example("vibenv log my-task --text | lines | last 3", "the last lines that it wrote"),
        Example("vibenv log my-task | where kind == resize", "when its terminal had which size"),
        Example("vibenv log my-task --follow --text --for 1sec", "what it writes during a second"),
        Example("vibenv log my-task --cast | save my-task.cast", "to be played: asciinema play my-task.cast"),
    )

    follow = Switch("go on as more is recorded, until the session ends", short="f")
    text = Switch("give plain text, line by line", short="t")
    cast = Switch("give it as asciicast v2, which asciinema plays")
    since = Flag(timedelta | datetime, "only what came after this time, or within this time until now")
    last = Flag(int, "only the last rows, or with `--text` lines, so many")
    limit = Flag(int, "end after so many rows, or with `--text` lines")
    for_ = Flag(timedelta, "with `--follow`: end after so long")
    kept = Switch("of a session that was removed, though there is one of that name")
    volume = Flag(str, "the kept recording on this volume, as in `vibenv logs`")

    def answer(self, call: Call) -> object:
        """Rows, or a stream of text."""
        names = self.piped(call) if call[self.session] is None else self.named(call)
        self._check(call, names)
        engine, follow, for_ = self.engine(call), call[self.follow], call[self.for_]

        def read(name: str) -> core.Log:
            return core.read(
                engine,
                name,
                follow=follow,
                for_s=None if for_ is None else for_.total_seconds(),
                kept=call[self.kept],
                volume=call[self.volume],
                cancelled=call.cancelled,
            )

        if not names.one:
            jobs = len(names.names) if follow else checked_jobs(call[self.jobs])
            rows = self._merged(call, names.names, lambda name: _rows(read(name), self._since(call)), jobs)
            return self._some(call, rows)
        log = read(names.names[0])
        if call[self.cast]:
            return ByteStream(log.cast(), "String")
        if call[self.text]:
            text = log.text(since=self._since(call), at_once=follow)
            if call[self.last] is not None or call[self.limit] is not None:
                text = self._some(call, _lines(text))
            return ByteStream((piece.encode() for piece in text), "String")
        return self._some(call, _rows(log, self._since(call)))

    def _check(self, call: Call, names: Names) -> None:
        """Raises: UsageError, for what does not go together."""
        whole = call[self.cast] or call[self.text]
        flag = "--cast" if call[self.cast] else "--text"
        if whole and not names.one:
            raise UsageError(
                f"`{flag}` gives one recording, and several sessions were named",
                code="usage::one_name",
                help=f"each in turn: … | each {{|row| vibenv log $row.name {flag} }}",
                about=flag.removeprefix("--"),
            )
        for one, other in (
            (self.cast, self.text),
            (self.cast, self.since),
            (self.cast, self.last),
            (self.cast, self.limit),
            (self.follow, self.last),
        ):
            if call[one] and call[other] is not None and call[other] is not False:
                raise UsageError(
                    f"`--{one.name}` and `--{other.name}` do not go together",
                    code="usage::flags",
                    help=f"leave one of them out: vibenv log NAME --{one.name}",
                    about=other.name,
                )

    def _since(self, call: Call) -> datetime | None:
        since = call[self.since]
        return datetime.now(UTC) - since if isinstance(since, timedelta) else since

    def _some(self, call: Call, items: Iterator[T]) -> Iterator[T]:
        """The first of them, or the last, if that is wished."""
        if (last := call[self.last]) is not None:
            return iter(deque(items, maxlen=max(last, 0)))
        if (limit := call[self.limit]) is not None:
            return islice(items, max(limit, 0))
        return items

    def _merged(
        self, call: Call, names: Sequence[str], rows: Callable[[str], Generator[Row]], jobs: int
    ) -> Iterator[Row]:
        nothing = dict.fromkeys(field.name for field in fields(EventRow))
        for outcome in merged(names, rows, jobs=max(jobs, 1)):
            if not isinstance(outcome.result, VibenvError):
                yield {"name": outcome.name, **outcome.result, "error": None}
            elif call[self.strict]:
                raise outcome.result
            else:
                yield {"name": outcome.name, **nothing, "error": error_record(outcome.result)}


def _rows(log: core.Log, since: datetime | None) -> Generator[Row]:
    began = log.header.began
    for time, kind, text in log.events(since=since):
        yield {"time": datetime.fromtimestamp(began + time, UTC), "kind": kind, "text": text}


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    for piece in pieces:
        yield from io.StringIO(piece, newline="\n")
