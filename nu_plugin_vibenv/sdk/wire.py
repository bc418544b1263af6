"""The protocol's messages on the wire: one schema for each type, put together from `schema.py`.

`PLUGIN_INPUT` reads what nu sends and `PLUGIN_OUTPUT` writes what it reads; both work both ways.
"""

from __future__ import annotations

from . import engine_calls as e
from . import messages as m
from . import pipelines as p
from .data import TYPE_CHECKING
from .errors import RemoteProtocolError
from .schema import (
    Later,
    Map,
    Maybe,
    Named,
    Newtype,
    Opaque,
    Plain,
    Seq,
    Struct,
    Tagged,
    Tuple,
    Unit,
    Word,
    shown,
    variant,
)
from .wire_values import (
    BOOL,
    BYTES,
    ERROR,
    INT,
    SPAN,
    STRING,
    VALUE,
    decode_closure,
    decode_custom,
    decode_value,
    encode_closure,
    encode_custom,
)

if TYPE_CHECKING:
    from typing import Any

    from .schema import Schema, Variant


class _Functions:
    """A schema made of two functions."""

    def __init__(self, decode: Any, encode: Any) -> None:
        self.decode = decode
        self.encode = encode


def _spanned(item: Schema) -> Struct:
    return Struct(p.Spanned, item=item, span=SPAN)


def _signature() -> Schema:
    from .wire_signature import PLUGIN_SIGNATURE

    return PLUGIN_SIGNATURE


def _type() -> Schema:
    from .wire_signature import TYPE

    return TYPE


# --- pipelines

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
    custom=Maybe(Map(VALUE)),
    defaults={"path_columns": ()},
)
PIPELINE_DATA_HEADER = Tagged(
    None,
    Empty=Unit(p.Empty),
    Value=Tuple(p.SingleValue, VALUE, Maybe(METADATA)),
    ListStream=Struct(p.ListStream, id=INT, span=SPAN, metadata=Maybe(METADATA)),
    ByteStream=Struct(
        p.ByteStream, id=INT, span=SPAN, type=Word("Binary String Unknown"), metadata=Maybe(METADATA)
    ),
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

# --- calls from nu and their answers

CLOSURE = _Functions(decode_closure, encode_closure)
CUSTOM_VALUE = _Functions(decode_custom, encode_custom)
OPERATOR = Named(m.Operator, {})
ORDERING = Word("Less Equal Greater")
EVALUATED_CALL = Struct(
    p.EvaluatedCall,
    head=SPAN,
    positional=Seq(VALUE),
    named=Seq(Tuple(p.NamedArg, _spanned(STRING), Maybe(VALUE))),
)
CUSTOM_VALUE_OP = Tagged(
    m.UnknownOp,
    ToBaseValue=Unit(m.ToBaseValue),
    FollowPathInt=Struct(m.FollowPathInt, index=_spanned(INT), optional=BOOL, defaults={"optional": False}),
    FollowPathString=Struct(
        m.FollowPathString,
        column_name=_spanned(STRING),
        optional=BOOL,
        casing=Word("Sensitive Insensitive"),
    ),
    PartialCmp=Newtype(m.PartialCmp, VALUE),
    Operation=Tuple(m.Operation, _spanned(OPERATOR), VALUE),
    Save=Struct(m.Save, path=_spanned(STRING), save_call_span=SPAN),
    Dropped=Unit(m.Dropped),
)
PLUGIN_CALL = Tagged(
    m.UnknownCall,
    Metadata=Unit(m.MetadataCall),
    Signature=Unit(m.SignatureCall),
    Run=Struct(m.Run, name=STRING, call=EVALUATED_CALL, input=PIPELINE_DATA_HEADER),
    GetCompletion=Struct(
        m.GetCompletion,
        name=STRING,
        arg_type=Tagged(None, Flag=Newtype(m.FlagValue, STRING), Positional=Newtype(m.PositionalAt, INT)),
        call=Opaque(),
    ),
    CustomValueOp=Tuple(m.CustomValueCall, _spanned(CUSTOM_VALUE), CUSTOM_VALUE_OP),
)
SUGGESTION = Struct(
    m.Suggestion,
    value=STRING,
    description=Maybe(STRING),
    display_override=Maybe(STRING),
    extra=Maybe(Seq(STRING)),
    append_whitespace=BOOL,
    match_indices=Maybe(Seq(INT)),
    span=Maybe(SPAN),
    kind=Maybe(Named(m.SuggestionKind, {"Value": Later(_type)})),
)
PLUGIN_CALL_RESPONSE = Tagged(
    m.UnknownResponse,
    Ok=Unit(m.Ok),
    Error=Newtype(m.ErrorResponse, ERROR),
    Metadata=Newtype(m.MetadataResponse, Struct(m.PluginMetadata, version=Maybe(STRING))),
    Signature=Newtype(m.SignatureResponse, Seq(Later(_signature))),
    Ordering=Newtype(m.OrderingResponse, Maybe(ORDERING)),
    CompletionItems=Newtype(m.CompletionItems, Maybe(Seq(SUGGESTION))),
    PipelineData=Newtype(m.PipelineData, PIPELINE_DATA_HEADER),
)

# --- calls to nu and their answers

ENGINE_CALL = Tagged(
    m.UnknownCall,
    GetConfig=Unit(e.GetConfig),
    GetPluginConfig=Unit(e.GetPluginConfig),
    GetEnvVar=Newtype(e.GetEnvVar, STRING),
    GetEnvVars=Unit(e.GetEnvVars),
    GetCurrentDir=Unit(e.GetCurrentDir),
    AddEnvVar=Tuple(e.AddEnvVar, STRING, VALUE),
    GetHelp=Unit(e.GetHelp),
    EnterForeground=Unit(e.EnterForeground),
    LeaveForeground=Unit(e.LeaveForeground),
    GetSpanContents=Newtype(e.GetSpanContents, SPAN),
    EvalClosure=Struct(
        e.EvalClosure,
        closure=_spanned(CLOSURE),
        positional=Seq(VALUE),
        input=PIPELINE_DATA_HEADER,
        redirect_stdout=BOOL,
        redirect_stderr=BOOL,
    ),
    GetBlockIR=Newtype(e.GetBlockIR, INT),
    FindDecl=Newtype(e.FindDecl, STRING),
    CallDecl=Struct(
        e.CallDecl,
        decl_id=INT,
        call=EVALUATED_CALL,
        input=PIPELINE_DATA_HEADER,
        redirect_stdout=BOOL,
        redirect_stderr=BOOL,
    ),
)
ENGINE_CALL_RESPONSE = Tagged(
    m.UnknownResponse,
    Error=Newtype(m.ErrorResponse, ERROR),
    PipelineData=Newtype(m.PipelineData, PIPELINE_DATA_HEADER),
    Config=Newtype(e.ConfigResponse, Plain(dict)),
    ValueMap=Newtype(e.ValueMap, Map(VALUE)),
    Identifier=Newtype(e.Identifier, INT),
    IrBlock=Newtype(e.IrBlock, Plain(dict)),
)

# --- messages

_BOTH_WAYS: dict[str, Variant] = {
    "Hello": Struct(
        m.Hello,
        protocol=STRING,
        version=STRING,
        features=Seq(Struct(m.Feature, name=STRING)),
        defaults={"features": ()},
    ),
    "Data": Tuple(m.StreamMessage, INT, STREAM_DATA),
    "End": Newtype(m.End, INT),
    "Drop": Newtype(m.Drop, INT),
    "Ack": Newtype(m.Ack, INT),
}


class _PluginInput(Tagged):
    """What nu sends, with a short way for the messages of streams, of which there are most."""

    _last_ack = m.Ack(0)

    def decode(self, tree: Any) -> Any:
        if type(tree) is dict:
            if type(stream := tree.get("Ack")) is int:
                if self._last_ack.id != stream:
                    self._last_ack = m.Ack(stream)
                return self._last_ack
            if type(body := tree.get("Data")) is list and len(body) == 2:
                id, data = body
                if type(id) is int and type(data) is dict and (item := data.get("List")) is not None:
                    return m.StreamMessage(id, p.ListItem(decode_value(item)))
        return super().decode(tree)


PLUGIN_INPUT = _PluginInput(
    m.UnknownMessage,
    Call=Tuple(m.Call, INT, PLUGIN_CALL),
    EngineCallResponse=Tuple(m.EngineCallResponse, INT, ENGINE_CALL_RESPONSE),
    Signal=Newtype(m.Signal, STRING),
    Goodbye=Unit(m.Goodbye),
    **_BOTH_WAYS,
)
PLUGIN_OUTPUT = Tagged(
    m.UnknownMessage,
    CallResponse=Tuple(m.CallResponse, INT, PLUGIN_CALL_RESPONSE),
    EngineCall=Struct(m.EngineCall, context=INT, id=INT, call=ENGINE_CALL),
    Option=Newtype(m.SetOption, Tagged(None, GcDisabled=Newtype(m.GcDisabled, BOOL))),
    **_BOTH_WAYS,
)
