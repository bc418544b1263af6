"""`vibenv context list`."""

from __future__ import annotations

from vibenv_core import hosts

from ..command import VibenvCommand
from ..sdk import Call, Example
from ..tables.contexts import ContextRow, context_row


class ContextList(VibenvCommand):
    """List Docker's contexts: the names that `--host` takes, and where they lead.

    `current` is what a command without `--host` uses, as VIBENV_HOST, DOCKER_HOST, DOCKER_CONTEXT and
    `vibenv context use` decide, in this order. Asks no engine.
    """

    name = "vibenv context list"
    search_terms = ("ls", "docker", "hosts")
    input_output = ((object, list[ContextRow]),)
    examples = (
        Example("vibenv context list", "all contexts"),
        Example("vibenv context list | where current | get host.0", "the address that is used now"),
    )

    def answer(self, call: Call) -> object:
        """The contexts as rows."""
        env = call.engine.environment(*hosts.VARIABLES)
        return [context_row(context) for context in hosts.contexts(env)]
