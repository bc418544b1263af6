"""Commands that work inside sessions: which ones are meant, and what the pipeline is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

from vibenv_core.batch import each
from vibenv_core.errors import UsageError, VibenvError

from . import engines
from .command import HostCommand
from .completions import session_names
from .names import Names, from_arguments
from .sdk import Call, Flag, Optional, Switch
from .session_command import JOBS, check_name, checked_jobs, piped
from .tables import error_record

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


class InsideCommand(HostCommand):
    """A command about one session that is named first, or about those that the pipeline names."""

    session = Optional(str, "the session, unless the pipeline names some", complete=session_names)
    strict = Switch("of several, raise the first error instead of giving it as a row")
    jobs = Flag(int, "how many sessions at a time", default=JOBS)

    def named(self, call: Call) -> Names:
        """The session that is named as an argument."""
        name = call[self.session]
        if name is None:
            raise UsageError(
                "no session was named", code="usage::no_name", help=f"`{self.name} NAME …`, or pipe names"
            )
        return from_arguments((check_name(name, call.span(self.session)),))

    def piped(self, call: Call) -> Names:
        """The sessions that the pipeline names."""
        return piped(call, call[self.host])

    def sessions(self, call: Call) -> Names:
        """Either; an argument wins, as in `each {|name| … $name }` the pipeline holds the same."""
        return self.piped(call) if call[self.session] is None else self.named(call)

    def side_by_side(
        self, call: Call, names: Names, act: Callable[[str], R], columns: type[R]
    ) -> R | Iterator[dict[str, object]]:
        """What `act` gives for the one session; of several, rows with `name` and `error` as they come."""
        jobs = checked_jobs(call[self.jobs])

        def acted(name: str) -> R:
            try:
                return act(name)
            finally:
                engines.keep(call.engine)

        if names.one:
            return acted(names.names[0])
        return self._rows(call, names.names, acted, columns, jobs)

    def _rows(
        self, call: Call, names: Sequence[str], act: Callable[[str], R], columns: type[R], jobs: int
    ) -> Iterator[dict[str, object]]:
        titles = {field.metadata.get("column", field.name): field.name for field in fields(columns)}
        for outcome in each(names, act, jobs=jobs, cancelled=call.cancelled):
            result = outcome.result
            if isinstance(result, VibenvError):
                if call[self.strict]:
                    raise result
                cells: dict[str, object] = dict.fromkeys(titles)
                yield {"name": None, **cells} | {"name": outcome.name, "error": error_record(result)}
            else:
                cells = {title: getattr(result, name) for title, name in titles.items()}
                yield {"name": outcome.name} | cells | {"error": None}


def content(call: Call) -> bytes | Iterable[bytes]:
    """What the pipeline gives, as bytes; text is UTF-8. Raises: UsageError, for what is neither."""
    if call.input.form == "nothing":
        return b""
    if call.input.form == "bytes":
        return call.input.bytes()
    value = call.input.value()
    if isinstance(value, bytes):
        return value
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value).encode()
    what = "a record" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "this"
    raise UsageError(
        f"{what} came in by the pipeline, where text or bytes were expected",
        code="usage::not_bytes",
        help="make text of it: … | to json | …",
    )
