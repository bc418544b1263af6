"""`vibenv start`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vibenv_core import sessions

from ..sdk import Call, Example
from ..session_command import SessionsCommand

if TYPE_CHECKING:
    from vibenv_core.model import Session


class Start(SessionsCommand):
    """Run the programs of stopped sessions again, on the files that they left.

    A session that runs is left alone.
    """

    name = "vibenv start"
    search_terms = ("resume", "restart")
    examples = (
        Example("vibenv start my-task", "start one session"),
        Example("vibenv list | where state == stopped | vibenv start", "start all that are"),
    )

    def act(self, call: Call) -> Callable[[str], Session]:
        """Start one session."""
        engine = self.engine(call)
        return lambda name: sessions.start(engine, name, cancelled=call.cancelled)
