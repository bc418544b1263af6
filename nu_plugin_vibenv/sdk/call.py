"""A call as its command sees it: the arguments, the input, and where things were typed."""

from __future__ import annotations

from contextlib import suppress

from . import pipelines as p
from . import values
from .data import TYPE_CHECKING
from .errors import Label, LabeledError
from .kinds import read
from .parameters import Flag, Named, Positional, Rest, Switch
from .running import WhenCancelled
from .span import Span
from .values import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .command import Command
    from .engine import Engine
    from .input import Input
    from .parameters import Key
    from .running import Cancellation

    T = TypeVar("T")


class Call:
    """The arguments of one run of a command, with what it may ask nu and the input it may read.

    Raises: LabeledError, at the argument, for one that its type does not allow; before the command runs.
    """

    def __init__(
        self,
        command: Command,
        call: p.EvaluatedCall,
        input: Input,
        engine: Engine,
        cancelled: Cancellation,
    ) -> None:
        self._evaluated = call
        self.head = call.head
        """Where the command's name was typed."""
        self.input = input
        self.engine = engine
        self.cancelled = cancelled
        """An Event that is set by ctrl-c, when nobody reads the output any longer, and when nu is gone."""
        self._order = [key.name for key in command.positionals()]
        self._named = {named.name.item: named for named in call.named}
        self._arguments = {key.name: self._read(key) for key in command.parameters()}

    def __getitem__(self, key: Key[T]) -> T:
        """The argument of a parameter, converted to its type, or its default.

        A Path that begins with `~` begins at the home directory; any other that is not absolute begins at the
        caller's directory, for which nu is asked.
        """
        return self._from_here(self._arguments[key.name])  # type: ignore[no-any-return]

    def when_cancelled(self, action: Callable[[], object]) -> WhenCancelled:
        """Have `action` done, once, on another thread, if the call is cancelled while the context lasts.

        For what cannot wait on `cancelled`: `with call.when_cancelled(connection.close): connection.read()`.
        What the action raises is a line on stderr.
        """
        return WhenCancelled(self.cancelled, action)

    def span(self, key: Key[Any], index: int = 0) -> Span:
        """Where an argument was typed; the command's name when it was not."""
        given = self._values(key)
        if index < len(given):
            return given[index].span
        named = self._named.get(key.name) if isinstance(key, Named) else None
        return named.name.span if named is not None else self.head

    def value(self, key: Key[Any]) -> Value | None:
        """The argument as nu sent it, or None when it was not given."""
        given = self._values(key)
        return given[0] if given else None

    def _read(self, key: Key[Any]) -> Any:
        if isinstance(key, Switch):
            return key.name in self._named and self._is_on(self._named[key.name].value)
        given = [read(key.type, value, str(key)) for value in self._values(key)]
        if isinstance(key, Rest):
            return tuple(given)
        if not given and _is_required(key):
            raise LabeledError(f"{key} is missing", labels=[Label("of this command", self.head)])
        return given[0] if given else key.default

    def _from_here(self, value: Any) -> Any:
        """A path as seen from the caller's directory, which is not the plugin's; any other value as it is."""
        if hasattr(value, "expanduser"):
            with suppress(RuntimeError):  # nobody has that name: as shells do, it is taken for a file's
                value = value.expanduser()
        if type(value) in (list, tuple):
            return type(value)(self._from_here(element) for element in value)
        if hasattr(value, "is_absolute") and not value.is_absolute():
            return type(value)(self.engine.current_directory(), value)
        return value

    @staticmethod
    def _is_on(value: Value | None) -> bool:
        return value is None or getattr(value, "val", True) is True

    def _values(self, key: Key[Any]) -> tuple[Value, ...]:
        """The arguments of a parameter; a nothing stands for one that is not given, where that may be."""
        given: tuple[Value, ...]
        if isinstance(key, Named):
            named = self._named.get(key.name)
            given = () if named is None or named.value is None else (named.value,)
        else:
            at = self._order.index(key.name)
            given = (
                self._evaluated.positional[at:]
                if isinstance(key, Rest)
                else self._evaluated.positional[at : at + 1]
            )
        if len(given) == 1 and isinstance(given[0], values.NothingValue):
            return given if isinstance(key, Rest) or _is_required(key) else ()
        return given


def _is_required(key: Key[Any]) -> bool:
    return isinstance(key, Positional) or (isinstance(key, Flag) and key.required)
