"""Dataclasses as rows: their columns, and records made into them; imported where there are any."""

from __future__ import annotations

import typing
from dataclasses import MISSING, fields
from typing import Any

from . import values as v
from .kinds import Kind, kind, step
from .mismatch import Mismatch, mismatch
from .signature import Shape, Type


def of_dataclass(row: Any) -> Kind:
    """What a dataclass is in Nushell. Raises NameError for an annotation of something not imported."""
    hints = typing.get_type_hints(row, include_extras=True)
    columns = {field.name: _column(hints[field.name]) for field in fields(row)}
    given = [field for field in fields(row) if field.init]
    defaults = {
        field.name for field in given if field.default is not MISSING or field.default_factory is not MISSING
    }

    def read(value: v.Value) -> Any:
        if not isinstance(value, v.RecordValue):
            raise mismatch(f"record of {row.__name__}", value)
        arguments = {}
        for field in given:
            name = field.name
            if name in value.val:
                arguments[name] = step(columns[name], value.val[name], name)
            elif name not in defaults:
                arguments[name] = _missing(columns[name], name, value)
        try:
            return row(**arguments)
        except ValueError as error:  # the class's own __post_init__
            raise Mismatch(str(error), value) from error

    required = [field.name for field in given if field.name not in defaults]
    shape = Shape("Record", tuple((name, columns[name].shape) for name in required))
    of_type = Type("Record", tuple((name, column.type) for name, column in columns.items()))
    taken = Type("Record", tuple((name, columns[name].input_type) for name in required))
    return Kind(f"record of {row.__name__}", shape, of_type, read, (), taken)


def _column(annotation: Any) -> Kind:
    """As `kind`; a type that Nushell has nothing for may be any in an answer, and cannot be read."""
    try:
        return kind(annotation)
    except TypeError as error:
        reason = str(error)

    def read(_value: v.Value) -> Any:
        raise TypeError(reason)

    return Kind("any", Shape.ANY, Type.ANY, read)


def _missing(column: Kind, name: str, record: v.Value) -> Any:
    """What stands for a column that is not there: None, where that is allowed."""
    try:
        return column.read(v.NothingValue(record.span))
    except Mismatch:
        raise Mismatch(f"expected a column `{name}`", record) from None
