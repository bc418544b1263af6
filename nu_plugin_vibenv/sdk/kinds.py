"""What a Python type is in Nushell: the shape and type that nu is told, and how nu's values become Python's.

| Python                                      | in Nushell                                              |
|---------------------------------------------|---------------------------------------------------------|
| object, Any                                 | any                                                     |
| str, int, float, bool, bytes, None          | the like, bytes as binary; a float takes an int too     |
| datetime, timedelta, Filesize               | datetime, duration, filesize                            |
| Path                                        | path, for which nu completes files; a string in a row   |
| Range, CellPath, Closure, a Custom          | the like                                                |
| Literal[...], an Enum of strings or of ints | string or int; nu completes what there is               |
| list[T], tuple[T, ...], tuple[A, B]         | list, and table when T is a dataclass                   |
| dict, dict[str, T]                          | record                                                  |
| a dataclass                                 | record; fields with a default may be missing from it;   |
|                                             | `field(metadata={"column": "a-b"})` names a column      |
| A or B                                      | oneof; any, when None is among them                     |
| a class of nu's values, as StringValue      | the value itself, with its span                         |
| Annotated[T, Shape or Type]                 | T, parsed or called otherwise: a Path as a directory    |

`typing` is imported for those that need it only, so that most commands start without.
"""

from __future__ import annotations

from . import values as v
from .convert import datetime, timedelta, to_python
from .data import TYPE_CHECKING, Data
from .mismatch import Mismatch, mismatch, type_name
from .signature import Shape, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Read = Callable[[v.Value], Any]

_UNION: Any = type(int | str)  # `types.UnionType`, without importing `types`


class Kind(Data):
    """A Python type as Nushell has it.

    `name` is for errors. `read` makes the Python value of nu's, and raises Mismatch for one that is none.
    `words` are all values there are, where these are a few. `taken` is the type of what can be read, where
    that is more than `type`: a row without the columns that have defaults.
    """

    name: str
    shape: Shape
    type: Type
    read: Read
    words: tuple[str, ...] = ()
    taken: Type | None = None

    @property
    def input_type(self) -> Type:
        """The type of what a pipeline may give, to be read as this."""
        return self.taken or self.type


def read(wanted: Any, value: v.Value, what: str) -> Any:
    """A value as a Python type has it. Raises LabeledError, which begins with `what`, for one that is not."""
    try:
        return kind(wanted).read(value)
    except Mismatch as wrong:
        raise wrong.labeled(what) from None


def kind(annotation: Any) -> Kind:
    """What a Python type is in Nushell. Raises TypeError for a type that it has nothing for."""
    known = _KNOWN.get(annotation)
    if known is None:
        known = _KNOWN[annotation] = _kind(annotation)
    return known


def _kind(annotation: Any) -> Kind:
    if isinstance(annotation, Shape):
        return Kind(annotation.name, annotation, Type.ANY, to_python)
    if isinstance(annotation, Type):
        return Kind(annotation.name, Shape.ANY, annotation, to_python)
    if isinstance(annotation, type) and not hasattr(annotation, "__origin__"):
        return _of_class(annotation)
    if isinstance(annotation, _UNION):
        return _one_of(annotation.__args__)
    import typing

    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Union:
        return _one_of(args)
    if origin is typing.Literal:
        return _of_words({value: value for value in args})
    if origin is typing.Annotated:
        return _annotated(kind(args[0]), args[1:])
    if hasattr(annotation, "__value__"):
        return kind(annotation.__value__)
    if origin is tuple:
        return _list_of(args[0], make=tuple) if args[1:] == (...,) else _row_of(args)
    if isinstance(origin, type) and issubclass(list, origin):
        return _list_of(args[0])
    if isinstance(origin, type) and issubclass(dict, origin) and args[0] is str:
        return _dict_of(args[1])
    raise TypeError(f"Nushell has nothing for {annotation!r}")


def _annotated(known: Kind, notes: tuple[Any, ...]) -> Kind:
    shape = next((note for note in notes if isinstance(note, Shape)), known.shape)
    of_type = next((note for note in notes if isinstance(note, Type)), known.type)
    taken = known.taken if of_type == known.type else None
    return Kind(known.name, shape, of_type, known.read, known.words, taken)


def _of_class(cls: Any) -> Kind:
    if hasattr(cls, "__dataclass_fields__"):
        return _of_dataclass(cls)
    if hasattr(cls, "__members__"):
        return _of_words({member.value: member for member in cls})
    if hasattr(cls, "__fspath__"):
        text = _exactly("path", v.StringValue, v.GlobValue)
        return Kind("path", Shape.PATH, Type.STRING, lambda value: cls(text(value)))
    if hasattr(cls, "type_name") and hasattr(cls, "from_bytes"):
        return Kind(cls.type_name, Shape.ANY, Type.custom(cls.type_name), _of_custom(cls))
    if cls in v.Value.__args__:
        return Kind(name := type_name(cls), Shape.ANY, Type.ANY, lambda value: _same(cls, name, value))
    if (cls.__module__, cls.__name__) == ("typing", "Any"):
        return _ANY
    raise TypeError(f"Nushell has nothing for the class {cls.__qualname__}")


def _of_dataclass(row: Any) -> Kind:
    from .rows import of_dataclass

    # Rows may have rows of their own sort inside: this stands for those until the whole is known.
    _KNOWN[row] = Kind(row.__name__, Shape.RECORD, Type.record(), lambda value: kind(row).read(value))
    try:
        return of_dataclass(row)
    finally:
        _KNOWN.pop(row, None)


def _exactly(name: str, *classes: type) -> Read:
    def read(value: v.Value) -> Any:
        if type(value) not in classes:
            raise mismatch(name, value)
        return to_python(value)

    return read


def _same(cls: type, name: str, value: v.Value) -> v.Value:
    if type(value) is not cls:
        raise mismatch(name, value)
    return value


def _float(value: v.Value) -> float:
    if isinstance(value, (v.FloatValue, v.IntValue)):
        return float(value.val)
    raise mismatch("float", value)


def _datetime(value: v.Value) -> datetime:
    moment = to_python(value)
    if not isinstance(moment, datetime):  # also for a year that Python does not have
        raise mismatch("datetime of a year from 1 to 9999", value)
    return moment


def _of_custom(cls: Any) -> Read:
    def read(value: v.Value) -> Any:
        if isinstance(value, v.CustomValue) and value.val.name == cls.type_name:
            return cls.from_bytes(value.val.data)
        raise mismatch(cls.type_name, value)

    return read


def _of_words(members: Mapping[Any, Any]) -> Kind:
    types = {type(member) for member in members}
    if types not in ({str}, {int}):
        raise TypeError(f"the values {', '.join(map(repr, members))} are not all strings, nor all ints")
    words = tuple(map(str, members))
    expected = f"one of: {', '.join(words)}"
    shape, of_type = (Shape.STRING, Type.STRING) if types == {str} else (Shape.INT, Type.INT)

    def read(value: v.Value) -> Any:
        word = to_python(value)
        if type(word) not in types or word not in members:
            raise mismatch(expected, value)
        return members[word]

    return Kind(expected, shape, of_type, read, words)


def _one_of(options: tuple[Any, ...]) -> Kind:
    kinds = [kind(option) for option in options]
    name = " or ".join(option.name for option in kinds)

    def read(value: v.Value) -> Any:
        inner: Mismatch | None = None
        for option in kinds:
            try:
                return option.read(value)
            except Mismatch as wrong:
                inner = wrong if wrong.path else inner
        raise inner or mismatch(name, value)

    of_type = Type.ANY if type(None) in options else Type.one_of(*(option.type for option in kinds))
    shape = Shape.one_of(*(option.shape for option in kinds))
    words = tuple(word for option in kinds for word in option.words)
    taken = Type.ANY if of_type == Type.ANY else Type.one_of(*(option.input_type for option in kinds))
    return Kind(name, shape, of_type, read, words, taken)


def _list_of(annotation: Any, make: Callable[[list[Any]], Any] = list) -> Kind:
    element = kind(annotation)

    def read(value: v.Value) -> Any:
        if not isinstance(value, v.ListValue):
            raise mismatch(f"list of {element.name}", value)
        return make([step(element, inner, str(index)) for index, inner in enumerate(value.vals)])

    shape = Shape.list(element.shape)
    if element.type.name == "Record":
        shape = Shape("Table", element.shape.of)
    of_type, taken = (_type_of_list(type) for type in (element.type, element.input_type))
    return Kind(f"list of {element.name}", shape, of_type, read, (), taken)


def _type_of_list(element: Type) -> Type:
    return Type("Table", element.of) if element.name == "Record" else Type.list(element)


def _row_of(annotations: tuple[Any, ...]) -> Kind:
    kinds = [kind(annotation) for annotation in annotations]
    name = f"list of {len(kinds)}: {', '.join(element.name for element in kinds)}"

    def read(value: v.Value) -> Any:
        if not isinstance(value, v.ListValue) or len(value.vals) != len(kinds):
            raise mismatch(name, value)
        pairs = zip(kinds, value.vals, strict=True)
        return tuple(step(element, inner, str(index)) for index, (element, inner) in enumerate(pairs))

    return Kind(name, Shape.list(Shape.ANY), Type.list(Type.ANY), read)


def _dict_of(annotation: Any) -> Kind:
    cell = kind(annotation)

    def read(value: v.Value) -> Any:
        if not isinstance(value, v.RecordValue):
            raise mismatch("record", value)
        return {column: step(cell, inner, column) for column, inner in value.val.items()}

    return Kind("record", Shape.RECORD, Type.record(), read)


def step(inside: Kind, value: v.Value, step: str) -> Any:
    """Read a part of a whole, so that an error knows where it is."""
    try:
        return inside.read(value)
    except Mismatch as wrong:
        wrong.path.append(step)
        raise


_ANY = Kind("any", Shape.ANY, Type.ANY, to_python)
_KNOWN: dict[Any, Kind] = {
    object: _ANY,
    v.Value: Kind("any", Shape.ANY, Type.ANY, lambda value: value),
    None: Kind("nothing", Shape.NOTHING, Type.NOTHING, _exactly("nothing", v.NothingValue)),
    type(None): Kind("nothing", Shape.NOTHING, Type.NOTHING, _exactly("nothing", v.NothingValue)),
    str: Kind("string", Shape.STRING, Type.STRING, _exactly("string", v.StringValue, v.GlobValue)),
    int: Kind("int", Shape.INT, Type.INT, _exactly("int", v.IntValue)),
    float: Kind("float", Shape.NUMBER, Type.FLOAT, _float, (), Type.NUMBER),
    bool: Kind("bool", Shape.BOOL, Type.BOOL, _exactly("bool", v.BoolValue)),
    bytes: Kind("binary", Shape.BINARY, Type.BINARY, _exactly("binary", v.BinaryValue)),
    dict: Kind("record", Shape.RECORD, Type.record(), _exactly("record", v.RecordValue)),
    list: Kind("list", Shape.list(Shape.ANY), Type.list(Type.ANY), _exactly("list", v.ListValue)),
    datetime: Kind("datetime", Shape.DATE, Type.DATE, _datetime),
    timedelta: Kind("duration", Shape.DURATION, Type.DURATION, _exactly("duration", v.DurationValue)),
    v.Filesize: Kind("filesize", Shape.FILESIZE, Type.FILESIZE, _exactly("filesize", v.FilesizeValue)),
    v.Range: Kind("range", Shape.RANGE, Type.RANGE, _exactly("range", v.RangeValue)),
    v.CellPath: Kind("cell-path", Shape.CELL_PATH, Type.CELL_PATH, _exactly("cell-path", v.CellPathValue)),
    v.Closure: Kind("closure", Shape.CLOSURE, Type.CLOSURE, _exactly("closure", v.ClosureValue)),
}
"""What is known of types so far; others are added as they are asked for."""
