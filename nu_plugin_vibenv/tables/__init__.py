"""What the commands answer with: the columns of each table, and the model's objects as such rows.

The classes are also what the signatures promise. What one command alone answers may be beside that command.
Sizes are file sizes, times are dates, spans of time are durations rounded to what a person reads.

    sessions    sessions, what they take, the ways to them
    host        a host's stack, its checks, the steps of a long command
    contexts    Docker's contexts, and what was changed in the user's files

Here is what all of them share.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from vibenv_core.errors import Unreachable, VibenvError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from _typeshed import DataclassInstance

    from vibenv_core.batch import Outcome


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """Why one of several names failed; `code` is what a script compares."""

    code: str
    msg: str
    help: str | None


def error_record(error: VibenvError) -> ErrorRecord:
    """An error as a row of several names carries it."""
    return ErrorRecord(code=error.code, msg=error.message, help=error.help)


def host_rows(
    outcome: Outcome[Sequence[DataclassInstance]], columns: type[DataclassInstance]
) -> Iterator[dict[str, object]]:
    """The rows of one of several hosts with `host`, `columns` and `error`, or one of its error alone.

    Its `state` is `unreachable` where nothing is known of the host.
    """
    if isinstance(outcome.result, VibenvError):
        state = "unreachable" if isinstance(outcome.result, Unreachable) else None
        error = error_record(outcome.result)
        yield {"host": None, **empty(columns)} | {"host": outcome.name, "state": state, "error": error}
        return
    for row in outcome.result:
        yield {"host": None, **cells(row)} | {"host": outcome.name, "error": None}


def empty(columns: type[DataclassInstance]) -> dict[str, object]:
    """A row of which nothing is known."""
    return dict.fromkeys(_names(columns))


def cells(row: DataclassInstance) -> dict[str, object]:
    """A row by its columns."""
    return {name: getattr(row, name) for name in _names(type(row))}


@cache
def _names(columns: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(columns))


def shown(text: str) -> str:
    """Text that anybody may have written, such as a label, with what would steer a terminal spelt out."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else ascii(sign)[1:-1] for sign in text)


def whole_s(span: timedelta | None) -> timedelta | None:
    return None if span is None else timedelta(seconds=span // timedelta(seconds=1))


def whole_ms(span: timedelta) -> timedelta:
    """A measured time without the digits that nobody reads."""
    return timedelta(milliseconds=round(span / timedelta(milliseconds=1)))
