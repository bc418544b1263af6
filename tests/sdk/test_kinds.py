"""What Python's types are in Nushell: how they are parsed, what they are called, and how values come back."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Optional, Union

import pytest

from nu_plugin_vibenv.sdk import (
    Call,
    CellPath,
    Closure,
    Command,
    Custom,
    Filesize,
    LabeledError,
    Range,
    Shape,
    Span,
    Switch,
    Type,
)
from nu_plugin_vibenv.sdk import values as v
from nu_plugin_vibenv.sdk.convert import from_python
from nu_plugin_vibenv.sdk.kinds import kind, read
from nu_plugin_vibenv.sdk.testing import run
from nu_plugin_vibenv.sdk.values import StringValue

from .rows import COLUMNS, Colour, Inner, Row


class Plain(Enum):
    ONE = "one"


class Number(IntEnum):
    ONE = 1
    TWO = 2


class Cool(Custom):
    type_name = "cool"

    def to_bytes(self) -> bytes:
        return b"data"

    @classmethod
    def from_bytes(cls, data: bytes) -> Cool:
        assert data == b"data"
        return cls()

    def to_base_value(self) -> object:
        return "cool"


@dataclass(frozen=True)
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)


@dataclass(frozen=True)
class Noted:
    note: str | None


@dataclass(frozen=True)
class Exit:
    limit: ClassVar[int] = 9
    exit_code: int = field(metadata={"column": "exit-code"})
    class_: str = field(default="x", metadata={"column": "class"})


@dataclass(frozen=True)
class Even:
    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError("there are no odd ones")


@dataclass(frozen=True)
class Odd:
    number: complex


@dataclass(frozen=True)
class WithSpan:
    name: StringValue


NOON = datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC)
ROW = Row(
    "a", Filesize(1), NOON, None, Path("/x"), Colour.RED, Inner(1, 2.0), [Inner(3, 4.0)], ["t"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("python", "shape", "type"),
    [
        (object, Shape.ANY, Type.ANY),
        (Any, Shape.ANY, Type.ANY),
        (float, Shape.NUMBER, Type.FLOAT),
        (bytes, Shape.BINARY, Type.BINARY),
        (None, Shape.NOTHING, Type.NOTHING),
        (Path, Shape.PATH, Type.STRING),
        (Closure, Shape.CLOSURE, Type.CLOSURE),
        (Colour, Shape.STRING, Type.STRING),
        (Number, Shape.INT, Type.INT),
        (Literal["up", "down"], Shape.STRING, Type.STRING),
        (Literal[1, 2], Shape.INT, Type.INT),
        (list[str], Shape.list(Shape.STRING), Type.list(Type.STRING)),
        (Sequence[int], Shape.list(Shape.INT), Type.list(Type.INT)),
        (tuple[int, ...], Shape.list(Shape.INT), Type.list(Type.INT)),
        (tuple[int, str], Shape.list(Shape.ANY), Type.list(Type.ANY)),
        (dict, Shape.RECORD, Type.record()),
        (dict[str, int], Shape.RECORD, Type.record()),
        (Mapping[str, int], Shape.RECORD, Type.record()),
        (int | str, Shape.one_of(Shape.INT, Shape.STRING), Type.one_of(Type.INT, Type.STRING)),
        (Union[int, bytes], Shape.one_of(Shape.INT, Shape.BINARY), Type.one_of(Type.INT, Type.BINARY)),  # noqa: UP007
        (Optional[int], Shape.one_of(Shape.INT, Shape.NOTHING), Type.ANY),  # noqa: UP045
        (Annotated[int, "a note"], Shape.INT, Type.INT),
        (Annotated[Path, Shape.DIRECTORY], Shape.DIRECTORY, Type.STRING),
        (Annotated[int, Type.NUMBER], Shape.INT, Type.NUMBER),
        (Shape.GLOB, Shape.GLOB, Type.ANY),
        (Type.GLOB, Shape.ANY, Type.GLOB),
        (Cool, Shape.ANY, Type.custom("cool")),
        (Inner, Shape.record(x=Shape.INT, y=Shape.NUMBER), Type.record(x=Type.INT, y=Type.FLOAT)),
        (list[Inner], Shape.table(x=Shape.INT, y=Shape.NUMBER), Type.table(x=Type.INT, y=Type.FLOAT)),
        (StringValue, Shape.ANY, Type.ANY),
        (v.Value, Shape.ANY, Type.ANY),
    ],
)
def test_a_python_type_has_a_shape_and_a_type(python: object, shape: Shape, type: Type) -> None:
    assert (kind(python).shape, kind(python).type) == (shape, type)


def test_a_dataclass_names_the_columns_of_a_record_and_of_a_table() -> None:
    assert kind(Row).type == Type("Record", COLUMNS)
    assert kind(list[Row]).type == Type("Table", COLUMNS)


def test_a_column_with_a_default_may_be_left_out_where_nu_parses_a_record() -> None:
    assert kind(Tree).shape == Shape.record(name=Shape.STRING)


def test_what_is_taken_may_lack_columns_that_have_defaults_and_have_ints_for_floats() -> None:
    assert kind(Tree).input_type == Type.record(name=Type.STRING)
    assert kind(list[Inner]).input_type == Type.table(x=Type.INT, y=Type.NUMBER)
    assert kind(float | Tree).input_type == Type.one_of(Type.NUMBER, Type.record(name=Type.STRING))
    assert kind(int).input_type == Type.INT


@pytest.mark.parametrize(
    ("python", "value"),
    [
        (str, "a"),
        (int, 1),
        (float, 1.5),
        (bool, True),
        (bytes, b"\x00"),
        (None, None),
        (datetime.datetime, NOON),
        (datetime.timedelta, datetime.timedelta(seconds=1)),
        (Filesize, Filesize(9)),
        (Path, Path("/a")),
        (Annotated[Path, Shape.DIRECTORY], Path("/a")),
        (Range, Range(1, None, 3)),
        (CellPath, CellPath((v.PathMember("a"),))),
        (Closure, Closure(3)),
        (Colour, Colour.RED),
        (Plain, Plain.ONE),
        (Number, Number.TWO),
        (Literal["up", "down"], "up"),
        (list, [1, "a"]),
        (list[int], [1, 2]),
        (tuple[int, ...], (1, 2)),
        (tuple[int, str], (1, "a")),
        (dict, {"a": 1}),
        (dict[str, Filesize], {"a": Filesize(1)}),
        (int | str, "a"),
        (int | None, None),
        (list[Inner | None], [Inner(1, 2.0), None]),
        (Row, ROW),
        (Tree, Tree("a", [Tree("b"), Tree("c", [Tree("d")])])),
        (WithSpan, WithSpan(StringValue("a", Span(1, 2)))),
        (object, {"a": [1]}),
    ],
)
def test_a_value_comes_back_as_the_type_that_it_had(python: Any, value: object) -> None:
    given = read(python, from_python(value), "it")
    assert given == value
    assert type(given) is type(value)


def test_a_custom_value_comes_back_as_its_class() -> None:
    assert isinstance(read(Cool, Cool().to_nu(Span(0, 1)), "it"), Cool)


def test_a_column_may_have_another_name_than_its_field_both_ways_and_in_a_stream() -> None:
    class Ended(Command):
        """Say how things ended."""

        name = "ended"
        streamed = Switch()

        def run(self, call: Call) -> object:
            rows = call.input.value(list[Exit])
            return iter(rows) if call[self.streamed] else rows

    rows = [{"exit-code": 3, "class": "a"}]
    assert kind(Exit).type == Type("Record", (("exit-code", Type.INT), ("class", Type.STRING)))
    assert run(Ended(), input=rows) == run(Ended(), input=rows, streamed=True) == rows
    with pytest.raises(LabeledError, match="it: expected a column `exit-code`"):
        read(Exit, from_python({"exit_code": 3}), "it")


def test_an_int_does_for_a_float_and_a_glob_for_a_string() -> None:
    assert read(float, v.IntValue(2), "it") == 2.0
    assert read(str, v.GlobValue("*.x"), "it") == "*.x"


def test_a_column_that_may_be_none_or_has_a_default_may_be_missing_and_others_are_left_out() -> None:
    record = from_python({"name": "a", "unknown": 1})
    assert read(Tree, record, "it") == Tree("a")

    assert read(Noted, from_python({}), "it") == Noted(None)


@pytest.mark.parametrize(
    ("python", "value", "msg", "label"),
    [
        (int, "a", "it: expected int", 'this is "a"'),
        (int, True, "it: expected int", "this is a bool"),
        (str, None, "it: expected string", "this is nothing"),
        (Literal["up", "down"], "left", "it: expected one of: up, down", 'this is "left"'),
        (Literal[1, 2], True, "it: expected one of: 1, 2", "this is a bool"),
        (int | str, 1.5, "it: expected int or string", "this is 1.5"),
        (list[int], 3, "it: expected list of int", "this is 3"),
        (list[int], [1, "a"], "it: expected int in `1`", 'this is "a"'),
        (tuple[int, str], [1], "it: expected list of 2: int, string", "this is a list"),
        (dict[str, int], {"a": "b"}, "it: expected int in `a`", 'this is "b"'),
        (Inner, [1], "it: expected record of Inner", "this is a list"),
        (Inner, {"x": 1}, "it: expected a column `y`", "this is a record"),
        (list[Row], [{"name": 1}], "it: expected string in `0.name`", "this is 1"),
        (list[Tree], [{}], "it: expected a column `name` in `0`", "this is a record"),
        (Inner | int, {"x": "a", "y": 1}, "it: expected int in `x`", 'this is "a"'),
        (list[Even], [{"number": 1}], "it: there are no odd ones in `0`", "this is a record"),
        (Cool, 3, "it: expected cool", "this is 3"),
        (StringValue, 3, "it: expected string", "this is 3"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_with_where_it_is(
    python: Any, value: object, msg: str, label: str
) -> None:
    with pytest.raises(LabeledError) as refused:
        read(python, from_python(value, Span(3, 4)), "it")
    assert (refused.value.msg, refused.value.labels[0].text) == (msg, label)
    assert refused.value.labels[0].span == Span(3, 4)


def test_a_moment_that_python_cannot_hold_is_refused() -> None:
    with pytest.raises(LabeledError, match="it: expected datetime of a year from 1 to 9999"):
        read(datetime.datetime, v.DateValue("+12000-01-01T00:00:00Z"), "it")


def test_an_error_where_a_value_was_wanted_is_raised_itself() -> None:
    with pytest.raises(LabeledError, match="the very error"):
        read(list[int], from_python([1, LabeledError("the very error")]), "it")


@pytest.mark.parametrize("python", [complex, set[int], Literal["a", 1], "int", dict[int, str]])
def test_a_type_that_nushell_has_nothing_for_is_an_error_of_the_developer(python: object) -> None:
    with pytest.raises(TypeError):
        kind(python)


def test_a_column_that_nushell_has_nothing_for_can_be_shown_and_not_read() -> None:
    assert kind(Odd).type == Type.record(number=Type.ANY)
    with pytest.raises(TypeError, match="Nushell has nothing for the class complex"):
        kind(Odd).read(from_python({"number": 1}))
