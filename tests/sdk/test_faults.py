"""What a command may do wrong: nu gets an answer each time, the user one line, and the next call works."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from nu_plugin_vibenv.sdk import (
    ByteStream,
    Call,
    Command,
    CompletionRequest,
    Custom,
    LabeledError,
    Plugin,
    Positional,
    from_python,
)
from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk import pipelines as p
from nu_plugin_vibenv.sdk import plugin as plugin_module
from nu_plugin_vibenv.sdk.crash import LONGEST_TEXT
from nu_plugin_vibenv.sdk.testing import DEADLINE_S, FakeNu
from nu_plugin_vibenv.sdk.values import PluginCustomValue

from .examples import SPAN


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("this has no text")


def recurse() -> NoReturn:
    recurse()


def leave() -> NoReturn:
    raise SystemExit(3)


def fail(error: BaseException) -> NoReturn:
    raise error


FAULTS: dict[str, tuple[Callable[[], object], str]] = {
    "exit": (leave, "SystemExit: 3"),
    "recursion": (recurse, "RecursionError: maximum recursion depth exceeded"),
    "memory": (lambda: bytearray(1 << 60), "MemoryError"),
    "lines": (lambda: fail(ValueError("one\n  two")), "ValueError: one two"),
    "long": (lambda: fail(ValueError("x" * 100_000)), f"ValueError: {'x' * LONGEST_TEXT}…"),
    "surrogate": (lambda: fail(ValueError("file \udc80")), r"ValueError: file \udc80"),
    "unspeakable": (lambda: fail(Unspeakable()), "Unspeakable"),
}


class Fault(Command):
    """Do something wrong."""

    name = "fault"
    which = Positional(str)

    def run(self, call: Call) -> object:
        return FAULTS[call[self.which]][0]()


class Late(Command):
    """Do something wrong after the first item."""

    name = "fault late"
    which = Positional(str)

    def run(self, call: Call) -> Iterator[int]:
        yield 1
        FAULTS[call[self.which]][0]()


class LateBytes(Command):
    """Do something wrong after the first chunk."""

    name = "fault bytes"
    which = Positional(str)

    def run(self, call: Call) -> ByteStream:
        return ByteStream(self.chunks(call[self.which]))

    def chunks(self, which: str) -> Iterator[bytes]:
        yield b"one"
        FAULTS[which][0]()


class Interrupted(Command):
    """Raise what Python raises at ctrl-c."""

    name = "interrupted"

    def run(self, call: Call) -> None:
        raise KeyboardInterrupt


class Misfit(Command):
    """Return what nu has no value for somewhere inside."""

    name = "misfit"
    what = Positional(str)

    def run(self, call: Call) -> object:
        return {
            "object": {"a": [0, {"b": object()}]},
            "int": {"a": [0, {"b": 1 << 64}]},
            "text": {"a": [0, {"b": "\udc80"}]},
            "streamed": iter([{"a": 1}, {"a": (0, {"b": object()})}]),
        }[call[self.what]]


class Untidy(Command):
    """Count for ever, and fail to clean up."""

    name = "untidy"

    def run(self, call: Call) -> Iterator[int]:
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            raise ValueError("not cleaned up")


class Deaf(Command):
    """Take no notice of ctrl-c until the test says so."""

    name = "deaf"
    begun = threading.Event()
    ends = threading.Event()

    def run(self, call: Call) -> Iterator[int]:
        self.begun.set()
        assert self.ends.wait(DEADLINE_S)
        return iter([1, 2])


def complete(request: CompletionRequest) -> list[str]:
    if request.text == "late":
        assert Deaf.ends.wait(DEADLINE_S)
    elif request.text == "exit":
        raise SystemExit
    return ["word"]


class Cursed(Custom):
    """A value that cannot be shown."""

    type_name = "cursed"

    def to_bytes(self) -> bytes:
        return b""

    @classmethod
    def from_bytes(cls, data: bytes) -> "Cursed":
        return cls()

    def to_base_value(self) -> object:
        raise SystemExit(3)


class Complete(Command):
    """Complete a word."""

    name = "complete"
    word = Positional(str, complete=complete)

    def run(self, call: Call) -> str:
        return call[self.word]


COMMANDS = (Fault, Late, LateBytes, Interrupted, Misfit, Untidy, Deaf, Complete)


@pytest.fixture
def nu() -> Iterator[FakeNu]:
    Deaf.begun.clear()
    Deaf.ends.clear()
    commands = [command() for command in COMMANDS]
    with FakeNu(Plugin(version="0.0.0", commands=commands, custom_values=[Cursed])) as nu:
        try:
            yield nu
        finally:
            Deaf.ends.set()


def caught(nu: FakeNu, name: str, *arguments: str) -> LabeledError:
    """The error that nu is given; it is followed by a call that works."""
    with pytest.raises(LabeledError) as error:
        nu.run(name, arguments)
    assert nu.run("complete", ["still there"]) == "still there"
    return error.value


@pytest.mark.parametrize("command", ["fault", "fault late", "fault bytes"])
@pytest.mark.parametrize("which", FAULTS)
def test_every_fault_is_one_line_with_a_label_where_the_command_stands(
    nu: FakeNu, which: str, command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    error = caught(nu, command, which)
    assert error.msg.startswith(f"the plugin failed: {FAULTS[which][1]}")
    assert "\n" not in error.msg
    assert error.code == "plugin::bug"
    assert [label.text for label in error.labels] == ["here"]
    assert capfd.readouterr().err == ""


def test_the_interrupt_of_python_is_no_bug(nu: FakeNu) -> None:
    assert caught(nu, "interrupted").code == "plugin::interrupted"


@pytest.mark.parametrize(
    ("what", "path"), [("object", "a.1.b"), ("int", "a.1.b"), ("text", "a.1.b"), ("streamed", "a.1.b")]
)
def test_what_cannot_be_sent_is_named_by_its_field(nu: FakeNu, what: str, path: str) -> None:
    assert f" at {path} (" in caught(nu, "misfit", what).msg


def test_the_caller_s_environment_asks_for_the_traceback(
    nu: FakeNu, capsys: pytest.CaptureFixture[str]
) -> None:
    nu.environment["NU_PLUGIN_BACKTRACE"] = from_python("1")
    assert "on stderr" in str(caught(nu, "fault", "lines").help)
    assert "in fail\n    raise error" in capsys.readouterr().err


def test_a_fault_of_a_value_has_its_label_where_the_value_was_made(nu: FakeNu) -> None:
    value = PluginCustomValue("cursed", b"")
    answer = ask(nu, 0, m.CustomValueCall(p.Spanned(value, SPAN), m.ToBaseValue()))
    assert answer.response.error.msg.startswith("the plugin failed: SystemExit: 3")
    assert [label.span for label in answer.response.error.labels] == [SPAN]


def test_a_stream_that_is_left_and_cannot_clean_up_is_told_of_in_one_line(nu: FakeNu) -> None:
    run(nu, 0, "untidy")
    assert isinstance(nu.receive(), m.CallResponse)
    message = nu.receive()
    nu.send(m.Drop(message.id))
    while not isinstance(message, m.End):
        message = nu.receive()
    deadline = time.monotonic() + DEADLINE_S
    while not nu.warnings:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert nu.warnings[0].startswith("ValueError: not cleaned up (test_faults.py:")


def test_a_second_ctrl_c_frees_nu_from_a_command_that_goes_on(nu: FakeNu) -> None:
    run(nu, 0, "deaf")
    assert Deaf.begun.wait(DEADLINE_S)
    nu.send(m.Signal("Interrupt"))
    nu.send(m.Signal("Interrupt"))
    answer = nu.receive()
    assert isinstance(answer.response, m.ErrorResponse)
    assert answer.response.error.code == "plugin::interrupted"
    Deaf.ends.set()  # what it returns now is heard by nobody, and hurts nobody
    assert ask(nu, 1, m.MetadataCall()) == m.CallResponse(1, m.MetadataResponse(m.PluginMetadata("0.0.0")))


def test_a_completer_that_is_late_offers_nothing_and_does_not_hold_up_the_prompt(
    nu: FakeNu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_module, "COMPLETION_S", 0.05)
    assert completed(nu, 0, "late") == m.CompletionItems(())
    Deaf.ends.set()
    assert completed(nu, 1, "a") == m.CompletionItems((m.Suggestion("word"),))


def test_a_completer_that_exits_is_an_error_and_not_the_end(nu: FakeNu) -> None:
    assert isinstance(completed(nu, 0, "exit"), m.ErrorResponse)
    assert completed(nu, 1, "a") == m.CompletionItems((m.Suggestion("word"),))


def run(nu: FakeNu, id: int, name: str) -> None:
    """Run a command without arguments."""
    nu.send(m.Call(id, m.Run(name, p.EvaluatedCall(SPAN), p.Empty())))


def ask(nu: FakeNu, id: int, call: Any) -> Any:
    """The answer to a call."""
    nu.send(m.Call(id, call))
    return nu.receive()


def completed(nu: FakeNu, id: int, word: str) -> Any:
    """The answer to Tab behind a word; engine calls in between are refused."""
    span = {"start": 0, "end": 0}
    tree = {"head": span, "arguments": [{"Positional": {"expr": {"String": word}, "span": span}}]}
    answer = ask(
        nu, id, m.GetCompletion("complete", m.PositionalAt(0), m.DynamicCompletionCall(tree, False, 0))
    )
    while isinstance(answer, m.EngineCall):
        nu.send(m.EngineCallResponse(answer.id, m.ErrorResponse(LabeledError("no"))))
        answer = nu.receive()
    return answer.response
