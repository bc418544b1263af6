"""`vibenv stats`."""

from __future__ import annotations

from vibenv_core import listing, watch
from vibenv_core.errors import UsageError

from ..following_command import FollowingCommand
from ..sdk import Call, Example, Switch
from ..tables.sessions import UsageRow, usage_row


class Stats(FollowingCommand):
    """Show what the sessions that run take of their host: measured for a second or two, oldest session first.

    `cpu` is in percent of one processor; `memory` leaves out what is only kept of files while there is room;
    `network_in` and `network_out` count from the session's start. With `--follow` each session has a row
    about every second, also one that is started later, until ctrl-c, `--for` or `--limit`.
    """

    name = "vibenv stats"
    search_terms = ("top", "usage", "cpu", "memory")
    input_output = ((object, list[UsageRow]),)
    examples = (
        Example("vibenv stats", "all sessions of this host that run"),
        Example("vibenv stats | where cpu > 90 | get name", "those that keep a processor busy"),
        Example("vibenv stats | sort-by memory | last 3", "the three largest"),
        Example("vibenv stats --follow --for 3sec | group-by name", "how that goes on for a while"),
    )

    follow = Switch("give rows for as long as they are wanted", short="f")

    def answer(self, call: Call) -> object:
        """One row for each, or rows as they come."""
        engine, names = self.engine(call), self.wanted(call)
        if call[self.follow]:
            taken = watch.usage(engine, names, cancelled=call.cancelled)
            return self.bounded(call, (usage_row(name, usage) for name, usage in taken))
        if call[self.for_] is not None or call[self.limit] is not None:
            raise UsageError(
                "`--for` and `--limit` say when `--follow` ends",
                code="usage::no_follow",
                help="vibenv stats --follow --for 10sec",
                about="for" if call[self.limit] is None else "limit",
            )
        return [usage_row(name, usage) for name, usage in listing.usage(engine, names)]
