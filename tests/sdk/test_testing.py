"""What the SDK offers to a plugin's own tests: closures as functions, and the examples of help checked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nu_plugin_vibenv.sdk import Call, Closure, Command, Custom, LabeledError, Positional, Switch
from nu_plugin_vibenv.sdk.testing import Nushell, main, run

from .conftest import ROOT


class Map(Command):
    """Give what a closure makes of each value."""

    name = "map"
    work = Positional(Closure)
    as_input = Switch("give the value as input, and not as argument")

    def run(self, call: Call) -> Iterator[object]:
        for value in call.input.values():
            arguments = () if call[self.as_input] else (value,)
            yield call.engine.eval_closure(call[self.work], *arguments, input=value).value()


def double(value: int) -> int | None:
    if value == 13:
        raise LabeledError("unlucky")
    return None if value == 0 else 2 * value


@pytest.mark.parametrize("as_input", [False, True])
def test_a_function_stands_for_a_closure(as_input: bool) -> None:
    assert run(Map(), double, input=[1, 0, 2], as_input=as_input) == [2, None, 4]


def test_an_error_of_a_function_is_one_of_the_closure() -> None:
    with pytest.raises(LabeledError, match="unlucky"):
        run(Map(), double, input=[1, 13])


class Cool(Custom):
    type_name = "cool one"

    def __init__(self, degrees: int) -> None:
        self.degrees = degrees

    def to_bytes(self) -> bytes:
        return str(self.degrees).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Cool:
        return cls(int(data))

    def to_base_value(self) -> object:
        return self.degrees


class Heat(Command):
    """Heat what is cool."""

    name = "heat"

    def run(self, call: Call) -> Cool:
        return Cool(call.input.value(Cool).degrees + 1)


def test_a_value_of_the_plugin_s_own_is_given_and_comes_back_as_its_class() -> None:
    heated = run(Heat(), input=Cool(3))
    assert isinstance(heated, Cool)
    assert heated.degrees == 4


PLUGIN = """#!{python}
import sys
sys.path.insert(0, {root!r})
from datetime import datetime, timedelta, timezone
from nu_plugin_vibenv.sdk import *

class Cool(Custom):
    type_name = "cool"
    def to_bytes(self):
        return b""
    @classmethod
    def from_bytes(cls, data):
        return cls()
    def to_base_value(self):
        return {{"how": "cool"}}

NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)

class Things(Command):
    "Give one of each sort."
    name = "things"
    examples = (Example("things", "all", [Filesize(1000), timedelta(seconds=90), NOON, b"\\\\x01", 1.0]),)
    def run(self, call):
        return [Filesize(1000), timedelta(seconds=90), NOON, b"\\\\x01", 1.0]

class Make(Command):
    "Make a value of the plugin's own."
    name = "make cool"
    examples = (
        Example("make cool", "a cool one", Cool()),
        Example("make cool --force; exit 3", "is only parsed"),
    )
    force = Switch()
    def run(self, call):
        return Cool()

class Wrong(Command):
    "Say what is not so."
    name = "wrong"
    examples = {examples}
    def run(self, call):
        return Filesize(3)

if __name__ == "__main__":
    sys.exit(serve(Plugin(version="1", commands=[Things(), Make(), Wrong()]), sys.argv[1:]))
"""


def plugin_with(examples: str, folder: Path) -> Path:
    """A plugin with four good examples, and more that its last command has."""
    path = folder / "nu_plugin_things"
    path.write_text(PLUGIN.format(python=sys.executable, root=str(ROOT), examples=examples))
    path.chmod(0o755)
    return path


def test_examples_are_checked_with_the_types_that_they_have(nu_binaries: Path, tmp_path: Path) -> None:
    nu = Nushell(nu_binaries, [plugin_with("()", tmp_path)])
    nu.check_examples()
    assert [example.wrong for example in nu.examples()] == [None] * 3


def test_what_is_wrong_with_an_example_is_said(
    nu_binary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = """(
        Example("wrong", "an int", 3), Example("wrong --quick", "a flag"), Example("wrong 3", "x", 3)
    )"""
    plugin = plugin_with(wrong, tmp_path)
    assert main([str(plugin), "--nu", str(nu_binary)]) == 1
    said = capsys.readouterr()
    assert said.out == "3 of 6\n"
    assert "wrong: wrong\ngave 3b, not 3\n" in said.err
    assert "wrong: wrong --quick\nError: nu::parser::unknown_flag" in said.err
    assert "nu::parser::extra_positional" in said.err
    with pytest.raises(AssertionError, match="gave 3b, not 3"):
        Nushell(nu_binary, [plugin]).check_examples()


def test_a_plugin_whose_examples_are_right_is_a_success(
    nu_binary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(plugin_with("()", tmp_path)), "--nu", str(nu_binary)]) == 0
    assert capsys.readouterr().out == "3 of 3\n"
