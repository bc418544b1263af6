"""Commands that ask sessions' supervisors, on connections that are kept for the next of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from . import engines
from .inside_command import InsideCommand
from .sdk import Call

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from .names import Names

R = TypeVar("R", bound="DataclassInstance")


class AskingCommand(InsideCommand):
    """A command that asks the session that is named, or those that the pipeline names."""

    def meant(self, call: Call) -> Names:
        """The sessions; an argument wins, as in `each {|name| … $name }` the pipeline holds the same."""
        return self.piped(call) if call[self.session] is None else self.named(call)

    def asked(self, call: Call, names: Names, act: Callable[[str], R], columns: type[R]) -> object:
        """What `act` gives for the one session; of several, rows as they come."""

        def ask(name: str) -> R:
            try:
                return act(name)
            finally:
                engines.keep(call.engine)

        return self.side_by_side(call, names, ask, columns)
