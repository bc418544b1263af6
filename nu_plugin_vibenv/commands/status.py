"""`vibenv status`."""

from __future__ import annotations

from vibenv_core import stack

from ..command import HostCommand
from ..sdk import Call, Example
from ..tables import ComponentRow, component_row


class Status(HostCommand):
    """Show the parts of a host's stack: Docker, the registry, the Dagger engine, the launcher image."""

    name = "vibenv status"
    search_terms = ("registry", "dagger", "stack")
    input_output = ((object, list[ComponentRow]),)
    examples = (
        Example("vibenv status", "the stack of this host"),
        Example("vibenv status | where state != running", "what is not as it should be"),
    )

    def answer(self, call: Call) -> object:
        """The parts as rows; changes nothing."""
        return [component_row(part) for part in stack.status(self.engine(call), self.settings(call))]
