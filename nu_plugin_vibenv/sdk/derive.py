"""From a command's declaration to the signature that nu is told: shapes, types and texts.

Only needed when nu asks for signatures, which it does when a plugin is added: what is slow to import is
imported here and not when a command runs.
"""

from __future__ import annotations

import builtins
import datetime
import inspect
import types
import typing
from typing import TYPE_CHECKING, Any

from . import signature as s
from .command import Columns
from .convert import from_python
from .custom import Custom
from .parameters import Flag, Optional, Positional, Rest, Switch
from .signature import Shape, Type
from .values import CellPath, Closure, Filesize, Range

if TYPE_CHECKING:
    from .command import Command, Example
    from .parameters import Key

HELP = s.FlagArg("help", "h", None, False, "Display the help message for this command")

_SHAPES: dict[object, Shape] = {
    object: Shape.ANY,
    str: Shape.STRING,
    int: Shape.INT,
    float: Shape.NUMBER,
    bool: Shape.BOOL,
    bytes: Shape.BINARY,
    dict: Shape.RECORD,
    list: Shape.list(Shape.ANY),
    datetime.datetime: Shape.DATE,
    datetime.timedelta: Shape.DURATION,
    Filesize: Shape.FILESIZE,
    Range: Shape.RANGE,
    CellPath: Shape.CELL_PATH,
    Closure: Shape.CLOSURE,
}

_TYPES: dict[object, Type] = {
    object: Type.ANY,
    Any: Type.ANY,
    None: Type.NOTHING,
    type(None): Type.NOTHING,
    str: Type.STRING,
    int: Type.INT,
    float: Type.FLOAT,
    bool: Type.BOOL,
    bytes: Type.BINARY,
    dict: Type.record(),
    list: Type.list(Type.ANY),
    tuple: Type.list(Type.ANY),
    datetime.datetime: Type.DATE,
    datetime.timedelta: Type.DURATION,
    Filesize: Type.FILESIZE,
    Range: Type.RANGE,
    CellPath: Type.CELL_PATH,
    Closure: Type.CLOSURE,
}


def signature(command: Command) -> s.PluginSignature:
    """The signature of a command with its examples. Raises TypeError for a parameter without a shape."""
    first, _, rest = inspect.cleandoc(command.__doc__ or "").partition("\n")
    keys = list(command.parameters())
    sig = s.Signature(
        name=command.name,
        description=first,
        extra_description=rest.strip(),
        search_terms=tuple(command.search_terms),
        required_positional=tuple(_positional(key) for key in keys if isinstance(key, Positional)),
        optional_positional=tuple(_positional(key) for key in keys if isinstance(key, Optional)),
        rest_positional=next((_positional(key) for key in keys if isinstance(key, Rest)), None),
        named=(HELP, *(_flag(key) for key in keys if isinstance(key, (Flag, Switch)))),
        input_output_types=tuple((_io_type(taken), _io_type(given)) for taken, given in command.input_output),
        is_filter=command.is_filter,
        creates_scope=command.creates_scope,
        allows_unknown_args=command.allows_unknown_args,
        category=category(command.category),
    )
    return s.PluginSignature(sig, tuple(_example(example) for example in command.examples))


CATEGORIES = frozenset(
    [
        "Bits",
        "Bytes",
        "Chart",
        "Conversions",
        "Core",
        "Database",
        "Date",
        "Debug",
        "Default",
        "Deprecated",
        "Removed",
        "Env",
        "Experimental",
        "FileSystem",
        "Filters",
        "Formats",
        "Generators",
        "Hash",
        "History",
        "Math",
        "Misc",
        "Network",
        "Path",
        "Platform",
        "Plugin",
        "Random",
        "Shells",
        "Strings",
        "System",
        "Viewers",
    ]
)
"""nu's own categories. Source: `nu-protocol` 0.115.1, `signature.rs`."""


def category(name: str) -> s.Category:
    """A category by its name: nu's own, or one of the plugin's making."""
    return s.Category(name) if name in CATEGORIES else s.Category("Custom", name)


def _example(example: Example) -> s.PluginExample:
    result = None
    if example.result is not None:
        shown = example.result
        result = from_python(shown.to_base_value() if isinstance(shown, Custom) else shown)
    return s.PluginExample(example.example, example.description, result)


def _positional(key: Key[Any]) -> s.PositionalArg:
    default = None if key.default is None else from_python(key.default)
    return s.PositionalArg(key.name, key.desc, shape(key.type), completion(key.type), None, default)


def _flag(key: Flag[Any] | Switch) -> s.FlagArg:
    if isinstance(key, Switch):
        return s.FlagArg(key.name, key.short, None, False, key.desc)
    default = None if key.default is None else from_python(key.default)
    words = completion(key.type)
    return s.FlagArg(key.name, key.short, shape(key.type), key.required, key.desc, words, None, default)


def completion(type: Any) -> s.ListCompletion | None:
    """The members of an enum, which nu offers by itself."""
    members = getattr(type, "__members__", None)
    return (
        None if members is None else s.ListCompletion(tuple(str(member.value) for member in members.values()))
    )


def shape(type: Any) -> Shape:
    """The shape of a Python type. Raises TypeError for one that has none."""
    if isinstance(type, Shape):
        return type
    if (known := _SHAPES.get(type)) is not None:
        return known
    if hasattr(type, "__members__"):
        return Shape.STRING
    if hasattr(type, "__fspath__"):
        return Shape.PATH
    if isinstance(type, builtins.type) and issubclass(type, Custom):
        return Shape.ANY
    if isinstance(type, types.UnionType):
        return Shape.one_of(*(shape(option) for option in type.__args__))
    if isinstance(type, types.GenericAlias) and type.__origin__ is list:
        return Shape.list(shape(type.__args__[0]))
    raise TypeError(f"no shape is known for {type!r}: give a Shape")


def _io_type(type: Type | Columns) -> Type:
    if isinstance(type, Type):
        return type
    columns = columns_of(type.row)
    return Type("Table" if type.many else "Record", columns)


def columns_of(row: type) -> tuple[tuple[str, Type], ...]:
    """Names and types of a dataclass's fields, in order."""
    hints = typing.get_type_hints(row)
    return tuple((name, type_of(hints[name])) for name in row.__dataclass_fields__)  # type: ignore[attr-defined]


def type_of(annotation: Any) -> Type:
    """The type of a Python annotation; Any where Nushell has nothing closer, as for what may be None."""
    if isinstance(annotation, Type):
        return annotation
    try:
        if (known := _TYPES.get(annotation)) is not None:
            return known
    except TypeError:  # an annotation that cannot be hashed is none that is known
        return Type.ANY
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (list, tuple) and args:
        element = type_of(args[0])
        return Type("Table", element.of) if element.name == "Record" else Type.list(element)
    if hasattr(annotation, "__dataclass_fields__"):
        return Type("Record", columns_of(annotation))
    if hasattr(annotation, "__members__") or hasattr(annotation, "__fspath__"):
        return Type.STRING
    if origin is dict:
        return Type.record()
    return Type.ANY
