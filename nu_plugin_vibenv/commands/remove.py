"""`vibenv remove`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vibenv_core import sessions

from ..sdk import Call, Example, Switch
from ..session_command import SessionsCommand

if TYPE_CHECKING:
    from vibenv_core.model import Session


class Remove(SessionsCommand):
    """Remove sessions with their files and recordings; a running one only with `--force`.

    The rows show the sessions as they were. A recording that is kept is read by `vibenv log`, and `vibenv
    logs` lists and removes it.
    """

    name = "vibenv remove"
    search_terms = ("rm", "delete")
    examples = (
        Example("vibenv remove my-task --force", "remove one session, whatever it does"),
        Example("vibenv list | where state == stopped | vibenv remove", "remove all that are stopped"),
        Example("vibenv remove my-task --keep-log", "what its terminal showed stays"),
    )

    force = Switch("also one that runs", short="f")
    keep_log = Switch("leave the recording of its terminal")

    def act(self, call: Call) -> Callable[[str], Session]:
        """Remove one session."""
        engine, force, keep_log = self.engine(call), call[self.force], call[self.keep_log]
        return lambda name: sessions.remove(engine, name, force=force, keep_log=keep_log)
