"""`vibenv stats`."""

from __future__ import annotations

from vibenv_core import listing

from ..command import HostCommand
from ..sdk import Call, Example
from ..tables.sessions import UsageRow, usage_row


class Stats(HostCommand):
    """Show what the sessions that run take of their host: measured for a second or two, oldest session first.

    `cpu` is in percent of one processor; `memory` leaves out what is only kept of files while there is room;
    `network_in` and `network_out` count from the session's start.
    """

    name = "vibenv stats"
    search_terms = ("top", "usage", "cpu", "memory")
    input_output = ((None, list[UsageRow]),)
    examples = (
        Example("vibenv stats", "all sessions of this host that run"),
        Example("vibenv stats | where cpu > 90 | get name", "those that keep a processor busy"),
        Example("vibenv stats | sort-by memory | last 3", "the three largest"),
    )

    def answer(self, call: Call) -> object:
        """One row for each."""
        return [usage_row(session, usage) for session, usage in listing.usage(self.engine(call))]
