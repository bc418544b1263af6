"""The parameters of a command as typed keys, and what a function that completes them is told."""

from __future__ import annotations

from .data import TYPE_CHECKING, Data
from .signature import Shape

if not TYPE_CHECKING:
    from .data import Generic

    T = None

    def overload(function):
        return function

else:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Generic, Literal, TypeVar, overload

    from typing_extensions import TypeForm  # what type checkers know without it being installed

    from .engine import Engine
    from .messages import Suggestion
    from .span import Span

    T = TypeVar("T", covariant=True)
    D = TypeVar("D")
    Completer = Callable[["CompletionRequest"], Iterable[Suggestion | str]] | tuple[str, ...]


class Key(Generic[T]):
    """A parameter of a command, which looks up its argument in a call: `call[self.name]` is a T.

    `type` says how nu parses the argument and what `call[...]` gives: any type of `kinds.py`, such as str,
    Filesize, Path, `Literal["a", "b"]`, `list[int]`, `int | str` or a dataclass; object for anything; or a
    Shape, for what Python has no type for. `default` is of that type, which is checked when the command's
    class is made. `complete` gives completions: a function that is asked, or words that nu offers by itself.
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

    def __str__(self) -> str:
        return f"`{self.name}`"


class Positional(Key[T]):
    """An argument that must be given."""

    if TYPE_CHECKING:

        @overload
        def __init__(
            self, type: TypeForm[T], desc: str = "", *, complete: Completer | None = None
        ) -> None: ...
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
            self: Optional[D | None],
            type: TypeForm[D],
            desc: str = "",
            *,
            default: None = None,
            complete: Completer | None = None,
        ) -> None: ...
        @overload
        def __init__(
            self, type: TypeForm[T], desc: str = "", *, default: object, complete: Completer | None = None
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
        def __init__(
            self, type: TypeForm[T], desc: str = "", *, complete: Completer | None = None
        ) -> None: ...
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

    def __str__(self) -> str:
        return f"`--{self.name}`"


class Flag(Named[T]):
    """`--name value`, or `-n value` with `short`; left out, it gives `default`."""

    @overload
    def __init__(
        self: Flag[D | None],
        type: TypeForm[D],
        desc: str = "",
        *,
        default: None = None,
        short: str | None = None,
        complete: Completer | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: TypeForm[T],
        desc: str = "",
        *,
        default: object,
        short: str | None = None,
        complete: Completer | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: TypeForm[T],
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


class CompletionRequest(Data):
    """What nu wants completed and what else stands on the line.

    `text` is what is typed so far of the word, `key` the parameter. `positionals` and `flags` are the
    arguments that are plain words, None for any other. `head` is where the command's name stands. `engine`
    can be asked for environment, directory, configuration and help only.
    """

    text: str
    key: Key[Any]
    positionals: tuple[str | None, ...]
    flags: Mapping[str, str | None]
    head: Span
    engine: Engine

    def flag(self, name: str) -> str | None:
        """The value of a flag by its long name; None when it is not a plain word or not there."""
        return self.flags.get(name)
