"""`vibenv attach`."""

from __future__ import annotations

from vibenv_core import detach_key
from vibenv_core.detach_key import DetachKey

from .. import terminal
from ..sdk import Call, Example, Flag, Switch
from ..session_command import SessionCommand
from ..tables.sessions import AttachedRecord, attached_record


class Attach(SessionCommand):
    """Show a session's terminal and type into it; ctrl-\\ detaches, and what runs in it goes on.

    A stopped session is started first. Any number of terminals may show the same session: it has the size
    of the one that was typed at last, and the others show as much of it as they have room for. A connection
    that breaks is made again, while the last row says so.

    Gives why and after how long it was left: `detached`, `ended` (its program did, with `exit_code`) or
    `lost` (the engine cannot be reached any longer).
    """

    name = "vibenv attach"
    may_ask = True
    search_terms = ("enter", "terminal", "tmux", "watch")
    input_output = ((object, AttachedRecord),)
    examples = (
        Example("vibenv attach my-task", "its terminal, until ctrl-\\"),
        Example("vibenv attach my-task --read-only", "only look"),
        Example(
            "vibenv attach my-task --detach-keys ctrl-p,ctrl-q", "leave it as one leaves `docker attach`"
        ),
    )

    read_only = Switch("watch: type nothing, and leave its size as it is")
    detach_keys = Flag(
        str,
        "the keys that detach, as for `docker attach`: ctrl-a, or several in turn",
        default=detach_key.DEFAULT,
    )

    def answer(self, call: Call) -> object:
        """How it was left."""
        name, key = self.wanted(call), DetachKey(call[self.detach_keys])
        attached = terminal.show(call, self.engine(call), name, key=key, watching=call[self.read_only])
        return attached_record(attached)
