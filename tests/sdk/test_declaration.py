"""What a command may not declare is refused when its class is made, with what is wrong where."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from nu_plugin_vibenv.sdk import (
    Call,
    Command,
    Custom,
    Example,
    Filesize,
    Flag,
    Optional,
    Plugin,
    Positional,
    Rest,
    Switch,
)


def made(**attributes: Any) -> type[Command]:
    return type("Paint", (Command,), attributes)


@pytest.mark.parametrize(
    ("attributes", "msg"),
    [
        (
            {"what": Positional(complex)},
            "Paint: `what`: Nushell has nothing for the class complex; a Shape says how nu is to parse it",
        ),
        ({"coats": Optional(int, default="two")}, "Paint: `coats`: the default 'two' is not int"),
        ({"size": Flag(Filesize, default=3)}, "Paint: `--size`: the default 3 is not filesize"),
        (
            {"order": Flag(Literal["up", "down"], default="left")},
            "Paint: `--order`: the default 'left' is not one of: up, down",
        ),
        ({"wait": Flag(object, default=complex(1))}, "Paint: `--wait`: the default (1+0j) is not any"),
        ({"name": Positional(str)}, "Paint.name is no parameter's: call it `name_`"),
        ({"a": Rest(str), "b": Rest(str)}, "Paint has more than one Rest"),
        ({"help": Switch()}, "Paint: `--help`: `help` is there twice, or nu's own"),
        ({"host": Switch(short="h")}, "Paint: `--host`: `-h` is there twice, or nu's own"),
        ({"a": Switch(short="x"), "b": Switch(short="x")}, "Paint: `--b`: `-x` is there twice, or nu's own"),
        ({"dry_run": Switch(short="dry")}, "Paint: `--dry-run`: a short flag is one letter, not 'dry'"),
        (
            {"tree": Positional(str, complete=["oak"])},  # type: ignore[call-overload]
            "Paint: `tree`: `complete` is a function or a tuple of words, not ['oak']",
        ),
        ({"search_terms": "brush"}, "Paint.search_terms is a tuple: ('brush',)"),
        ({"input_output": (str, int)}, "Paint.input_output has pairs in it: ((taken, given),), not <cl"),
        ({"examples": Example("paint", "paint")}, "Paint.examples is a tuple: (Example("),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_when_the_class_is_made(attributes: dict[str, Any], msg: str) -> None:
    with pytest.raises(TypeError, match=re.escape(msg)):
        made(**attributes)


def test_a_command_that_does_nothing_and_a_value_that_cannot_be_kept_are_refused() -> None:
    with pytest.raises(TypeError, match="Paint has a name and no `run`"):
        made(name="paint")
    with pytest.raises(TypeError, match="Cool lacks from_bytes, to_base_value"):
        type("Cool", (Custom,), {"type_name": "cool", "to_bytes": lambda _self: b""})


def test_a_required_flag_has_no_default() -> None:
    required: Any = Flag
    with pytest.raises(TypeError, match="Paint: `--ratio` is required, and so has no default"):
        made(ratio=required(float, required=True, default=1.0))


def test_defaults_of_all_sorts_are_allowed() -> None:
    made(
        wait=Flag(timedelta, default=timedelta(seconds=1)),
        file=Flag(Path, default=Path("x")),
        magic=Flag(bytes, default=b"\x00"),
        sizes=Flag(list[Filesize], default=[Filesize(1)]),
        ratio=Flag(float, default=1),
    )


class Base(Command):
    """Share a flag."""

    host = Flag(str)
    force = Switch()

    def run(self, call: Call) -> None: ...


def test_a_command_may_replace_a_parameter_of_its_base_or_take_it_away() -> None:
    class Replaced(Base):
        host = Flag(int)  # type: ignore[arg-type]
        force = None  # type: ignore[assignment]

    assert [(key.name, key.type) for key in Replaced.parameters()] == [("host", int)]


def test_a_plugin_refuses_what_is_no_command_with_what_to_write() -> None:
    class One(Base):
        name = "one"

    with pytest.raises(TypeError, match="two commands are called `one`"):
        Plugin(version="0", commands=[One(), One()])
    with pytest.raises(TypeError, match="the command Base has no name"):
        Plugin(version="0", commands=[Base()])
    with pytest.raises(TypeError, match=re.escape("One is a class, and not a command yet: give One()")):
        Plugin(version="0", commands=[One])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=re.escape("'words.Words' is no place of a command")):
        Plugin(version="0", commands={"words": "words.Words"})


def test_a_plugin_that_gives_places_is_refused_a_command_of_another_name() -> None:
    plugin = Plugin(version="0", commands={"one": f"{__name__}:Two"})
    with pytest.raises(TypeError, match=re.escape(f"{__name__}:Two is called `two`, not `one`")):
        plugin.command("one")


class Two(Base):
    name = "two"
