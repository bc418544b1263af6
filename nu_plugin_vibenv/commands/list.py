"""`vibenv list`."""

from __future__ import annotations

from vibenv_core import sessions

from ..command import HostCommand
from ..sdk import Call, Example, Switch
from ..tables import SessionRow, session_details_row, session_row


class List(HostCommand):
    """List the sessions of a host, oldest first.

    `--long` adds command, access, size, limits, times, version, host and id, and asks the engine about each
    session.
    """

    name = "vibenv list"
    search_terms = ("ls", "ps", "sessions")
    input_output = ((None, list[SessionRow]),)
    examples = (
        Example("vibenv list", "all sessions of this host"),
        Example("vibenv list | where state == running | sort-by created", "those that run, oldest first"),
        Example("vibenv list --long | select name exit_code size", "what each wrote, and how it ended"),
    )

    long = Switch("all that is known of each", short="l")

    def answer(self, call: Call) -> object:
        """The sessions as rows."""
        engine = self.engine(call)
        if call[self.long]:
            return [session_details_row(details) for details in sessions.details(engine)]
        return [session_row(session) for session in sessions.list_sessions(engine)]
