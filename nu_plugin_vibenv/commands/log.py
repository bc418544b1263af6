"""`vibenv log`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from vibenv_core import log as core
from vibenv_core import recorded
from vibenv_core.batch import merged
from vibenv_core.errors import UsageError, VibenvError

from ..inside_command import InsideCommand
from ..sdk import ByteStream, Call, Example, Flag, Switch
from ..session_command import checked_jobs
from ..tables import error_record

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened on a session's terminal."""

    time: datetime
    kind: str
    text: str


class Log(InsideCommand):
    """Give what a session's terminal has shown, as it was recorded; also of one that is stopped or removed.

    `kind` is output (`text` has its escape sequences), resize (columns and rows), typed (by whom, never what)
    or marker (what the recording says of itself). A session that was removed with `--keep-log` is read like
    one that is there; where there is a new one of its name, with `--kept`.
    """

    name = "vibenv log"
    search_terms = ("record", "history", "scrollback", "asciinema")
    input_output = ((object, list[EventRow]), (object, str))
    examples = (
        Example("vibenv log my-task | where kind == output | last 3", "the last that it wrote"),
        Example("vibenv log my-task --cast | save my-task.cast", "to be played: asciinema play my-task.cast"),
    )

    follow = Switch("go on as more is recorded, until the session ends", short="f")
    cast = Switch("give it as asciicast v2, which asciinema plays")
    kept = Switch("of a session that was removed, though there is one of that name")
    volume = Flag(str, "the kept recording on this volume, as in `vibenv logs`")

    def answer(self, call: Call) -> object:
        """Rows, or a stream of text."""
        names = self.piped(call) if call[self.session] is None else self.named(call)
        engine, follow = self.engine(call), call[self.follow]

        def read(name: str) -> core.Log:
            kept, volume = call[self.kept], call[self.volume]
            return core.read(engine, name, follow=follow, kept=kept, volume=volume, cancelled=call.cancelled)

        if names.one:
            log = read(names.names[0])
            return ByteStream(log.cast(), "String") if call[self.cast] else _rows(log)
        if call[self.cast]:
            raise UsageError(
                "`--cast` gives one recording, and several sessions were named",
                code="usage::one_name",
                help="each in turn: … | each {|row| vibenv log $row.name --cast | save $'($row.name).cast' }",
                about="cast",
            )
        jobs = len(names.names) if follow else checked_jobs(call[self.jobs])
        return self._merged(call, names.names, lambda name: _rows(read(name)), jobs)

    def _merged(
        self, call: Call, names: Sequence[str], rows: Callable[[str], Generator[Row]], jobs: int
    ) -> Iterator[Row]:
        nothing = dict.fromkeys(field.name for field in fields(EventRow))
        for outcome in merged(names, rows, jobs=max(jobs, 1), cancelled=call.cancelled):
            if not isinstance(outcome.result, VibenvError):
                yield {"name": outcome.name, **outcome.result, "error": None}
            elif call[self.strict]:
                raise outcome.result
            else:
                yield {"name": outcome.name, **nothing, "error": error_record(outcome.result)}


def _rows(log: core.Log) -> Generator[Row]:
    began = log.header.began
    for time, kind, text in recorded.events(log.lines):
        yield {"time": datetime.fromtimestamp(began + time, UTC), "kind": kind, "text": text}
