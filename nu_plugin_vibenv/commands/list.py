"""`vibenv list`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vibenv_core import listing

from ..hosts_command import HostsCommand
from ..sdk import Call, Example, Switch
from ..tables.sessions import ListedRow, SessionDetailsRow, listed_row, session_details_row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from vibenv_core.engine import Engine


class List(HostsCommand):
    """List the sessions of a host and what each is doing, oldest first.

    `activity` is working, blocked (it waits for you), done, error, idle or exited, since `since`; null where
    that is not known. `clients` are how many look at its terminal.

    `--long` adds what tells so (`source`: program, prompt, progress, notification, bell, title, foreground,
    quiet or exit) with app, kind, progress and message; the clients (`attached`) and who types (`keys`);
    command, access, size, limits, times, version, the volume of the recording, host and id; it asks the
    engine about each session. `--all` asks all hosts at once; one that cannot be asked is a row with its
    error.
    """

    name = "vibenv list"
    search_terms = ("ls", "ps", "sessions")
    input_output = ((None, list[ListedRow]),)
    examples = (
        Example("vibenv list", "all sessions of this host"),
        Example("vibenv list | where state == running | sort-by created", "those that run, oldest first"),
        Example("vibenv list | where activity in [blocked error] | get name", "those that wait for you"),
        Example("vibenv list --all | where error == null | group-by host", "those of every host"),
        Example("vibenv list --long | select name exit_code size", "what each wrote, and how it ended"),
    )

    long = Switch("all that is known of each", short="l")

    def question(self, call: Call) -> Callable[[Engine], Sequence[DataclassInstance]]:
        """The sessions of a host."""
        if call[self.long]:
            return lambda engine: [session_details_row(details) for details in listing.details(engine)]
        return lambda engine: [listed_row(session, status) for session, status in listing.listed(engine)]

    def columns(self, call: Call) -> type[DataclassInstance]:
        """Those of the short rows or of the long ones."""
        return SessionDetailsRow if call[self.long] else ListedRow
