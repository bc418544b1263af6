"""`vibenv stop`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from vibenv_core import sessions

from ..sdk import Call, Example, Flag
from ..session_command import SessionsCommand

if TYPE_CHECKING:
    from vibenv_core.model import Session


class Stop(SessionsCommand):
    """End the programs of sessions; their files stay, and `vibenv start` runs them again."""

    name = "vibenv stop"
    search_terms = ("halt", "end")
    examples = (
        Example("vibenv stop my-task", "stop one session"),
        Example("vibenv list | where state == running | vibenv stop", "stop all that run, side by side"),
        Example("vibenv stop my-task --grace 1sec", "give its program a second before it is killed"),
    )

    grace = Flag(timedelta, "what a program has to end by itself", default=timedelta(seconds=10))

    def act(self, call: Call) -> Callable[[str], Session]:
        """Stop one session."""
        engine, grace_s = self.engine(call), call[self.grace].total_seconds()
        return lambda name: sessions.stop(engine, name, grace_s=grace_s)
