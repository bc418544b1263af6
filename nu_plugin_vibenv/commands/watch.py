"""`vibenv watch`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from vibenv_core import watch

from ..following_command import FollowingCommand
from ..sdk import Call, Example
from ..tables import shown
from ..tables.sessions import holder, moment, shown_or_none

if TYPE_CHECKING:
    from vibenv_core.watching import Change


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """Something that is new of a session; columns that the event is not about are null."""

    time: datetime
    name: str | None
    event: str
    state: str | None
    since: datetime | None
    source: str | None
    app: str | None
    kind: str | None
    progress: int | None
    message: str | None
    exit_code: int | None
    clients: int | None
    keys: str | None


class Watch(FollowingCommand):
    """Give each change of the sessions as a row, as it happens: first how each is, then what is new.

    `event` is present (how it was found), activity, clients, keys, created, started, ended, removed, renamed,
    paused or unpaused. `state` is what a session is doing: working, blocked (it waits for you), done, error,
    idle or exited; only rows of present, activity and ended have it, so each state comes once. `source` is
    what tells so: program, prompt, progress, notification, bell, title, foreground, quiet or exit.

    It goes on over cuts of the way to the host, which are rows too (lost, then back), and gives nothing
    twice. It ends by ctrl-c, after `--for` or `--limit`, and when its reader has enough.
    """

    name = "vibenv watch"
    search_terms = ("events", "follow", "activity", "notify")
    input_output = ((object, list[ChangeRow]),)
    examples = (
        Example(
            "vibenv watch --for 3sec | where state == blocked | each {|row| print $'($row.name) waits' }",
            "call a person, here for three seconds",
        ),
        Example("vibenv watch my-task --limit 1 | get 0.state", "how it is now"),
        Example("vibenv watch | where event == present | first | get name", "its reader ends it"),
    )

    def answer(self, call: Call) -> object:
        """The rows as they come."""
        changes = watch.watch(self.engine(call), self.wanted(call), cancelled=call.cancelled)
        return self.bounded(call, (_row(change) for change in changes))


def _row(change: Change) -> ChangeRow:
    activity = change.activity
    message = change.message or (activity and activity.message)
    return ChangeRow(
        time=change.time,
        name=change.name,
        event=change.event,
        state=activity and shown(activity.state),
        since=activity and moment(activity.since),
        source=activity and shown(activity.source),
        app=activity and shown_or_none(activity.app),
        kind=activity and shown_or_none(activity.kind),
        progress=activity and activity.progress,
        message=shown_or_none(message),
        exit_code=activity and activity.exit_code,
        clients=change.clients,
        keys=holder(change.keys),
    )
