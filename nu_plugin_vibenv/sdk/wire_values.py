"""Values on the wire: `{"Int": {"val": 1, "span": {"start": 0, "end": 1}}}` and its like, both ways.

Ranges and cell paths are strings since nu 0.114 and were structures before; both are read, strings are
written.
"""

from __future__ import annotations

from . import values
from .data import TYPE_CHECKING
from .errors import Label, LabeledError, LocalProtocolError, RemoteProtocolError
from .schema import Bytes, Maybe, Plain, Seq, Struct, shown, variant
from .span import UNKNOWN, Span
from .text import cell_path_from_text, cell_path_text, range_from_text, range_text
from .values import CellPath, PathMember, Range, Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

STRING = Plain(str)
INT = Plain(int)
BOOL = Plain(bool)
BYTES = Bytes()


_known_spans: dict[tuple[int, int], Span] = {}
"""Spans by start and end: in a stream they are few, and the same for thousands of values."""

_KNOWN_SPANS_MAX = 1000


def decode_span(tree: Any) -> Span:
    """Read a span; two that are equal may be the same object."""
    try:
        ends = tree["start"], tree["end"]
        known = _known_spans.get(ends)
    except (TypeError, KeyError):
        raise RemoteProtocolError(f"expected a span, got {shown(tree)}") from None
    if known is None:
        if not all(type(end) is int for end in ends):
            raise RemoteProtocolError(f"expected a span, got {shown(tree)}")
        if len(_known_spans) >= _KNOWN_SPANS_MAX:
            _known_spans.clear()
        known = _known_spans[ends] = Span(*ends)
    return known


class SpanSchema:
    """A span, as part of something else."""

    decode = staticmethod(decode_span)

    def encode(self, span: Span) -> Any:
        return {"start": span.start, "end": span.end}


SPAN = SpanSchema()
_LABEL = Struct(Label, text=STRING, span=SPAN)


class LabeledErrorSchema:
    """An error, of which only `msg` must be there."""

    def decode(self, tree: Any) -> LabeledError:
        if type(tree) is not dict or type(tree.get("msg")) is not str:
            raise RemoteProtocolError(f"expected an error with a msg, got {shown(tree)}")
        text = Maybe(STRING)
        return LabeledError(
            tree["msg"],
            labels=Seq(_LABEL).decode(tree.get("labels") or []),
            code=text.decode(tree.get("code")),
            url=text.decode(tree.get("url")),
            help=text.decode(tree.get("help")),
            inner=Seq(self).decode(tree.get("inner") or []),
        )

    def encode(self, error: LabeledError) -> Any:
        return {
            "msg": error.msg,
            "labels": Seq(_LABEL).encode(error.labels),
            "code": error.code,
            "url": error.url,
            "help": error.help,
            "inner": Seq(self).encode(error.inner),
        }


ERROR = LabeledErrorSchema()


def decode_value(tree: Any) -> Value:
    """Read a value. A kind that is not known is kept as an UnknownValue."""
    kind, body = variant(tree)
    try:
        if (plain := _PLAIN.get(kind)) is not None:
            cls, wanted = plain
            if type(val := body["val"]) is wanted:
                return cls(val, decode_span(body["span"]))
        elif (decoder := _DECODERS.get(kind)) is not None:
            return decoder(body, decode_span(body["span"]))
        else:
            span = body.get("span") if type(body) is dict else None
            return values.UnknownValue(kind, body, UNKNOWN if span is None else decode_span(span))
    except (AttributeError, KeyError, TypeError, OverflowError):
        pass  # a part of it is missing or no map: refused as a whole
    raise RemoteProtocolError(f"expected a {kind} value, got {shown(tree)}")


def _decode_float(body: Any, span: Span) -> Value:
    val = body["val"]
    if val is None:  # JSON has no word for infinities and NaN; nu writes null
        return values.FloatValue(float("nan"), span)
    if type(val) not in (float, int):
        raise TypeError
    return values.FloatValue(float(val), span)


def _decode_glob(body: Any, span: Span) -> Value:
    return values.GlobValue(STRING.decode(body["val"]), BOOL.decode(body["no_expand"]), span)


def _decode_range(body: Any, span: Span) -> Value:
    val = body["val"]
    return values.RangeValue(range_from_text(val) if type(val) is str else _range_from_struct(val), span)


def _range_from_struct(tree: Any) -> Range:
    _, body = variant(tree)
    start, step, end = body["start"], body["step"], body["end"]
    bound, last = variant(end)
    usual = -1 if last is not None and last < start else 1
    return Range(start, None if step == usual else start + step, last, bound != "Excluded")


def _decode_record(body: Any, span: Span) -> Value:
    val = body["val"]
    if type(val) is not dict:
        raise TypeError
    return values.RecordValue({key: decode_value(cell) for key, cell in val.items()}, span)


def _decode_list(body: Any, span: Span) -> Value:
    vals = body["vals"]
    if type(vals) is not list:
        raise TypeError
    return values.ListValue(tuple([decode_value(element) for element in vals]), span)


def _decode_closure(body: Any, span: Span) -> Value:
    return values.ClosureValue(decode_closure(body["val"]), span)


def decode_closure(tree: Any) -> values.Closure:
    """Read a block's number with the variables that it captured."""
    if type(tree) is not dict or type(tree.get("block_id")) is not int:
        raise RemoteProtocolError(f"expected a closure, got {shown(tree)}")
    try:
        captures = tuple((INT.decode(var_id), decode_value(value)) for var_id, value in tree["captures"])
    except (KeyError, TypeError, ValueError):
        raise RemoteProtocolError(f"expected a closure, got {shown(tree)}") from None
    return values.Closure(tree["block_id"], captures)


def encode_closure(closure: values.Closure) -> Any:
    """Write a closure as it came."""
    captures = [[var_id, encode_value(value)] for var_id, value in closure.captures]
    return {"block_id": closure.block_id, "captures": captures}


def _decode_cell_path(body: Any, span: Span) -> Value:
    val = body["val"]
    if type(val) is str:
        return values.CellPathValue(cell_path_from_text(val), span)
    members = []
    for tree in val["members"]:
        _, member = variant(tree)
        insensitive = member.get("casing") == "Insensitive"
        members.append(PathMember(member["val"], member.get("optional", False), insensitive))
    return values.CellPathValue(CellPath(tuple(members)), span)


def decode_custom(tree: Any) -> values.PluginCustomValue:
    """Read the content of a custom value, whose `type` stands only inside a value."""
    if type(tree) is not dict or not {"name", "data"} <= tree.keys():
        raise RemoteProtocolError(f"expected a custom value, got {shown(tree)}")
    return values.PluginCustomValue(
        STRING.decode(tree["name"]),
        BYTES.decode(tree["data"]),
        BOOL.decode(tree.get("notify_on_drop", False)),
    )


def encode_custom(custom: values.PluginCustomValue) -> Any:
    """Write the content of a custom value, without `type`."""
    tree = {"name": custom.name, "data": custom.data}
    return {**tree, "notify_on_drop": True} if custom.notify_on_drop else tree


_PLAIN: dict[str, tuple[Callable[[Any, Span], Value], type]] = {
    "Bool": (values.BoolValue, bool),
    "Int": (values.IntValue, int),
    "String": (values.StringValue, str),
    "Filesize": (values.FilesizeValue, int),
    "Duration": (values.DurationValue, int),
    "Date": (values.DateValue, str),
}
_DECODERS: dict[str, Callable[[Any, Span], Value]] = {
    "Float": _decode_float,
    "Glob": _decode_glob,
    "Range": _decode_range,
    "Record": _decode_record,
    "List": _decode_list,
    "Closure": _decode_closure,
    "Error": lambda body, span: values.ErrorValue(ERROR.decode(body["error"]), span),
    "Binary": lambda body, span: values.BinaryValue(BYTES.decode(body["val"]), span),
    "CellPath": _decode_cell_path,
    "Custom": lambda body, span: values.CustomValue(decode_custom(body["val"]), span),
    "Nothing": lambda _body, span: values.NothingValue(span),
}


def encode_value(value: Value) -> dict[str, Any]:
    """Write a value.

    Raises: LocalProtocolError, for what is no value and for an int beyond 64 bits.
    """
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        if isinstance(value, values.UnknownValue):
            return {value.kind: value.payload}
        raise LocalProtocolError(f"expected a value, got {shown(value)}")
    kind, field, encode = encoder
    span = {"start": value.span.start, "end": value.span.end}
    tree: dict[str, Any] = {"span": span} if encode is None else {field: encode(value), "span": span}
    if type(value) is values.GlobValue:
        tree["no_expand"] = value.no_expand
    return {kind: tree}


def _int(value: Any) -> int:
    val = value.val
    if not isinstance(val, int) or not -(1 << 63) <= val < 1 << 63:
        raise LocalProtocolError(f"expected an int of 64 bits, got {shown(val)}")
    return int(val)


def _val(*types: type) -> Callable[[Any], Any]:
    plain = Plain(*types)
    return lambda value: plain.encode(value.val)


_ENCODERS: dict[type, tuple[str, str, Callable[[Any], Any] | None]] = {
    values.BoolValue: ("Bool", "val", _val(bool)),
    values.IntValue: ("Int", "val", _int),
    values.FloatValue: ("Float", "val", lambda value: float(value.val)),
    values.StringValue: ("String", "val", _val(str)),
    values.GlobValue: ("Glob", "val", _val(str)),
    values.FilesizeValue: ("Filesize", "val", _int),
    values.DurationValue: ("Duration", "val", _int),
    values.DateValue: ("Date", "val", _val(str)),
    values.RangeValue: ("Range", "val", lambda value: range_text(value.val)),
    values.RecordValue: (
        "Record",
        "val",
        lambda value: {STRING.encode(key): encode_value(cell) for key, cell in value.val.items()},
    ),
    values.ListValue: ("List", "vals", lambda value: [encode_value(element) for element in value.vals]),
    values.ClosureValue: ("Closure", "val", lambda value: encode_closure(value.val)),
    values.ErrorValue: ("Error", "error", lambda value: ERROR.encode(value.error)),
    values.BinaryValue: ("Binary", "val", lambda value: BYTES.encode(value.val)),
    values.CellPathValue: ("CellPath", "val", lambda value: cell_path_text(value.val)),
    values.CustomValue: (
        "Custom",
        "val",
        lambda value: {"type": "PluginCustomValue", **encode_custom(value.val)},
    ),
    values.NothingValue: ("Nothing", "", None),
}


class ValueSchema:
    """A value, as part of something else."""

    decode = staticmethod(decode_value)
    encode = staticmethod(encode_value)


VALUE = ValueSchema()
