"""A row of every kind of column, which the tests of this folder share."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from nu_plugin_vibenv.sdk import Filesize, Type


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    x: int
    y: float


@dataclass(frozen=True)
class Row:
    name: str
    size: Filesize
    at: datetime.datetime
    age: datetime.timedelta | None
    where: Path
    colour: Colour
    inner: Inner
    inners: list[Inner]
    tags: list[str] = field(default_factory=list)


COLUMNS = (
    ("name", Type.STRING),
    ("size", Type.FILESIZE),
    ("at", Type.DATE),
    ("age", Type.ANY),
    ("where", Type.STRING),
    ("colour", Type.STRING),
    ("inner", Type.record(x=Type.INT, y=Type.FLOAT)),
    ("inners", Type.table(x=Type.INT, y=Type.FLOAT)),
    ("tags", Type.list(Type.STRING)),
)
