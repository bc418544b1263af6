"""Nushell's values as frozen data: one class for each kind, and the payloads that have no Python type of
their own.

`val` is what the value is, `span` where in the user's source it came from. Conversion to and from plain
Python values is `convert.py`; the form on the wire is `wire_values.py`.
"""

from __future__ import annotations

from .data import TYPE_CHECKING, Data
from .span import UNKNOWN, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal

    from .errors import LabeledError


class Filesize(int):
    """A number of bytes which nu shows, sorts and converts as a file size."""

    def __repr__(self) -> str:
        return f"Filesize({int(self)})"


class Range(Data):
    """`start..next..end`; `end` is None for one that never ends, `next` is None for steps of one."""

    start: int | float
    next: int | float | None = None
    end: int | float | None = None
    inclusive: bool = True

    @property
    def step(self) -> int | float:
        """What is added from one element to the next."""
        if self.next is not None:
            return self.next - self.start
        return -1 if self.end is not None and self.end < self.start else 1

    def __iter__(self) -> Iterator[int | float]:
        step, index = self.step, 0
        while step:
            element = self.start + index * step
            if self.end is not None:
                beyond = element > self.end if step > 0 else element < self.end
                if beyond or (element == self.end and not self.inclusive):
                    return
            yield element
            index += 1


class PathMember(Data):
    """One step of a cell path: a column's name or a row's number."""

    name: str | int
    optional: bool = False
    insensitive: bool = False


class CellPath(Data):
    """`$.a.0?`: the way to a cell in nested data."""

    members: tuple[PathMember, ...]


class Closure(Data):
    """A block of nu code with what it captured; can be called with `Engine.eval_closure` or passed back."""

    block_id: int
    captures: tuple[tuple[int, Value], ...] = ()


class PluginCustomValue(Data):
    """A value whose content only the plugin that made it can read; `name` is what `describe` shows."""

    name: str
    data: bytes
    notify_on_drop: bool = False


class _Spanned(Data):
    """A value that is a `val` and a `span`: what tables are made of, by the million."""

    if not TYPE_CHECKING:

        def __init__(self, val, span=UNKNOWN) -> None:  # half the time of the general one
            own = self.__dict__
            own["val"] = val
            own["span"] = span


class BoolValue(_Spanned):
    val: bool
    span: Span = UNKNOWN


class IntValue(_Spanned):
    """`val` has 64 bits and a sign."""

    val: int
    span: Span = UNKNOWN


class FloatValue(_Spanned):
    val: float
    span: Span = UNKNOWN


class StringValue(_Spanned):
    val: str
    span: Span = UNKNOWN


class GlobValue(Data):
    """A pattern for file names; taken literally when `no_expand`."""

    val: str
    no_expand: bool = False
    span: Span = UNKNOWN


class FilesizeValue(_Spanned):
    """`val` in bytes."""

    val: int
    span: Span = UNKNOWN


class DurationValue(_Spanned):
    """`val` in nanoseconds."""

    val: int
    span: Span = UNKNOWN


class DateValue(_Spanned):
    """`val` in RFC 3339, with up to nine digits of a second."""

    val: str
    span: Span = UNKNOWN


class RangeValue(_Spanned):
    val: Range
    span: Span = UNKNOWN


class RecordValue(_Spanned):
    """`val` keeps the order of its columns."""

    val: Mapping[str, Value]
    span: Span = UNKNOWN


class ListValue(Data):
    """A list, or a table when all elements are records."""

    vals: tuple[Value, ...]
    span: Span = UNKNOWN


class ClosureValue(_Spanned):
    val: Closure
    span: Span = UNKNOWN


class ErrorValue(Data):
    """An error that is raised where the value is used."""

    error: LabeledError
    span: Span = UNKNOWN


class BinaryValue(_Spanned):
    val: bytes
    span: Span = UNKNOWN


class CellPathValue(_Spanned):
    val: CellPath
    span: Span = UNKNOWN


class CustomValue(_Spanned):
    val: PluginCustomValue
    span: Span = UNKNOWN


class NothingValue(Data):
    span: Span = UNKNOWN


class UnknownValue(Data):
    """A kind of value that a later nu has; `payload` is what was on the wire, and goes back as it came."""

    kind: str
    payload: object
    span: Span = UNKNOWN


Value = (
    BoolValue
    | IntValue
    | FloatValue
    | StringValue
    | GlobValue
    | FilesizeValue
    | DurationValue
    | DateValue
    | RangeValue
    | RecordValue
    | ListValue
    | ClosureValue
    | ErrorValue
    | BinaryValue
    | CellPathValue
    | CustomValue
    | NothingValue
    | UnknownValue
)

if TYPE_CHECKING:
    Ordering = Literal["Less", "Equal", "Greater"]
else:
    Ordering = str
