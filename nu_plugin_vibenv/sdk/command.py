"""What a command is: its name and texts, its parameters, and `run`."""

from __future__ import annotations

from .data import TYPE_CHECKING, Data
from .parameters import Key, Optional, Positional, Rest
from .signature import Type

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .call import Call


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
