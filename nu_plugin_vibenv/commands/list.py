"""`vibenv list`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vibenv_core import sessions

from ..hosts_command import HostsCommand
from ..sdk import Call, Example, Switch
from ..tables.sessions import SessionDetailsRow, SessionRow, session_details_row, session_row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from vibenv_core.engine import Engine


class List(HostsCommand):
    """List the sessions of a host, oldest first.

    `--long` adds command, access, size, limits, times, version, the volume of the recording, host and id, and
    asks the engine about each session. `--all` asks all hosts at once; one that cannot be asked is a row with
    its error.
    """

    name = "vibenv list"
    search_terms = ("ls", "ps", "sessions")
    input_output = ((None, list[SessionRow]),)
    examples = (
        Example("vibenv list", "all sessions of this host"),
        Example("vibenv list | where state == running | sort-by created", "those that run, oldest first"),
        Example("vibenv list --all | where error == null | group-by host", "those of every host"),
        Example("vibenv list --long | select name exit_code size", "what each wrote, and how it ended"),
    )

    long = Switch("all that is known of each", short="l")

    def question(self, call: Call) -> Callable[[Engine], Sequence[DataclassInstance]]:
        """The sessions of a host."""
        if call[self.long]:
            return lambda engine: [session_details_row(details) for details in sessions.details(engine)]
        return lambda engine: [session_row(session) for session in sessions.list_sessions(engine)]

    def columns(self, call: Call) -> type[DataclassInstance]:
        """Those of the short rows or of the long ones."""
        return SessionDetailsRow if call[self.long] else SessionRow
