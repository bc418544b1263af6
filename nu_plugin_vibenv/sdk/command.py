"""What a command is: its name and texts, its parameters, and `run`."""

from __future__ import annotations

from .data import TYPE_CHECKING, Data
from .parameters import Key, Optional, Positional, Rest

if TYPE_CHECKING:
    from typing import Any

    from .call import Call


class Example(Data):
    """A line of nu, what it does, and, where it is always the same, the Python value that it gives."""

    example: str
    description: str
    result: object = None


class Command:
    """A command of a plugin: subclass it, say what it takes in class attributes, and write `run`.

    The docstring is the help text: its first paragraph the short one, the rest the further one. Parameters
    are class attributes too; those of base classes come first, and an attribute of the same name replaces
    them. A class that declares what cannot be is refused with a TypeError when it is made.
    """

    name: str
    """As it is typed, such as `words count`. A class without one is a base for others."""
    category: str = "Default"
    """One of nu's own categories, such as `Filters`, or any other word."""
    search_terms: tuple[str, ...] = ()
    input_output: tuple[tuple[object, object], ...] = ((object, object),)
    """Pairs of what the pipeline may give and what comes out then, as Python types or Types: `(str, int)`.

    `list[Row]`, of a dataclass, is a table, and any list may be streamed; None is for nothing, object for
    anything.
    """
    examples: tuple[Example, ...] = ()
    is_filter: bool = False
    creates_scope: bool = False
    allows_unknown_args: bool = False
    """Takes flags that it does not declare as strings among the rest."""
    _parameters: tuple[Key[Any], ...] = ()
    _positionals: tuple[Key[Any], ...] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        attributes = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
        keys = [key for key in attributes.values() if isinstance(key, Key)]
        cls._parameters = tuple(keys)
        cls._positionals = tuple(
            key for kind in (Positional, Optional, Rest) for key in keys if isinstance(key, kind)
        )
        from .declaration import check

        check(cls)
        if hasattr(cls, "name") and cls.run is Command.run:
            raise TypeError(f"{cls.__name__} has a name and no `run`")

    def run(self, call: Call) -> object:
        """Do the work and return a Python value, an iterator of them, a ByteStream or a Value.

        What an iterator yields is sent at once, as a stream; a LabeledError that it yields is an error in the
        place of one item. Raises LabeledError for what the user should see; any other exception is shown as
        a bug of the plugin.
        """
        raise NotImplementedError

    @classmethod
    def parameters(cls) -> tuple[Key[Any], ...]:
        """The parameters in the order in which they are declared, those of base classes first."""
        return cls._parameters

    @classmethod
    def positionals(cls) -> tuple[Key[Any], ...]:
        """The keys of arguments without a name, as they are counted; the rest is last."""
        return cls._positionals
