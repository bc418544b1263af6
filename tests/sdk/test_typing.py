"""What a type checker knows of arguments, input and configuration: mypy reads these, and they run as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, assert_type

from nu_plugin_vibenv.sdk import (
    Call,
    Closure,
    Command,
    Filesize,
    Flag,
    Optional,
    Positional,
    Rest,
    Shape,
    Switch,
)
from nu_plugin_vibenv.sdk.testing import run


@dataclass
class Row:
    name: str


class Typed(Command):
    """Have a parameter of each sort."""

    name = "typed"
    who = Positional(str)
    glob = Positional(Shape.GLOB)
    folder = Flag(Annotated[Path, Shape.DIRECTORY])
    work = Optional(Closure)
    wait = Optional(timedelta, default=timedelta(seconds=1))
    files = Rest(Path)
    top = Flag(int)
    least = Flag(Filesize, default=Filesize(1))
    ratio = Flag(float, required=True)
    order = Flag(Literal["up", "down"], default="up")
    both = Flag(int | str)
    rows = Flag(list[Row])
    anything = Flag(object)
    force = Switch()

    def run(self, call: Call) -> bool:
        assert_type(call[self.who], str)
        assert_type(call[self.glob], Any)
        assert_type(call[self.folder], Path | None)
        assert_type(call[self.work], Closure | None)
        assert_type(call[self.wait], timedelta)
        assert_type(call[self.files], tuple[Path, ...])
        assert_type(call[self.top], int | None)
        assert_type(call[self.least], Filesize)
        assert_type(call[self.ratio], float)
        assert_type(call[self.order], Literal["up", "down"])
        assert_type(call[self.both], int | str | None)
        assert_type(call[self.rows], list[Row] | None)
        assert_type(call[self.anything], object)
        assert_type(call[self.force], bool)
        assert_type(call.engine.plugin_config(Row | None), Row | None)
        assert_type(call.engine.plugin_config(), Any)
        assert_type(call.input.values(Row), Iterator[Row])
        assert_type(call.input.value(int | None), int | None)
        assert_type(call.input.value(), Any)
        return True


def test_all_of_it_runs() -> None:
    assert run(Typed(), "me", "*.x", ratio=1.0, rows=[{"name": "a"}]) is True
