"""`vibenv down`."""

from __future__ import annotations

from vibenv_core import stack

from ..command import HostCommand
from ..sdk import Call, Example, Switch
from ..tables.host import ComponentRow, component_row


class Down(HostCommand):
    """Remove the registry and the Dagger engine that `vibenv up` made; sessions and their files stay.

    What was started by hand is left as it is, and so is the Dagger engine's cache unless `--volumes` is
    given.
    """

    name = "vibenv down"
    search_terms = ("registry", "dagger", "stack")
    input_output = ((object, list[ComponentRow]),)
    examples = (Example("vibenv down", "take the stack of this host away"),)

    volumes = Switch("also the Dagger engine's cache, which then has to be filled again")

    def answer(self, call: Call) -> object:
        """The parts, with what was done about each."""
        components = stack.down(self.engine(call), self.settings(call), volumes=call[self.volumes])
        return [component_row(component) for component in components]
