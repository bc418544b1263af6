"""Every value that can be made comes back from the wire as it was, in both encodings."""

import datetime
import json
from typing import Any

import pytest
from hypothesis import given

from nu_plugin_vibenv.sdk import values as v
from nu_plugin_vibenv.sdk.codec import ENCODINGS
from nu_plugin_vibenv.sdk.convert import from_python, to_python
from nu_plugin_vibenv.sdk.errors import LocalProtocolError, RemoteProtocolError
from nu_plugin_vibenv.sdk.text import cell_path_from_text, cell_path_text, range_from_text, range_text
from nu_plugin_vibenv.sdk.wire_values import decode_value, encode_value

from .examples import SPAN, cell_paths, ranges, values


def through(encoding: str, value: v.Value) -> v.Value:
    codec = ENCODINGS[encoding]()
    codec.feed(codec.pack(encode_value(value)))
    return decode_value(codec.next_tree())


@given(values)
def test_a_value_comes_back_from_msgpack_as_it_was(value: v.Value) -> None:
    assert through("msgpack", value) == value


@given(values)
def test_a_value_comes_back_from_json_as_it_was(value: v.Value) -> None:
    assert through("json", value) == value


@given(ranges())
def test_a_range_comes_back_from_its_text(range: v.Range) -> None:
    assert range_from_text(range_text(range)) == range


@given(cell_paths)
def test_a_cell_path_comes_back_from_its_text(path: v.CellPath) -> None:
    assert cell_path_from_text(cell_path_text(path)) == path


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("1..5", [1, 2, 3, 4, 5]),
        ("1..<5", [1, 2, 3, 4]),
        ("1..3..9", [1, 3, 5, 7, 9]),
        ("5..1", [5, 4, 3, 2, 1]),
        ("5..4..<3", [5, 4]),
        ("1.0..1.5..2.5", [1.0, 1.5, 2.0, 2.5]),
        ("3..<3", []),
    ],
)
def test_a_range_counts_as_nu_does(text: str, elements: list[float]) -> None:
    assert list(range_from_text(text)) == elements


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ('$."a b".3?.c!?', [("a b", False, False), (3, True, False), ("c", True, True)]),
        ("$.", []),
        ("a.b", [("a", False, False), ("b", False, False)]),
        ("$.'it'", [("it", False, False)]),
        (r'$."\"\\\n"', [('"\\\n', False, False)]),
        ("$.`a.b`.1_000", [("a.b", False, False), (1000, False, False)]),
    ],
)
def test_a_cell_path_is_read_in_each_of_its_forms(text: str, members: list[Any]) -> None:
    assert cell_path_from_text(text) == v.CellPath(tuple(v.PathMember(*member) for member in members))


def test_a_range_to_infinity_is_written_as_one_without_end() -> None:
    assert range_text(v.Range(0.0, None, float("inf"))) == "0.0.."
    assert range_text(v.Range(1.0, -1.0, float("-inf"), False)) == "1.0..-1.0.."


@pytest.mark.parametrize("text", ['$."open', "$.a b.'open", "1", "1..2..3..4", "a..b"])
def test_text_that_is_no_range_or_path_is_refused(text: str) -> None:
    read = cell_path_from_text if text.startswith("$") else range_from_text
    with pytest.raises(RemoteProtocolError):
        read(text)


def test_ranges_and_cell_paths_of_older_engines_are_read() -> None:
    span = {"start": 10, "end": 20}
    range = {"IntRange": {"start": 1, "step": 2, "end": {"Excluded": 9}}}
    endless = {"FloatRange": {"start": 1.0, "step": 1.0, "end": "Unbounded"}}
    member = {"String": {"val": "a", "span": span, "optional": True, "casing": "Insensitive"}}
    path = {"members": [member, {"Int": {"val": 3, "span": span, "optional": False}}]}
    assert decode_value({"Range": {"val": range, "span": span}}) == v.RangeValue(
        v.Range(1, 3, 9, False), SPAN
    )
    assert decode_value({"Range": {"val": endless, "span": span}}) == v.RangeValue(v.Range(1.0), SPAN)
    assert decode_value({"CellPath": {"val": path, "span": span}}) == v.CellPathValue(
        v.CellPath((v.PathMember("a", True, True), v.PathMember(3))), SPAN
    )


def test_bytes_are_read_from_numbers_and_written_as_bytes() -> None:
    tree = {"Binary": {"val": [1, 200], "span": {"start": 10, "end": 20}}}
    assert decode_value(tree) == v.BinaryValue(b"\x01\xc8", SPAN)
    assert encode_value(decode_value(tree))["Binary"]["val"] == b"\x01\xc8"
    assert json.loads(ENCODINGS["json"]().pack(encode_value(decode_value(tree)))) == tree


def test_a_kind_of_value_that_is_not_known_goes_back_as_it_came() -> None:
    tree = {"Matrix": {"val": [[1, 0], [0, 1]], "span": {"start": 10, "end": 20}}}
    value = decode_value(tree)
    assert value == v.UnknownValue("Matrix", tree["Matrix"], SPAN)
    assert encode_value(value) == tree


@pytest.mark.parametrize(
    "tree",
    [
        None,
        "Int",
        {"Int": None},
        {"Int": {"val": "1", "span": {"start": 0, "end": 0}}},
        {"Int": {"val": True, "span": {"start": 0, "end": 0}}},
        {"Int": {"val": 1}},
        {"Int": {"val": 1, "span": 3}},
        {"List": {"vals": {}, "span": {"start": 0, "end": 0}}},
        {"Record": {"val": [], "span": {"start": 0, "end": 0}}},
        {"Binary": {"val": [256], "span": {"start": 0, "end": 0}}},
        {"Closure": {"val": {"block_id": 1}, "span": {"start": 0, "end": 0}}},
        {"Int": {}, "Float": {}},
    ],
)
def test_a_value_that_is_malformed_is_refused(tree: object) -> None:
    with pytest.raises(RemoteProtocolError, match="expected"):
        decode_value(tree)


@pytest.mark.parametrize("value", [1 << 63, -(1 << 63) - 1])
def test_an_int_beyond_64_bits_is_not_sent(value: int) -> None:
    with pytest.raises(LocalProtocolError, match="64 bits"):
        encode_value(v.IntValue(value))


def test_infinities_and_nan_go_through_msgpack_only() -> None:
    infinity = v.FloatValue(float("inf"), SPAN)
    assert through("msgpack", infinity) == infinity
    with pytest.raises(LocalProtocolError, match="JSON cannot carry"):
        through("json", infinity)


def test_what_json_writes_for_nan_is_read_as_nan() -> None:
    value = decode_value({"Float": {"val": None, "span": {"start": 10, "end": 20}}})
    assert isinstance(value, v.FloatValue)
    assert value.val != value.val


UTC = datetime.UTC


@pytest.mark.parametrize(
    ("python", "value"),
    [
        (None, v.NothingValue(SPAN)),
        (True, v.BoolValue(True, SPAN)),
        (3, v.IntValue(3, SPAN)),
        (1.5, v.FloatValue(1.5, SPAN)),
        ("x", v.StringValue("x", SPAN)),
        (v.Filesize(2048), v.FilesizeValue(2048, SPAN)),
        (datetime.timedelta(days=-1, microseconds=5), v.DurationValue(-86_399_999_995_000, SPAN)),
        (datetime.datetime(2024, 5, 1, 12, tzinfo=UTC), v.DateValue("2024-05-01T12:00:00+00:00", SPAN)),
        (b"\x00\xff", v.BinaryValue(b"\x00\xff", SPAN)),
        ([1, [2]], v.ListValue((v.IntValue(1, SPAN), v.ListValue((v.IntValue(2, SPAN),), SPAN)), SPAN)),
        ({"a": None}, v.RecordValue({"a": v.NothingValue(SPAN)}, SPAN)),
        (v.Range(1, None, 3), v.RangeValue(v.Range(1, None, 3), SPAN)),
    ],
)
def test_a_python_value_becomes_nu_s_and_comes_back(python: object, value: v.Value) -> None:
    assert from_python(python, SPAN) == value
    assert to_python(value) == python
    assert type(to_python(value)) is type(python)


def test_times_are_cut_to_what_python_can_hold() -> None:
    date = v.DateValue("2024-05-01T12:00:00.123456789+02:00")
    zone = datetime.timezone(datetime.timedelta(hours=2))
    assert to_python(date) == datetime.datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=zone)
    assert to_python(v.DurationValue(1_999)) == datetime.timedelta(microseconds=1)
    beyond = v.DateValue("+12000-01-01T00:00:00Z")
    assert to_python(beyond) is beyond
