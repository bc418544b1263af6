"""`vibenv up`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vibenv_core import stack

from ..long_command import LongCommand
from ..sdk import Call, Example
from ..tables.host import ComponentRow, component_row

if TYPE_CHECKING:
    from vibenv_core.model import Progress


class Up(LongCommand):
    """Bring a host's registry and Dagger engine to run; what is there already is used as it is.

    Where it is not running, or was cut off by a restart of the other, it is mended. `detail` says what was
    done.
    """

    name = "vibenv up"
    may_ask = True
    search_terms = ("registry", "dagger", "stack")
    input_output = ((object, list[ComponentRow]),)
    examples = (
        Example("vibenv up", "make or mend the stack of this host"),
        Example("vibenv up --stream | select step state", "the same, step by step"),
    )

    def work(self, call: Call) -> Callable[[Progress], object]:
        """Ask what is there, and do what is missing."""
        engine, settings = self.engine(call), self.settings(call)

        def up(progress: Progress) -> object:
            components = stack.up(engine, settings, progress=progress, cancelled=call.cancelled)
            return [component_row(component) for component in components]

        return up
