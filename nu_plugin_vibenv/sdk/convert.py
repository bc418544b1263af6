"""Plain Python values to Nushell's and back.

| Nushell  | from Python                              | to Python                                    |
|----------|------------------------------------------|----------------------------------------------|
| nothing  | None                                     | None                                         |
| bool     | bool                                     | bool                                         |
| int      | int                                      | int                                          |
| float    | float                                    | float                                        |
| string   | str, Path, an Enum of str                 | str (globs too)                              |
| filesize | Filesize                                 | Filesize                                     |
| duration | timedelta                                | timedelta, cut to microseconds               |
| datetime | datetime (local time when it has no zone) | datetime with zone, cut to microseconds     |
| binary   | bytes, bytearray, memoryview             | bytes                                        |
| record   | dict, dataclass                          | dict                                         |
| list     | list, tuple, set, frozenset              | list                                         |
| range    | Range, range                             | Range                                        |
| others   | CellPath, Closure, PluginCustomValue, LabeledError | the same                           |

A value of `values.py` is taken as it is, and an object that has `to_nu(span) -> Value` is asked.
"""

from __future__ import annotations

import os

from . import values
from .data import TYPE_CHECKING
from .errors import LabeledError
from .span import UNKNOWN, Span
from .values import CellPath, Closure, Filesize, PluginCustomValue, Range, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime as datetime
    from datetime import timedelta as timedelta
    from typing import Any
else:  # the module `datetime` says the same once more in Python, which takes 1 ms of each start
    from _datetime import datetime, timedelta

_SECOND = 1_000_000_000


class NotConvertible(TypeError):
    """Raised for a Python object that Nushell has no value for."""


def from_python(value: object, span: Span = UNKNOWN) -> Value:
    """The Nushell value of a Python one, with `span` in all its parts.

    Raises: NotConvertible.
    """
    converter = _FROM_PYTHON.get(type(value))
    if converter is None:
        return _from_other(value, span)
    return converter(value, span)


def _from_other(value: Any, span: Span) -> Value:
    if isinstance(value, Value):
        return value
    if hasattr(value, "to_nu"):
        own: Value = value.to_nu(span)
        return own
    if (fields := row_fields(type(value))) is not None:
        cells = {column: from_python(getattr(value, name), span) for name, column in fields.items()}
        return values.RecordValue(cells, span)
    if hasattr(type(value), "__members__"):  # an Enum
        return from_python(value.value, span)
    if isinstance(value, os.PathLike):
        return values.StringValue(os.fspath(value), span)
    for cls in type(value).__mro__:
        if cls in _FROM_PYTHON:
            return _FROM_PYTHON[cls](value, span)
    raise NotConvertible(f"Nushell has no value for a {type(value).__name__}: {value!r}")


_ROWS: dict[type, dict[str, str] | None] = {}
"""The columns of each class that was seen; classes are few, and their rows are many."""


def row_fields(cls: type) -> dict[str, str] | None:
    """The columns of a dataclass by its fields, in order; None for another class.

    A column is called as its field, or as `field(metadata={"column": ...})` says.
    """
    try:
        return _ROWS[cls]
    except KeyError:
        columns = None
        if hasattr(cls, "__dataclass_fields__"):
            from dataclasses import fields

            columns = {field.name: field.metadata.get("column", field.name) for field in fields(cls)}
        return _ROWS.setdefault(cls, columns)


def _from_range(value: range, span: Span) -> Value:
    following = value.start + value.step
    return values.RangeValue(Range(value.start, following, value.stop, inclusive=False), span)


def _from_list(value: Any, span: Span) -> Value:
    return values.ListValue(tuple([from_python(element, span) for element in value]), span)


def _from_dict(value: dict[str, object], span: Span) -> Value:
    return values.RecordValue({str(key): from_python(cell, span) for key, cell in value.items()}, span)


def nanoseconds(duration: timedelta) -> int:
    """A duration as nu counts it."""
    return (duration.days * 86_400 + duration.seconds) * _SECOND + duration.microseconds * 1000


def rfc3339(moment: datetime) -> str:
    """A moment as nu writes it; one without a zone is taken as local time."""
    return (moment if moment.tzinfo is not None else moment.astimezone()).isoformat()


_FROM_PYTHON: dict[type, Callable[[Any, Span], Value]] = {
    type(None): lambda _value, span: values.NothingValue(span),
    bool: values.BoolValue,
    int: lambda value, span: values.IntValue(int(value), span),
    float: values.FloatValue,
    str: lambda value, span: values.StringValue(str(value), span),
    Filesize: lambda value, span: values.FilesizeValue(int(value), span),
    timedelta: lambda value, span: values.DurationValue(nanoseconds(value), span),
    datetime: lambda value, span: values.DateValue(rfc3339(value), span),
    bytes: values.BinaryValue,
    bytearray: lambda value, span: values.BinaryValue(bytes(value), span),
    memoryview: lambda value, span: values.BinaryValue(bytes(value), span),
    dict: _from_dict,
    list: _from_list,
    tuple: _from_list,
    set: _from_list,
    frozenset: _from_list,
    Range: values.RangeValue,
    range: _from_range,
    CellPath: values.CellPathValue,
    Closure: values.ClosureValue,
    PluginCustomValue: values.CustomValue,
    LabeledError: values.ErrorValue,
}


def to_python(value: Value) -> Any:
    """The Python value of a Nushell one; what Python cannot hold (the year 12000) stays as it is."""
    return _TO_PYTHON[type(value)](value)


def _val(value: Any) -> Any:
    return value.val


def _same(value: Any) -> Any:
    return value


def _to_timedelta(value: values.DurationValue) -> timedelta | values.DurationValue:
    try:
        return timedelta(microseconds=value.val // 1000)
    except OverflowError:
        return value


def _to_datetime(value: values.DateValue) -> datetime | values.DateValue:
    try:
        return datetime.fromisoformat(value.val)
    except ValueError:
        return value


_TO_PYTHON: dict[type, Callable[[Any], Any]] = {
    values.BoolValue: _val,
    values.IntValue: _val,
    values.FloatValue: _val,
    values.StringValue: _val,
    values.GlobValue: _val,
    values.FilesizeValue: lambda value: Filesize(value.val),
    values.DurationValue: _to_timedelta,
    values.DateValue: _to_datetime,
    values.RangeValue: _val,
    values.RecordValue: lambda value: {key: to_python(cell) for key, cell in value.val.items()},
    values.ListValue: lambda value: [to_python(element) for element in value.vals],
    values.ClosureValue: _val,
    values.ErrorValue: lambda value: value.error,
    values.BinaryValue: _val,
    values.CellPathValue: _val,
    values.CustomValue: _val,
    values.NothingValue: lambda _value: None,
    values.UnknownValue: _same,
}
