"""The protocol's messages on the wire: one schema for each type, put together from `schema.py`.

`PLUGIN_INPUT` reads what nu sends and `PLUGIN_OUTPUT` writes what it reads; both work both ways.
`UNREAD_PLUGIN_INPUT` reads all but what pipelines carry, which may be much: whoever wants a value reads it.
"""

from __future__ import annotations

from . import engine_calls as e
from . import messages as m
from . import pipelines as p
from .data import TYPE_CHECKING
from .errors import LabeledError, RemoteProtocolError
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
    variant,
)
from .wire_pipelines import (
    EVALUATED_CALL,
    PIPELINE_DATA_HEADER,
    STREAM_DATA,
    UNREAD_PIPELINE_DATA_HEADER,
    spanned,
)
from .wire_values import (
    BOOL,
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
    from collections.abc import Callable
    from typing import Any

    from .schema import Schema, Variant


class _Functions:
    """A schema made of two functions."""

    def __init__(self, decode: Any, encode: Any) -> None:
        self.decode = decode
        self.encode = encode


def _signature() -> Schema:
    from .wire_signature import PLUGIN_SIGNATURE

    return PLUGIN_SIGNATURE


def _type() -> Schema:
    from .wire_signature import TYPE

    return TYPE


# --- calls from nu and their answers

CLOSURE = _Functions(decode_closure, encode_closure)
CUSTOM_VALUE = _Functions(decode_custom, encode_custom)
OPERATOR = Named(m.Operator, {})
ORDERING = Word("Less Equal Greater")
CASING = Word("Sensitive Insensitive")
CUSTOM_VALUE_OP = Tagged(
    m.UnknownOp,
    ToBaseValue=Unit(m.ToBaseValue),
    FollowPathInt=Struct(m.FollowPathInt, index=spanned(INT), optional=BOOL, defaults={"optional": False}),
    FollowPathString=Struct(
        m.FollowPathString,
        column_name=spanned(STRING),
        optional=BOOL,
        casing=CASING,
    ),
    PartialCmp=Newtype(m.PartialCmp, VALUE),
    Operation=Tuple(m.Operation, spanned(OPERATOR), VALUE),
    Save=Struct(m.Save, path=spanned(STRING), save_call_span=SPAN),
    Dropped=Unit(m.Dropped),
)
COMPLETION_CALL = Struct(
    m.DynamicCompletionCall, call=Opaque(), strip=BOOL, pos=INT, defaults={"strip": False, "pos": 0}
)
COMPLETION_ARG_TYPE = Tagged(None, Flag=Newtype(m.FlagValue, STRING), Positional=Newtype(m.PositionalAt, INT))
GET_COMPLETION = Struct(m.GetCompletion, name=STRING, arg_type=COMPLETION_ARG_TYPE, call=COMPLETION_CALL)
RUN = Struct(m.Run, name=STRING, call=EVALUATED_CALL, input=PIPELINE_DATA_HEADER)
PLUGIN_CALL = Tagged(
    m.UnknownCall,
    Metadata=Unit(m.MetadataCall),
    Signature=Unit(m.SignatureCall),
    Run=RUN,
    GetCompletion=GET_COMPLETION,
    CustomValueOp=Tuple(m.CustomValueCall, spanned(CUSTOM_VALUE), CUSTOM_VALUE_OP),
)
SUGGESTION_KIND = Named(m.SuggestionKind, {"Value": Later(_type)})
SUGGESTION = Struct(
    m.Suggestion,
    value=STRING,
    description=Maybe(STRING),
    display_override=Maybe(STRING),
    extra=Maybe(Seq(STRING)),
    append_whitespace=BOOL,
    match_indices=Maybe(Seq(INT)),
    span=Maybe(SPAN),
    kind=Maybe(SUGGESTION_KIND),
)
PLUGIN_METADATA = Struct(m.PluginMetadata, version=Maybe(STRING))
PLUGIN_CALL_RESPONSE = Tagged(
    m.UnknownResponse,
    Ok=Unit(m.Ok),
    Error=Newtype(m.ErrorResponse, ERROR),
    Metadata=Newtype(m.MetadataResponse, PLUGIN_METADATA),
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
        closure=spanned(CLOSURE),
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


class _OrElse:
    """A part that a later nu may write otherwise: what cannot be read costs one call, not the connection."""

    def __init__(self, schema: Schema, unread: Callable[[Any, RemoteProtocolError], object]) -> None:
        self._decode = schema.decode
        self.encode = schema.encode
        self._unread = unread

    def decode(self, tree: Any) -> Any:
        try:
            return self._decode(tree)
        except RemoteProtocolError as error:
            return self._unread(tree, error)


def _unread_call(tree: Any, error: RemoteProtocolError) -> m.UnknownCall:
    return m.UnknownCall(*variant(tree), str(error))


def _unread_response(tree: Any, error: RemoteProtocolError) -> m.UnknownResponse:
    return m.UnknownResponse(*variant(tree), str(error))


def _unread_data(_tree: Any, error: RemoteProtocolError) -> p.RawError:
    return p.RawError(LabeledError("nu sent something in a stream that cannot be read", help=str(error)))


class _Name:
    """A variant by its name alone."""

    def decode(self, tree: Any) -> str:
        return variant(tree)[0]

    def encode(self, value: str) -> Any:
        return STRING.encode(value)


FEATURE = Struct(m.Feature, name=STRING)
HELLO = Struct(m.Hello, protocol=STRING, version=STRING, features=Seq(FEATURE), defaults={"features": ()})
OPTION = Tagged(None, GcDisabled=Newtype(m.GcDisabled, BOOL))
_BOTH_WAYS: dict[str, Variant] = {
    "Hello": HELLO,
    "Data": Tuple(m.StreamMessage, INT, _OrElse(STREAM_DATA, _unread_data)),
    "End": Newtype(m.End, INT),
    "Drop": Newtype(m.Drop, INT),
    "Ack": Newtype(m.Ack, INT),
}


class _PluginInput(Tagged):
    """What nu sends, with a short way for the messages of streams, of which there are most."""

    _last_ack = m.Ack(0)

    def __init__(self, call: Schema, response: Schema, item: Callable[[Any], p.StreamData]) -> None:
        super().__init__(
            m.UnknownMessage,
            Call=Tuple(m.Call, INT, _OrElse(call, _unread_call)),
            EngineCallResponse=Tuple(m.EngineCallResponse, INT, _OrElse(response, _unread_response)),
            Signal=Newtype(m.Signal, _Name()),
            Goodbye=Unit(m.Goodbye),
            **_BOTH_WAYS,
        )
        self._item = item

    def decode(self, tree: Any) -> Any:
        if type(tree) is dict:
            if type(stream := tree.get("Ack")) is int:
                if self._last_ack.id != stream:
                    self._last_ack = m.Ack(stream)
                return self._last_ack
            if type(body := tree.get("Data")) is list and len(body) == 2:
                id, data = body
                if type(id) is int and type(data) is dict and (item := data.get("List")) is not None:
                    try:
                        return m.StreamMessage(id, self._item(item))
                    except RemoteProtocolError:
                        pass  # read again below, for what it is read as then
        return super().decode(tree)


PLUGIN_INPUT = _PluginInput(PLUGIN_CALL, ENGINE_CALL_RESPONSE, lambda tree: p.ListItem(decode_value(tree)))
UNREAD_PLUGIN_INPUT = _PluginInput(
    PLUGIN_CALL.but(Run=Struct(m.Run, name=STRING, call=EVALUATED_CALL, input=UNREAD_PIPELINE_DATA_HEADER)),
    ENGINE_CALL_RESPONSE.but(PipelineData=Newtype(m.PipelineData, UNREAD_PIPELINE_DATA_HEADER)),
    p.UnreadItem,
)
PLUGIN_OUTPUT = Tagged(
    m.UnknownMessage,
    CallResponse=Tuple(m.CallResponse, INT, PLUGIN_CALL_RESPONSE),
    EngineCall=Struct(m.EngineCall, context=INT, id=INT, call=ENGINE_CALL),
    Option=Newtype(m.SetOption, OPTION),
    **_BOTH_WAYS,
)
