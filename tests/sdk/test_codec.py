"""Bytes to messages: whole, in pieces, cut short, followed by more, and nonsense."""

import contextlib
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nu_plugin_vibenv.sdk import engine_calls as e
from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk import pipelines as p
from nu_plugin_vibenv.sdk import values as v
from nu_plugin_vibenv.sdk.codec import ENCODINGS, NEED_DATA, Codec
from nu_plugin_vibenv.sdk.errors import LabeledError, LocalProtocolError, RemoteProtocolError
from nu_plugin_vibenv.sdk.wire import PLUGIN_INPUT, PLUGIN_OUTPUT

from .examples import RUN, SPAN

INPUTS: list[m.PluginInput] = [
    m.Hello("nu-plugin", "0.115.1", (m.Feature("LocalSocket"),)),
    RUN,
    m.Call(4, m.SignatureCall()),
    m.Call(5, m.CustomValueCall(p.Spanned(v.PluginCustomValue("T", b"\x01"), SPAN), m.ToBaseValue())),
    m.Call(6, m.GetCompletion("c", m.FlagValue("host"), m.DynamicCompletionCall({"arguments": []}, True, 3))),
    m.EngineCallResponse(1, m.PipelineData(p.SingleValue(v.StringValue("/", SPAN)))),
    m.EngineCallResponse(2, m.ErrorResponse(LabeledError("no"))),
    m.EngineCallResponse(3, e.ValueMap({"X": v.IntValue(1, SPAN)})),
    m.StreamMessage(7, p.ListItem(v.IntValue(1, SPAN))),
    m.StreamMessage(8, p.RawBytes(b"\x00\xff")),
    m.StreamMessage(8, p.RawError(LabeledError("no"))),
    m.Ack(1),
    m.Drop(1),
    m.End(7),
    m.Signal("Interrupt"),
    m.Goodbye(),
]


@pytest.fixture(params=["msgpack", "json"])
def encoding(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def nu_side(encoding: str) -> Codec:
    return Codec(ENCODINGS[encoding](), reads=PLUGIN_OUTPUT, writes=PLUGIN_INPUT)


def plugin_side(encoding: str) -> Codec:
    return Codec(ENCODINGS[encoding]())


def encoded(encoding: str) -> bytes:
    return b"".join(nu_side(encoding).encode(message) for message in INPUTS)  # type: ignore[arg-type]


def read_all(codec: Codec) -> list[Any]:
    return list(iter(codec.next_message, NEED_DATA))


def test_messages_fed_at_once_come_out_one_by_one(encoding: str) -> None:
    codec = plugin_side(encoding)
    codec.feed(encoded(encoding))
    assert read_all(codec) == INPUTS


def test_messages_fed_byte_by_byte_come_out_as_soon_as_they_are_whole(encoding: str) -> None:
    codec, messages, whole_at = plugin_side(encoding), [], []
    data = encoded(encoding)
    for index in range(len(data)):
        codec.feed(data[index : index + 1])
        if found := read_all(codec):
            messages += found
            whole_at.append(index + 1)
    assert messages == INPUTS
    lengths = [len(nu_side(encoding).encode(message)) for message in INPUTS]  # type: ignore[arg-type]
    assert whole_at == [sum(lengths[: n + 1]) for n in range(len(lengths))]


def test_a_message_cut_short_needs_more_data(encoding: str) -> None:
    data = nu_side(encoding).encode(RUN)  # type: ignore[arg-type]
    for length in range(len(data)):
        codec = plugin_side(encoding)
        codec.feed(data[:length])
        assert codec.next_message() is NEED_DATA


def test_what_follows_a_message_does_not_spoil_it(encoding: str) -> None:
    codec = plugin_side(encoding)
    codec.feed(nu_side(encoding).encode(m.Ack(1)) + {"msgpack": b"\xc1", "json": b"}\n"}[encoding])
    assert codec.next_message() == m.Ack(1)
    with pytest.raises(RemoteProtocolError):
        codec.next_message()


@given(st.binary(min_size=1))
def test_gibberish_is_a_typed_error_or_needs_more(data: bytes) -> None:
    for encoding in ENCODINGS:
        codec = plugin_side(encoding)
        try:
            codec.feed(data)
            read_all(codec)
        except RemoteProtocolError:
            pass  # the one error that a peer's bytes may cause


NAMES = st.sampled_from(["Call", "Data", "Run", "Value", "List", "Int", "span", "val"])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(TREES)
def test_well_formed_nonsense_is_a_typed_error_or_an_unknown_message(tree: object) -> None:
    codec = plugin_side("msgpack")
    codec.feed(ENCODINGS["msgpack"]().pack(tree))
    try:
        message = codec.next_message()
    except RemoteProtocolError:
        return
    known = (m.UnknownMessage, m.Goodbye, m.Call, m.EngineCallResponse, m.StreamMessage, m.Ack, m.End, m.Drop)
    assert isinstance(message, known)


@pytest.mark.parametrize("depth", [200, 5_000, 1_000_000])
def test_deep_nesting_is_a_typed_error(encoding: str, depth: int) -> None:
    opening, closing = {"msgpack": (b"\x91", b""), "json": (b"[", b"]")}[encoding]
    codec = plugin_side(encoding)
    codec.feed(opening * depth + closing * depth + b"\n")
    with pytest.raises(RemoteProtocolError):
        codec.next_message()


def test_deep_values_are_a_typed_error_both_ways(encoding: str) -> None:
    value: v.Value = v.NothingValue()
    for _ in range(2000):
        value = v.ListValue((value,))
    with pytest.raises(LocalProtocolError):
        nu_side(encoding).encode(m.StreamMessage(0, p.ListItem(value)))


@pytest.mark.parametrize("kind", [b"\xdd", b"\xdf", b"\xdb", b"\xc6"])
def test_a_huge_length_is_refused_or_waited_for_without_memory_for_it(kind: bytes) -> None:
    codec = plugin_side("msgpack")
    tracemalloc.start()
    try:
        codec.feed(kind + b"\xff\xff\xff\xff")
        with contextlib.suppress(RemoteProtocolError):
            assert codec.next_message() is NEED_DATA
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_message_of_a_later_nu_is_kept_and_the_next_one_read(encoding: str) -> None:
    codec = plugin_side(encoding)
    pack = ENCODINGS[encoding]().pack
    codec.feed(pack({"Weather": {"rain": True}}) + pack({"Ack": 1}))
    assert codec.next_message() == m.UnknownMessage("Weather", {"rain": True})
    assert codec.next_message() == m.Ack(1)


def test_a_field_of_a_later_nu_is_ignored(encoding: str) -> None:
    codec = plugin_side(encoding)
    codec.feed(
        ENCODINGS[encoding]().pack(
            {"Hello": {"protocol": "nu-plugin", "version": "9.0.0", "features": [], "mood": "good"}}
        )
    )
    assert codec.next_message() == m.Hello("nu-plugin", "9.0.0")


def test_a_call_of_a_later_nu_keeps_its_id(encoding: str) -> None:
    codec = plugin_side(encoding)
    codec.feed(ENCODINGS[encoding]().pack({"Call": [7, {"Dance": 1}]}))
    assert codec.next_message() == m.Call(7, m.UnknownCall("Dance", 1))


def test_a_call_that_cannot_be_read_keeps_its_id_and_says_what_is_wrong(encoding: str) -> None:
    codec = plugin_side(encoding)
    payload = {"name": "x", "input": "Empty"}
    codec.feed(ENCODINGS[encoding]().pack({"Call": [7, {"Run": payload}]}))
    call = m.UnknownCall("Run", payload, f"Run lacks call: {payload}")
    assert codec.next_message() == m.Call(7, call)


def test_an_answer_that_cannot_be_read_keeps_its_id(encoding: str) -> None:
    codec = plugin_side(encoding)
    pack = ENCODINGS[encoding]().pack
    codec.feed(pack({"EngineCallResponse": [3, {"Song": 1}]}))
    codec.feed(pack({"EngineCallResponse": [4, {"PipelineData": {"TensorStream": {"id": 1}}}]}))
    assert codec.next_message() == m.EngineCallResponse(3, m.UnknownResponse("Song", 1))
    second = codec.next_message()
    assert (second.id, second.response.name) == (4, "PipelineData")


@pytest.mark.parametrize("data", [{"Tensor": [1]}, {"List": {"Int": {"value": 1}}}, {"Raw": {"Maybe": 1}}])
def test_a_piece_of_a_stream_that_cannot_be_read_is_an_error_in_the_stream(
    encoding: str, data: object
) -> None:
    codec = plugin_side(encoding)
    codec.feed(ENCODINGS[encoding]().pack({"Data": [5, data]}))
    message = codec.next_message()
    assert message.id == 5
    assert "cannot be read" in message.data.error.msg


def test_a_signal_of_a_later_nu_is_known_by_its_name(encoding: str) -> None:
    codec = plugin_side(encoding)
    codec.feed(ENCODINGS[encoding]().pack({"Signal": {"Resize": {"rows": 3}}}))
    assert codec.next_message() == m.Signal("Resize")


def test_a_field_that_is_missing_is_named() -> None:
    codec = plugin_side("msgpack")
    codec.feed(ENCODINGS["msgpack"]().pack({"Hello": {"protocol": "nu-plugin"}}))
    with pytest.raises(RemoteProtocolError, match="Hello lacks version"):
        codec.next_message()


def test_metadata_without_anything_is_written_as_nu_reads_it() -> None:
    header = p.SingleValue(v.NothingValue(), p.PipelineMetadata(p.NoSource()))
    data = nu_side("json").encode(m.Call(1, m.Run("x", p.EvaluatedCall(SPAN), header)))  # type: ignore[arg-type]
    assert b'"custom":{}' in data


def test_what_is_no_message_is_not_encoded() -> None:
    with pytest.raises(LocalProtocolError, match="expected one of Call, EngineCallResponse"):
        nu_side("msgpack").encode(m.CallResponse(1, m.Ok()))
