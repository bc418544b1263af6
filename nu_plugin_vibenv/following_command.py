"""Commands whose rows come for as long as their reader wants them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from vibenv_core.errors import UsageError

from .command import HostCommand
from .completions import session_names
from .names import from_arguments
from .sdk import Call, Flag, Rest
from .session_command import check_name, piped

T = TypeVar("T")


class FollowingCommand(HostCommand):
    """A command about named sessions, or all, that goes on until ctrl-c, `--for` or `--limit`."""

    names = Rest(str, "the sessions; else those that the pipeline names, or all", complete=session_names)
    for_ = Flag(timedelta, "end after this time")
    limit = Flag(int, "end after so many rows")

    def wanted(self, call: Call) -> Collection[str] | None:
        """The sessions that are named; None where none are, which means all."""
        typed = call[self.names]
        for index, name in enumerate(typed):
            check_name(name, call.span(self.names, index))
        if typed:
            return from_arguments(typed).names
        return None if call.input.empty else piped(call, call[self.host]).names

    def bounded(self, call: Call, rows: Iterator[T]) -> Iterator[T]:
        """`rows`, which end when `call.cancelled` is set, as long as `--for` and `--limit` say."""
        limit, lasting = call[self.limit], call[self.for_]
        if limit is not None and limit < 1:
            raise UsageError("`--limit` counts from 1", code="usage::limit", about="limit")
        return self._bounded(call, islice(rows, limit), lasting)

    def _bounded(self, call: Call, rows: Iterator[T], lasting: timedelta | None) -> Iterator[T]:
        if lasting is None:
            yield from rows
            return
        end = threading.Timer(lasting.total_seconds(), call.cancelled.set)
        end.daemon = True
        end.start()
        try:
            yield from rows
        finally:
            end.cancel()
