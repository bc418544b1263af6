"""Commands at work, seen from nu: answers, streams with their windows, ctrl-c, the end of nu."""

import itertools
import os
import threading
from collections.abc import Iterator

import pytest

from nu_plugin_vibenv.sdk import (
    ByteStream,
    Call,
    Closure,
    Command,
    Input,
    LabeledError,
    Plugin,
    Positional,
    Shape,
    Switch,
)
from nu_plugin_vibenv.sdk import engine_calls as e
from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk import pipelines as p
from nu_plugin_vibenv.sdk import values as v
from nu_plugin_vibenv.sdk.codec import ENCODINGS
from nu_plugin_vibenv.sdk.errors import ConnectionClosed
from nu_plugin_vibenv.sdk.output import WithMetadata
from nu_plugin_vibenv.sdk.streams import BYTE_WINDOW, LIST_WINDOW
from nu_plugin_vibenv.sdk.testing import DEADLINE_S, FakeNu

from .examples import SPAN


class Numbers(Command):
    """Count for ever."""

    name = "numbers"
    taken = 0
    closed = threading.Event()

    def run(self, call: Call) -> Iterator[int]:
        self.closed.clear()
        try:
            for number in itertools.count():
                Numbers.taken = number
                yield number
        finally:
            self.closed.set()


class Read(Command):
    """Read from a pipe that nobody writes to, until cancelled or for a moment."""

    name = "read"
    moment = Switch()
    closed = 0
    started = threading.Semaphore(0)

    def run(self, call: Call) -> str:
        reading, writing = os.pipe()

        def close() -> None:
            Read.closed += 1
            os.close(writing)

        with call.when_cancelled(close):
            self.started.release()
            if not call[self.moment]:
                os.read(reading, 1)
        return "ended"


class Wait(Command):
    """Wait until cancelled, as a stream after its first item or before there is any answer."""

    name = "wait"
    stream = Switch()
    started = threading.Semaphore(0)

    def run(self, call: Call) -> object:
        return self.streamed(call) if call[self.stream] else self.waited(call)

    def waited(self, call: Call) -> str:
        self.started.release()
        assert call.cancelled.wait(DEADLINE_S)
        return "cancelled"

    def streamed(self, call: Call) -> Iterator[str]:
        yield "first"
        yield self.waited(call)


class Fail(Command):
    """Fail: before any answer, or after one item of a stream."""

    name = "fail"
    late = Switch()
    raw = Switch()

    def run(self, call: Call) -> object:
        items: Iterator[bytes] = self.items()
        if call[self.raw]:
            return ByteStream(items)
        return items if call[self.late] else next(itertools.islice(items, 1, None))

    def items(self) -> Iterator[bytes]:
        yield b"one"
        raise LabeledError("it is broken", help="mend it")


class Crash(Command):
    """Divide by zero."""

    name = "crash"

    def run(self, call: Call) -> float:
        return 1 / 0


class Strange(Command):
    """Return what nu has no value for."""

    name = "strange"
    what = Positional(Shape.STRING)

    def run(self, call: Call) -> object:
        return {"object": object(), "int": 1 << 70, "item": iter([1, object()])}[call[self.what]]


class Total(Command):
    """Add up the input."""

    name = "total"

    def run(self, call: Call) -> int:
        return sum(call.input.values())


class Doubled(Command):
    """Double each number as it comes, asking nu in between."""

    name = "doubled"

    def run(self, call: Call) -> Iterator[str]:
        for number in call.input.values():
            yield f"{call.engine.current_directory()} {number * 2}"


class First(Command):
    """Take one item and leave the rest."""

    name = "first one"

    def run(self, call: Call) -> object:
        return next(call.input.values())


class PassOn(Command):
    """Return the input."""

    name = "pass on"

    def run(self, call: Call) -> Input:
        return call.input


class Bytes(Command):
    """Send chunks for ever."""

    name = "bytes"

    def run(self, call: Call) -> ByteStream:
        return ByteStream(itertools.repeat(b"chunk"), "String")


class Ask(Command):
    """Ask nu, and say how it ended."""

    name = "ask"
    answered: str

    def run(self, call: Call) -> str:
        try:
            return call.engine.current_directory()
        except ConnectionClosed as error:
            Ask.answered = str(error)
            raise


COMMANDS = [
    command()
    for command in (
        Numbers, Wait, Read, Fail, Crash, Strange, Total, Doubled, First, PassOn, Bytes, Ask
    )
]  # fmt: skip


@pytest.fixture
def nu() -> Iterator[FakeNu]:
    with FakeNu(Plugin(version="1.2.3", commands=COMMANDS), directory="/here") as nu:
        yield nu


def start(nu: FakeNu, id: int, name: str, *switches: str, input: p.PipelineDataHeader | None = None) -> None:
    named = tuple(p.NamedArg(p.Spanned(switch, SPAN), None) for switch in switches)
    nu.send(m.Call(id, m.Run(name, p.EvaluatedCall(SPAN, (), named), input or p.Empty())))


def value_of(message: object) -> v.Value:
    assert isinstance(message, m.CallResponse), message
    assert isinstance(message.response, m.PipelineData), message
    assert isinstance(message.response.header, p.SingleValue), message
    return message.response.header.value


def metadata_of_answer(nu: FakeNu) -> object:
    """The metadata of the next answer to a call, past the pieces of streams."""
    while not isinstance(message := nu.receive(), m.CallResponse):
        assert isinstance(message, m.StreamMessage | m.End), message
    assert isinstance(message.response, m.PipelineData), message
    assert isinstance(message.response.header, p.SingleValue | p.ListStream | p.ByteStream), message
    return message.response.header.metadata


def hears_exactly(nu: FakeNu, pieces: int) -> None:
    """nu receives so many pieces of a stream, and then nothing more."""
    for _ in range(pieces):
        message = nu.receive()
        assert isinstance(message, m.StreamMessage), message
    with pytest.raises(TimeoutError):
        nu.receive(0.1)


def test_the_version_is_told(nu: FakeNu) -> None:
    nu.send(m.Call(0, m.MetadataCall()))
    assert nu.receive() == m.CallResponse(0, m.MetadataResponse(m.PluginMetadata("1.2.3")))


def test_signatures_of_all_commands_are_told(nu: FakeNu) -> None:
    nu.send(m.Call(0, m.SignatureCall()))
    response = nu.receive().response
    assert [signature.sig.name for signature in response.signatures] == [c.name for c in COMMANDS]


def test_calls_run_side_by_side(nu: FakeNu) -> None:
    for id in range(8):
        start(nu, id, "wait")
    for _ in range(8):
        assert Wait.started.acquire(timeout=DEADLINE_S)
    nu.send(m.Signal("Interrupt"))
    assert {nu.receive().id for _ in range(8)} == set(range(8))


def test_ctrl_c_cancels_the_calls_that_run_and_no_later_one(nu: FakeNu) -> None:
    start(nu, 0, "wait")
    assert Wait.started.acquire(timeout=DEADLINE_S)
    nu.send(m.Signal("Interrupt"))
    assert value_of(nu.receive()) == v.StringValue("cancelled", SPAN)
    start(nu, 1, "wait")
    assert Wait.started.acquire(timeout=DEADLINE_S)
    with pytest.raises(TimeoutError):
        nu.receive(0.1)
    nu.send(m.Signal("Interrupt"))
    assert value_of(nu.receive()) == v.StringValue("cancelled", SPAN)


def test_what_is_to_be_done_at_ctrl_c_is_done_once_and_only_meanwhile(nu: FakeNu) -> None:
    assert nu.run("read", named={"moment": True}) == "ended"
    start(nu, 1, "read")
    assert Read.started.acquire(timeout=DEADLINE_S)
    assert Read.started.acquire(timeout=DEADLINE_S)
    nu.send(m.Signal("Interrupt"))
    assert value_of(nu.receive()) == v.StringValue("ended", SPAN)
    nu.send(m.Signal("Interrupt"))
    assert Read.closed == 1


def test_ctrl_c_ends_a_stream_at_once_though_its_producer_is_busy(nu: FakeNu) -> None:
    start(nu, 0, "wait", "stream")
    header = nu.receive().response.header
    assert nu.receive() == m.StreamMessage(header.id, p.ListItem(v.StringValue("first", SPAN)))
    nu.send(m.Signal("Interrupt"))
    assert nu.receive() == m.End(header.id)


def test_a_stream_that_nu_does_not_know_of_yet_is_not_ended(nu: FakeNu) -> None:
    output = nu.runtime.open_output(None)
    nu.send(m.Signal("Interrupt"))
    with pytest.raises(TimeoutError):
        nu.receive(0.1)
    assert output.stopped
    nu.runtime.announce(output)
    nu.runtime.end_output(output)
    assert nu.receive() == m.End(output.stream.id)


def test_reset_cancels_nothing(nu: FakeNu) -> None:
    start(nu, 0, "wait")
    assert Wait.started.acquire(timeout=DEADLINE_S)
    nu.send(m.Signal("Reset"))
    with pytest.raises(TimeoutError):
        nu.receive(0.1)


def test_an_item_is_sent_while_the_next_one_is_made(nu: FakeNu) -> None:
    start(nu, 0, "wait", "stream")
    assert isinstance(nu.receive().response.header, p.ListStream)
    assert isinstance(nu.receive(), m.StreamMessage)


def test_a_producer_stops_at_the_window_and_goes_on_when_nu_has_caught_up(nu: FakeNu) -> None:
    start(nu, 0, "numbers")
    stream = nu.receive().response.header.id
    hears_exactly(nu, LIST_WINDOW)
    assert Numbers.taken == LIST_WINDOW
    for _ in range(LIST_WINDOW):
        nu.send(m.Ack(stream))
    hears_exactly(nu, LIST_WINDOW)


def test_a_producer_of_bytes_stops_at_its_window(nu: FakeNu) -> None:
    start(nu, 0, "bytes")
    assert nu.receive().response.header == p.ByteStream(0, SPAN, "String")
    hears_exactly(nu, BYTE_WINDOW)


def test_a_stream_that_nu_drops_ends_and_its_producer_is_closed(nu: FakeNu) -> None:
    start(nu, 0, "numbers")
    stream = nu.receive().response.header.id
    hears_exactly(nu, LIST_WINDOW)
    nu.send(m.Drop(stream))
    assert nu.receive() == m.End(stream)
    assert Numbers.closed.wait(DEADLINE_S)


def test_dropping_the_output_of_a_call_cancels_it(nu: FakeNu) -> None:
    start(nu, 0, "wait", "stream")
    stream = nu.receive().response.header.id
    assert isinstance(nu.receive(), m.StreamMessage)
    assert Wait.started.acquire(timeout=DEADLINE_S)
    nu.send(m.Drop(stream))
    assert nu.receive() == m.End(stream)


def test_an_error_before_the_answer_is_the_answer(nu: FakeNu) -> None:
    with pytest.raises(LabeledError) as failed:
        nu.run("fail")
    assert failed.value == LabeledError("it is broken", help="mend it")


@pytest.mark.parametrize(
    ("switch", "first", "last"),
    [
        (
            "late",
            p.ListItem(v.BinaryValue(b"one", SPAN)),
            p.ListItem(v.ErrorValue(LabeledError("it is broken", help="mend it"), SPAN)),
        ),
        ("raw", p.RawBytes(b"one"), p.RawError(LabeledError("it is broken", help="mend it"))),
    ],
)
def test_an_error_in_a_stream_is_its_last_piece(
    nu: FakeNu, switch: str, first: p.StreamData, last: p.StreamData
) -> None:
    start(nu, 0, "fail", switch)
    stream = nu.receive().response.header.id
    assert [nu.receive() for _ in range(3)] == [
        m.StreamMessage(stream, first),
        m.StreamMessage(stream, last),
        m.End(stream),
    ]


def test_a_crash_is_shown_as_a_bug_of_the_plugin_in_one_line(
    nu: FakeNu, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        LabeledError, match=r"ZeroDivisionError: division by zero \(test_runtime.py:\d+\)"
    ) as crash:
        nu.run("crash")
    assert crash.value.code == "plugin::bug"
    assert "NU_PLUGIN_BACKTRACE" in str(crash.value.help)
    assert capfd.readouterr().err == ""


def test_a_developer_is_shown_the_traceback(
    nu: FakeNu, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NU_PLUGIN_BACKTRACE", "1")
    with pytest.raises(LabeledError) as crash:
        nu.run("crash")
    assert "on stderr" in str(crash.value.help)
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(("what", "match"), [("object", "no value for a object"), ("int", "64 bits")])
def test_an_answer_that_nu_has_no_value_for_is_an_error_and_the_plugin_goes_on(
    nu: FakeNu, what: str, match: str
) -> None:
    with pytest.raises(LabeledError, match=match):
        nu.run("strange", [what])
    assert nu.run("total", input=[1, 2]) == 3


def test_an_item_that_nu_has_no_value_for_is_an_error_in_the_stream(nu: FakeNu) -> None:
    with pytest.raises(LabeledError, match="no value for a object"):
        nu.run("strange", ["item"])


@pytest.mark.parametrize("input", [range(1, 4), [1, 2, 3], iter([1, 2, 3]), v.Range(1, None, 3)])
def test_input_is_read_in_each_of_its_forms(nu: FakeNu, input: object) -> None:
    assert nu.run("total", input=input) == 6


def test_every_item_of_an_input_is_acknowledged_and_its_end_answered(nu: FakeNu) -> None:
    start(nu, 0, "total", input=p.ListStream(4, SPAN))
    for _ in range(60):
        nu.send(m.StreamMessage(4, p.ListItem(v.IntValue(1))))
    nu.send(m.End(4))
    heard = list(iter(nu.receive, m.Drop(4)))
    assert heard.count(m.Ack(4)) == 60
    assert value_of(nu.receive()) == v.IntValue(60, SPAN)


def test_an_input_that_is_left_is_dropped(nu: FakeNu) -> None:
    start(nu, 0, "first one", input=p.ListStream(4, SPAN))
    nu.send(m.StreamMessage(4, p.ListItem(v.IntValue(1))))
    nu.send(m.StreamMessage(4, p.ListItem(v.IntValue(2))))
    assert value_of(nu.receive()) == v.IntValue(1, SPAN)
    assert nu.receive() == m.Drop(4)


def test_an_input_that_is_not_read_at_all_is_dropped(nu: FakeNu) -> None:
    start(nu, 0, "fail", input=p.ListStream(4, SPAN))
    assert nu.receive() == m.Drop(4)
    assert isinstance(nu.receive().response, m.ErrorResponse)


def test_a_stream_that_nu_answers_with_is_dropped_when_it_is_not_read() -> None:
    class Peek(Command):
        """Run a closure, and leave what it gives."""

        name = "peek"

        def run(self, call: Call) -> str:
            call.engine.eval_closure(Closure(7), 1, input=iter([1, 2]))
            return "enough"

    with FakeNu(Plugin(version="0", commands=[Peek()])) as nu:
        start(nu, 0, "peek")
        asked = nu.receive()
        assert isinstance(asked.call, e.EvalClosure)
        assert (asked.call.closure.item, asked.call.positional) == (Closure(7), (v.IntValue(1, SPAN),))
        nu.send(m.EngineCallResponse(asked.id, m.PipelineData(p.ListStream(9, SPAN))))
        heard = [nu.receive() for _ in range(5)]
        assert isinstance(asked.call.input, p.ListStream)
        stream = asked.call.input.id
    assert [one for one in heard if isinstance(one, m.StreamMessage | m.End) and one.id == stream] == [
        m.StreamMessage(stream, p.ListItem(v.IntValue(1, SPAN))),
        m.StreamMessage(stream, p.ListItem(v.IntValue(2, SPAN))),
        m.End(stream),
    ]
    assert m.Drop(9) in heard


def test_an_error_among_the_input_is_raised_where_it_is_read(nu: FakeNu) -> None:
    start(nu, 0, "total", input=p.ListStream(4, SPAN))
    nu.send(m.StreamMessage(4, p.ListItem(v.ErrorValue(LabeledError("upstream")))))
    assert nu.receive() == m.Drop(4)
    assert nu.receive() == m.CallResponse(0, m.ErrorResponse(LabeledError("upstream")))


def test_streams_run_both_ways_at_once_with_questions_in_between(nu: FakeNu) -> None:
    assert nu.run("doubled", input=iter(range(3))) == ["/here 0", "/here 2", "/here 4"]


def test_output_comes_before_the_input_has_ended(nu: FakeNu) -> None:
    start(nu, 0, "pass on", input=p.ListStream(4, SPAN))
    stream = nu.receive().response.header.id
    nu.send(m.StreamMessage(4, p.ListItem(v.IntValue(1))))
    assert nu.receive() == m.StreamMessage(stream, p.ListItem(v.IntValue(1)))


def test_more_may_be_told_of_what_is_returned() -> None:
    metadata = p.PipelineMetadata(content_type="text/csv", custom={"my_rows": v.IntValue(3)})

    class Told(Command):
        """Return something with metadata."""

        name = "told"
        what = Positional(str)

        def run(self, call: Call) -> WithMetadata:
            returned = {"value": "a,b", "list": iter(["a"]), "bytes": ByteStream([b"a"], "String")}
            return WithMetadata(returned[call[self.what]], metadata)

    with FakeNu(Plugin(version="0", commands=[Told()])) as nu:
        for id, what in enumerate(("value", "list", "bytes")):
            call = p.EvaluatedCall(SPAN, (v.StringValue(what),))
            nu.send(m.Call(id, m.Run("told", call, p.Empty())))
            assert metadata_of_answer(nu) == metadata


def test_a_call_that_a_later_nu_makes_is_refused_and_the_plugin_goes_on(nu: FakeNu) -> None:
    nu.send(m.Call(0, m.UnknownCall("Dance", None)))
    assert "does not know the call Dance" in nu.receive().response.error.msg
    assert nu.run("total", input=[1]) == 1


def test_what_a_later_nu_says_costs_one_call_at_most(nu: FakeNu) -> None:
    pack = ENCODINGS["msgpack"]().pack
    nu.send_bytes(pack({"Weather": "rain"}) + pack({"Signal": {"Resize": {"rows": 3}}}))
    nu.send_bytes(pack({"Call": [7, {"Run": {"name": "total"}}]}))
    answer = nu.receive()
    assert (answer.id, "nu is newer" in answer.response.error.msg) == (7, True)
    assert "Run lacks call" in answer.response.error.help
    start(nu, 8, "total", input=p.ListStream(4, SPAN))
    nu.send_bytes(pack({"Data": [4, {"Tensor": [1]}]}))
    assert nu.receive() == m.Drop(4)
    assert "cannot be read" in nu.receive().response.error.msg
    assert nu.run("total", input=[1]) == 1


# The reader of a FakeNu is a thread of its own, where nobody catches what ends it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (ENCODINGS["msgpack"]().pack("Goodbye"), "nu has ended the connection"),
        (b"", "nu has ended the connection"),
        (b"\xc1", "expected msgpack"),
        (ENCODINGS["msgpack"]().pack({"End": 99}), "stream 99 is not open"),
    ],
    ids=["goodbye", "end of file", "nonsense", "misuse"],
)
def test_the_end_of_nu_ends_whoever_waits(ending: bytes, said: str) -> None:
    nu = FakeNu(Plugin(version="0", commands=COMMANDS))
    with nu:
        start(nu, 0, "wait")
        start(nu, 1, "ask")
        start(nu, 2, "numbers")
        start(nu, 3, "total", input=p.ListStream(4, SPAN))
        assert Wait.started.acquire(timeout=DEADLINE_S)
        while not isinstance(nu.receive(), m.EngineCall):
            pass
        nu.send_bytes(ending)
    assert Numbers.closed.wait(DEADLINE_S)
    assert said in Ask.answered
    left = [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("run", "plugin", "flusher"))
    ]
    assert not left


def test_a_nu_newer_than_those_tested_works_and_is_told_of_once() -> None:
    with FakeNu(Plugin(version="0", commands=COMMANDS), version="0.999.0") as nu:
        assert nu.run("total", input=[1, 2]) == 3
        assert len(nu.warnings) == 1
        assert "0.999.0 is newer than" in nu.warnings[0]


def test_json_does_as_well_as_msgpack() -> None:
    with FakeNu(Plugin(version="0", commands=COMMANDS), encoding="json") as nu:
        assert nu.run("total", input=iter([1, 2])) == 3
