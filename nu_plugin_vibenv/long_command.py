"""Commands that take a while, and say how far they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import progress
from .command import HostCommand
from .sdk import Call, Switch
from .tables.host import step_row

if TYPE_CHECKING:
    from vibenv_core.model import Progress


class LongCommand(HostCommand):
    """A command that takes a while: it shows how far it is on the terminal, or gives its steps as rows."""

    stream = Switch("give the steps as rows while they happen, instead of the result at the end")

    def work(self, call: Call) -> Callable[[Progress], object]:
        """What is to be done, ready to begin; it gives the answer."""
        raise NotImplementedError

    def answer(self, call: Call) -> object:
        """The work's answer, or its steps."""
        work = self.work(call)
        if call[self.stream]:
            return (step_row(step) for step in progress.steps(work, call.cancelled))
        with progress.shown(self.name, call.engine) as report:
            return work(report)
