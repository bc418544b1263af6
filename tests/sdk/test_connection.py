"""What may come and go when: the handshake, calls, engine calls and streams, without any I/O."""

import pytest

from nu_plugin_vibenv.sdk import engine_calls as e
from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk import pipelines as p
from nu_plugin_vibenv.sdk import signature as s
from nu_plugin_vibenv.sdk import values as v
from nu_plugin_vibenv.sdk.codec import ENCODINGS, NEED_DATA, Codec
from nu_plugin_vibenv.sdk.connection import Connection
from nu_plugin_vibenv.sdk.errors import LabeledError, LocalProtocolError, RemoteProtocolError
from nu_plugin_vibenv.sdk.streams import BYTE_WINDOW, LIST_WINDOW
from nu_plugin_vibenv.sdk.wire import PLUGIN_INPUT, PLUGIN_OUTPUT

from .examples import SPAN

HELLO = m.Hello("nu-plugin", "0.115.1", (m.Feature("LocalSocket"),))
EMPTY = m.PipelineData(p.Empty())
ONE = p.ListItem(v.IntValue(1))


class Pair:
    """A plugin's connection, with nu's side of the codec to talk to it."""

    def __init__(self, *, greeted: bool = True) -> None:
        self.plugin = Connection("msgpack")
        self.nu = Codec(ENCODINGS["msgpack"](), reads=PLUGIN_OUTPUT, writes=PLUGIN_INPUT)
        if greeted:
            self.says(HELLO)

    def says(self, *messages: m.PluginInput) -> None:
        """nu sends messages, and the plugin takes them all."""
        for message in messages:
            self.plugin.feed(self.nu.encode(message))  # type: ignore[arg-type]  # nu's side
            assert self.plugin.next_event() == message

    def is_refused(self, message: m.PluginInput, match: str) -> None:
        """nu sends a message, and the connection is over."""
        self.plugin.feed(self.nu.encode(message))  # type: ignore[arg-type]  # nu's side
        for _ in range(2):
            with pytest.raises(RemoteProtocolError, match=match):
                self.plugin.next_event()

    def hears(self, message: m.PluginOutput) -> None:
        """The plugin sends a message, and nu reads it."""
        self.nu.feed(self.plugin.send(message))
        assert self.nu.next_message() == message


@pytest.fixture
def pair() -> Pair:
    return Pair()


def run(id: int, input: p.PipelineDataHeader | None = None) -> m.Call:
    return m.Call(id, m.Run("x", p.EvaluatedCall(SPAN), input or p.Empty()))


@pytest.mark.parametrize(("encoding", "preamble"), [("msgpack", b"\x07msgpack"), ("json", b"\x04json")])
def test_a_plugin_names_its_encoding_before_anything_else(encoding: str, preamble: bytes) -> None:
    assert Connection(encoding).preamble() == preamble


def test_nothing_is_read_before_anything_came(pair: Pair) -> None:
    assert pair.plugin.next_event() is NEED_DATA


def test_nothing_may_be_sent_before_nu_has_said_hello() -> None:
    with pytest.raises(LocalProtocolError, match="not said Hello"):
        Pair(greeted=False).plugin.send(HELLO)


def test_anything_before_hello_is_refused() -> None:
    Pair(greeted=False).is_refused(run(0), "expected Hello")


def test_a_second_hello_is_refused(pair: Pair) -> None:
    pair.is_refused(HELLO, "second Hello")


def test_another_protocol_is_refused() -> None:
    Pair(greeted=False).is_refused(m.Hello("other", "0.115.1"), "expected the protocol nu-plugin")


@pytest.mark.parametrize("version", ["0.114.0", "0.115.1", "0.116.3", "1.0.0", "0.200.0-nightly.1"])
def test_any_version_from_the_oldest_on_is_taken(version: str) -> None:
    Pair(greeted=False).says(m.Hello("nu-plugin", version))


@pytest.mark.parametrize(("version", "match"), [("0.113.0", "too old"), ("soon", "no version")])
def test_a_version_that_cannot_work_is_refused_with_the_reason(version: str, match: str) -> None:
    Pair(greeted=False).is_refused(m.Hello("nu-plugin", version), match)


def test_a_call_is_answered_once(pair: Pair) -> None:
    pair.says(run(3))
    pair.hears(m.CallResponse(3, EMPTY))
    with pytest.raises(LocalProtocolError, match="call 3 is not open"):
        pair.plugin.send(m.CallResponse(3, EMPTY))


def test_a_call_that_was_not_made_is_not_answered(pair: Pair) -> None:
    with pytest.raises(LocalProtocolError, match="call 9 is not open"):
        pair.plugin.send(m.CallResponse(9, EMPTY))


def test_a_call_that_runs_already_is_refused(pair: Pair) -> None:
    pair.says(run(3))
    pair.is_refused(run(3), "call 3 runs already")


def test_an_answer_that_cannot_be_encoded_leaves_the_call_open(pair: Pair) -> None:
    pair.says(run(3))
    with pytest.raises(LocalProtocolError, match="64 bits"):
        pair.plugin.send(m.CallResponse(3, m.PipelineData(p.SingleValue(v.IntValue(1 << 64)))))
    pair.hears(m.CallResponse(3, m.ErrorResponse(LabeledError("too large"))))


def test_nu_can_be_asked_while_a_call_runs(pair: Pair) -> None:
    pair.says(run(3))
    pair.hears(m.EngineCall(3, 0, e.GetCurrentDir()))
    pair.says(m.EngineCallResponse(0, EMPTY))
    pair.hears(m.CallResponse(3, EMPTY))
    with pytest.raises(LocalProtocolError, match="call 3 has ended"):
        pair.plugin.send(m.EngineCall(3, 1, e.GetCurrentDir()))


def test_nu_can_be_asked_while_output_streams_and_not_after(pair: Pair) -> None:
    pair.says(run(3))
    stream = pair.plugin.open_list_stream()
    pair.hears(m.CallResponse(3, m.PipelineData(p.ListStream(stream.id, SPAN))))
    pair.hears(m.EngineCall(3, 0, e.GetCurrentDir()))
    pair.hears(m.End(stream.id))
    with pytest.raises(LocalProtocolError, match="call 3 has ended"):
        pair.plugin.send(m.EngineCall(3, 1, e.GetCurrentDir()))


def test_an_answer_to_a_question_not_asked_is_refused(pair: Pair) -> None:
    pair.is_refused(m.EngineCallResponse(0, EMPTY), "engine call 0, which was not made")


def test_a_stream_in_is_read_acknowledged_and_ended(pair: Pair) -> None:
    pair.says(run(3, p.ListStream(5, SPAN)), m.StreamMessage(5, ONE))
    pair.hears(m.Ack(5))
    pair.says(m.End(5))
    pair.hears(m.Drop(5))
    assert not pair.plugin.incoming


def test_a_stream_in_may_come_with_the_answer_of_an_engine_call(pair: Pair) -> None:
    pair.says(run(3))
    pair.hears(m.EngineCall(3, 0, e.GetPluginConfig()))
    pair.says(m.EngineCallResponse(0, m.PipelineData(p.ListStream(5, SPAN))), m.StreamMessage(5, ONE))
    pair.hears(m.Drop(5))


def test_data_after_a_drop_is_late_and_not_wrong(pair: Pair) -> None:
    pair.says(run(3, p.ListStream(5, SPAN)))
    pair.hears(m.Drop(5))
    pair.says(m.StreamMessage(5, ONE), m.End(5))
    pair.is_refused(m.StreamMessage(5, ONE), "stream 5 is not open")


def test_data_after_the_end_is_refused(pair: Pair) -> None:
    pair.says(run(3, p.ListStream(5, SPAN)), m.End(5))
    pair.is_refused(m.StreamMessage(5, ONE), "goes on after its end")


@pytest.mark.parametrize("message", [m.StreamMessage(8, ONE), m.End(8), m.Ack(8), m.Drop(8)])
def test_a_stream_that_was_never_opened_is_refused(pair: Pair, message: m.PluginInput) -> None:
    pair.is_refused(message, "stream 8")


@pytest.mark.parametrize(
    "unknown", [m.UnknownMessage("Dance", 1), m.Call(3, m.UnknownCall("Dance", {"stream": 8}))]
)
def test_what_belongs_to_something_not_known_is_passed_over(pair: Pair, unknown: m.PluginInput) -> None:
    pair.says(
        unknown, m.StreamMessage(8, ONE), m.End(8), run(4, p.ListStream(5, SPAN)), m.StreamMessage(5, ONE)
    )
    pair.hears(m.Ack(5))


def test_completers_of_nu_s_own_are_named_only_to_a_nu_that_has_them() -> None:
    environment = s.PositionalArg("name", "", s.Shape.STRING, s.BuiltinCompletion("EnvVar"))
    signature = s.PluginSignature(s.Signature("look up", required_positional=(environment,)))
    for version, taken in (("0.115.0", True), ("0.114.1", False)):
        pair = Pair(greeted=False)
        pair.says(m.Hello("nu-plugin", version), m.Call(0, m.SignatureCall()))
        answer = m.CallResponse(0, m.SignatureResponse((signature,)))
        if taken:
            pair.hears(answer)
        else:
            with pytest.raises(LocalProtocolError, match="look up: this nu has no completion EnvVar"):
                pair.plugin.send(answer)


def test_nothing_is_acknowledged_that_did_not_come(pair: Pair) -> None:
    pair.says(run(3, p.ListStream(5, SPAN)))
    with pytest.raises(LocalProtocolError, match="nothing to acknowledge"):
        pair.plugin.send(m.Ack(5))


@pytest.mark.parametrize(("kind", "window"), [("list", LIST_WINDOW), ("byte", BYTE_WINDOW)])
def test_a_stream_out_stops_at_its_window_until_nu_acknowledges(pair: Pair, kind: str, window: int) -> None:
    pair.says(run(3))
    stream = pair.plugin.open_list_stream() if kind == "list" else pair.plugin.open_byte_stream()
    message = m.StreamMessage(stream.id, ONE)
    for _ in range(window):
        pair.hears(message)
    assert stream.credit == 0
    with pytest.raises(LocalProtocolError, match=f"{window} pieces unacknowledged"):
        pair.plugin.send(message)
    pair.says(m.Ack(stream.id))
    pair.hears(message)


def test_an_acknowledgement_of_nothing_is_refused(pair: Pair) -> None:
    stream = pair.plugin.open_list_stream()
    pair.is_refused(m.Ack(stream.id), "nothing to acknowledge")


def test_a_stream_that_nu_drops_has_no_credit_and_is_still_ended(pair: Pair) -> None:
    pair.says(run(3))
    stream = pair.plugin.open_list_stream()
    pair.hears(m.StreamMessage(stream.id, ONE))
    pair.says(m.Drop(stream.id))
    assert stream.credit == 0
    pair.hears(m.End(stream.id))
    assert not pair.plugin.outgoing
    pair.says(m.Ack(stream.id), m.Drop(stream.id))


def test_nothing_is_sent_after_the_end(pair: Pair) -> None:
    stream = pair.plugin.open_list_stream()
    pair.hears(m.End(stream.id))
    with pytest.raises(LocalProtocolError, match="stream 0 is not open"):
        pair.plugin.send(m.StreamMessage(stream.id, ONE))


def test_a_broken_connection_stays_broken(pair: Pair) -> None:
    pair.plugin.feed(b"\xc1")
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="expected msgpack"):
            pair.plugin.next_event()
