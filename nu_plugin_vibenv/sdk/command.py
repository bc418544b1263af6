"""What a command is: its name and texts, its parameters as typed keys, and `run`."""

from __future__ import annotations

from .data import TYPE_CHECKING, Data
from .signature import Shape, Type

if not TYPE_CHECKING:
    from .data import Generic

    T = None

    def overload(function):
        return function

else:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Generic, Literal, TypeVar, overload

    from .call import Call
    from .completion import CompletionRequest
    from .messages import Suggestion

    T = TypeVar("T", covariant=True)
    Completer = Callable[[CompletionRequest], Iterable[Suggestion | str]]


class Key(Generic[T]):
    """A parameter of a command, which looks up its argument in a call: `call[self.name]` is a T.

    `type` says how nu parses the argument and what `call[...]` gives: str, int, float, bool, datetime,
    timedelta, Path, Filesize, bytes, dict, list[...] of these, an enum of strings (whose members nu then
    offers), object for anything, or a Shape, whose arguments come as they convert. `complete` is asked for
    completions.
    """

    def __init__(
        self,
        type: Any,
        desc: str = "",
        *,
        default: Any = None,
        complete: Completer | None = None,
    ) -> None:
        self.type = type
        self.desc = desc
        self.default = default
        self.complete = complete
        self.name = ""

    def __set_name__(self, _owner: object, attribute: str) -> None:
        self.name = attribute.rstrip("_")


class Positional(Key[T]):
    """An argument that must be given."""

    if TYPE_CHECKING:

        @overload
        def __init__(self, type: type[T], desc: str = "", *, complete: Completer | None = None) -> None: ...
        @overload
        def __init__(
            self: Positional[Any], type: Shape, desc: str = "", *, complete: Completer | None = None
        ) -> None: ...
        def __init__(self, type: Any, desc: str = "", *, complete: Completer | None = None) -> None: ...


class Optional(Key[T]):
    """An argument that may be left out, which gives `default`."""

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: Optional[T | None], type: type[T], desc: str = "", *, complete: Completer | None = None
        ) -> None: ...
        @overload
        def __init__(
            self, type: type[T], desc: str = "", *, default: T, complete: Completer | None = None
        ) -> None: ...
        @overload
        def __init__(
            self: Optional[Any],
            type: Shape,
            desc: str = "",
            *,
            default: object = None,
            complete: Completer | None = None,
        ) -> None: ...
        def __init__(
            self, type: Any, desc: str = "", *, default: Any = None, complete: Completer | None = None
        ) -> None: ...


class Rest(Key["tuple[T, ...]"]):
    """Any number of further arguments, as a tuple."""

    if TYPE_CHECKING:

        @overload
        def __init__(self, type: type[T], desc: str = "", *, complete: Completer | None = None) -> None: ...
        @overload
        def __init__(
            self: Rest[Any], type: Shape, desc: str = "", *, complete: Completer | None = None
        ) -> None: ...
        def __init__(self, type: Any, desc: str = "", *, complete: Completer | None = None) -> None: ...


class Named(Key[T]):
    """A parameter that is given by name, with dashes for the underscores of the attribute."""

    short: str | None

    def __set_name__(self, owner: object, attribute: str) -> None:
        super().__set_name__(owner, attribute)
        self.name = self.name.replace("_", "-")


class Flag(Named[T]):
    """`--name value`, or `-n value` with `short`; left out, it gives `default`."""

    @overload
    def __init__(
        self: Flag[T | None],
        type: type[T],
        desc: str = "",
        *,
        short: str | None = None,
        complete: Completer | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: type[T],
        desc: str = "",
        *,
        default: T,
        short: str | None = None,
        complete: Completer | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: type[T],
        desc: str = "",
        *,
        required: Literal[True],
        short: str | None = None,
        complete: Completer | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Flag[Any],
        type: Shape,
        desc: str = "",
        *,
        default: object = None,
        required: bool = False,
        short: str | None = None,
        complete: Completer | None = None,
    ) -> None: ...
    def __init__(
        self,
        type: Any,
        desc: str = "",
        *,
        default: Any = None,
        required: bool = False,
        short: str | None = None,
        complete: Completer | None = None,
    ) -> None:
        super().__init__(type, desc, default=default, complete=complete)
        self.required = required
        self.short = short


class Switch(Named[bool]):
    """`--name`, or `-n` with `short`: whether it is given."""

    def __init__(self, desc: str = "", *, short: str | None = None) -> None:
        super().__init__(bool, desc, default=False)
        self.short = short


class Example(Data):
    """A line of nu, what it does, and, where it is always the same, the Python value that it gives."""

    example: str
    description: str
    result: object = None


class Columns(Data):
    """A record or a table with a column for each field of a dataclass."""

    row: type
    many: bool


def table(row: type) -> Columns:
    """The type of a list of these dataclass rows."""
    return Columns(row, many=True)


def record(row: type) -> Columns:
    """The type of one such dataclass row."""
    return Columns(row, many=False)


class Command:
    """A command of a plugin: subclass it, say what it takes in class attributes, and write `run`.

    The docstring is the help text: its first line the short one, the rest the further one.
    """

    name: str
    category: str = "Default"
    """One of nu's own categories, such as `Filters`, or any other word."""
    search_terms: tuple[str, ...] = ()
    input_output: tuple[tuple[Type | Columns, Type | Columns], ...] = ((Type.ANY, Type.ANY),)
    examples: tuple[Example, ...] = ()
    is_filter: bool = False
    creates_scope: bool = False
    allows_unknown_args: bool = False
    """Takes flags that it does not declare as strings among the rest."""

    def run(self, call: Call) -> object:
        """Do the work and return a Python value, an iterator of them, a ByteStream or a Value.

        What an iterator yields is sent at once, as a stream. Raises LabeledError for what the user should
        see; any other exception is shown as a bug of the plugin.
        """
        raise NotImplementedError

    def parameters(self) -> Iterator[Key[Any]]:
        """The keys in the order in which they are declared, those of base classes first."""
        for cls in reversed(type(self).__mro__):
            for attribute in vars(cls).values():
                if isinstance(attribute, Key):
                    yield attribute

    def positionals(self) -> list[Key[Any]]:
        """The keys of arguments without a name, as they are counted; the rest is last."""
        keys = list(self.parameters())
        return [key for kind in (Positional, Optional, Rest) for key in keys if isinstance(key, kind)]
