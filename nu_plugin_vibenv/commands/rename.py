"""`vibenv rename`."""

from __future__ import annotations

from vibenv_core import sessions

from ..command import HostCommand
from ..completions import session_names
from ..sdk import Call, Example, Positional
from ..session_command import check_name
from ..tables.sessions import SessionRow, session_row


class Rename(HostCommand):
    """Give a session another name, running or not."""

    name = "vibenv rename"
    search_terms = ("mv",)
    input_output = ((object, list[SessionRow]),)
    examples = (Example("vibenv rename my-task done-task", "call `my-task` `done-task`"),)

    session = Positional(str, "the session", complete=session_names)
    new = Positional(str, "its new name")

    def answer(self, call: Call) -> object:
        """The session under its new name."""
        old = check_name(call[self.session], call.span(self.session))
        new = check_name(call[self.new], call.span(self.new))
        return [session_row(sessions.rename(self.engine(call), old, new))]
