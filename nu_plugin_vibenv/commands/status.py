"""`vibenv status`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vibenv_core import stack

from ..hosts_command import HostsCommand
from ..sdk import Call, Example
from ..tables.host import ComponentRow, component_row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from vibenv_core.engine import Engine


class Status(HostsCommand):
    """Show the parts of a host's stack: Docker, the registry, the Dagger engine, the launcher image.

    `--all` asks all hosts at once; one that cannot be asked is a row with its error.
    """

    name = "vibenv status"
    search_terms = ("registry", "dagger", "stack")
    input_output = ((object, list[ComponentRow]),)
    examples = (
        Example("vibenv status", "the stack of this host"),
        Example("vibenv status --all | select host component state error", "the stacks of every host"),
        Example("vibenv status | where state != running", "what is not as it should be"),
    )

    def question(self, call: Call) -> Callable[[Engine], Sequence[DataclassInstance]]:
        """The parts of a host's stack; changes nothing."""
        settings = self.settings(call)
        return lambda engine: [component_row(part) for part in stack.status(engine, settings)]

    def columns(self, call: Call) -> type[DataclassInstance]:
        """Those of a part."""
        return ComponentRow
