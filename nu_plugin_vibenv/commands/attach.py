"""`vibenv attach`."""

from __future__ import annotations

from .. import terminal
from ..sdk import Call, Example
from ..session_command import SessionCommand
from ..tables import AttachedRecord, attached_record


class Attach(SessionCommand):
    """Show a session's terminal and type into it; ctrl-\\ detaches, and what runs in it goes on.

    A stopped session is started first. Any number of terminals may show the same session. Gives why and
    after how long it was left: `detached`, `ended` (its program did) or `lost` (the engine cannot be
    reached any longer).
    """

    name = "vibenv attach"
    may_ask = True
    search_terms = ("enter", "terminal", "tmux")
    input_output = ((object, AttachedRecord),)
    examples = (Example("vibenv attach my-task", "its terminal, until ctrl-\\"),)

    def answer(self, call: Call) -> object:
        """How it was left."""
        name = self.wanted(call)
        return attached_record(terminal.show(call, self.engine(call), name))
