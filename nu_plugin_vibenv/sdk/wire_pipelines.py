"""Pipelines on the wire: headers, metadata, the pieces of streams, and the arguments of calls either way."""

from __future__ import annotations

from . import pipelines as p
from .data import TYPE_CHECKING
from .errors import RemoteProtocolError
from .schema import Map, Maybe, Newtype, Opaque, Seq, Struct, Tagged, Tuple, Unit, Word, shown, variant
from .wire_values import BYTES, ERROR, INT, SPAN, STRING, VALUE

if TYPE_CHECKING:
    from typing import Any

    from .schema import Schema, Variant


def spanned(item: Schema) -> Struct:
    """Something with its place in the source."""
    return Struct(p.Spanned, item=item, span=SPAN)


_SOURCES: dict[str, Variant] = {
    "None": Unit(p.NoSource),
    "HtmlThemes": Unit(p.HtmlThemes),
    "FilePath": Newtype(p.FilePath, STRING),
}
DATA_SOURCE = Tagged(p.UnknownSource, **_SOURCES)
METADATA = Struct(
    p.PipelineMetadata,
    data_source=DATA_SOURCE,
    path_columns=Seq(STRING),
    content_type=Maybe(STRING),
    custom=Map(VALUE),
    defaults={"path_columns": (), "custom": {}},
)
LIST_STREAM = Struct(p.ListStream, id=INT, span=SPAN, metadata=Maybe(METADATA))
BYTE_STREAM_TYPE = Word("Binary String Unknown")
BYTE_STREAM = Struct(p.ByteStream, id=INT, span=SPAN, type=BYTE_STREAM_TYPE, metadata=Maybe(METADATA))
PIPELINE_DATA_HEADER = Tagged(
    None,
    Empty=Unit(p.Empty),
    Value=Tuple(p.SingleValue, VALUE, Maybe(METADATA)),
    ListStream=LIST_STREAM,
    ByteStream=BYTE_STREAM,
)
UNREAD_PIPELINE_DATA_HEADER = PIPELINE_DATA_HEADER.but(
    Value=Tuple(p.UnreadValue, Opaque(), Maybe(METADATA)),
)
RAW = Tagged(None, Ok=Newtype(p.RawBytes, BYTES), Err=Newtype(p.RawError, ERROR))


class _StreamDataSchema:
    """`{"List": value}` or `{"Raw": {"Ok": bytes}}` or `{"Raw": {"Err": error}}`."""

    def decode(self, tree: Any) -> Any:
        name, payload = variant(tree)
        if name == "List":
            return p.ListItem(VALUE.decode(payload))
        if name == "Raw":
            return RAW.decode(payload)
        raise RemoteProtocolError(f"expected data of a stream, got {shown(tree)}")

    def encode(self, data: p.StreamData) -> Any:
        if isinstance(data, p.ListItem):
            return {"List": VALUE.encode(data.value)}
        return {"Raw": RAW.encode(data)}


STREAM_DATA = _StreamDataSchema()
EVALUATED_CALL = Struct(
    p.EvaluatedCall,
    head=SPAN,
    positional=Seq(VALUE),
    named=Seq(Tuple(p.NamedArg, spanned(STRING), Maybe(VALUE))),
)
