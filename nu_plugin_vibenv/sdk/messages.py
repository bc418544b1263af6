"""The messages of the protocol as frozen data, named as in nu's own `nu-plugin-protocol`.

Fields are in the order of the wire. The form on the wire is `wire.py`; what a message does to a connection is
`connection.py`.
"""

from __future__ import annotations

from .data import TYPE_CHECKING, Data
from .engine_calls import ConfigResponse, Identifier, IrBlock, ValueMap

if TYPE_CHECKING:
    from .engine_calls import EngineCallKind
    from .errors import LabeledError
    from .pipelines import EvaluatedCall, PipelineDataHeader, Spanned, StreamData
    from .signature import PluginSignature, Type
    from .span import Span
    from .values import Ordering, Value


class MetadataCall(Data):
    """Asks for the plugin's version."""


class SignatureCall(Data):
    """Asks for the signatures of all commands."""


class Run(Data):
    name: str
    call: EvaluatedCall
    input: PipelineDataHeader


class FlagValue(Data):
    name: str


class PositionalAt(Data):
    index: int


class DynamicCompletionCall(Data):
    """What has been typed so far, up to `pos`; `call` is a syntax tree, whose form changes between versions.

    With `strip` nu has put a letter where the cursor is, so that there is a word to parse.
    """

    call: object
    strip: bool = False
    pos: int = 0


class GetCompletion(Data):
    """Asks what may be typed."""

    name: str
    arg_type: FlagValue | PositionalAt
    call: DynamicCompletionCall


class ToBaseValue(Data):
    pass


class FollowPathInt(Data):
    index: Spanned
    optional: bool


class FollowPathString(Data):
    """`casing` is "Sensitive" or "Insensitive"."""

    column_name: Spanned
    optional: bool
    casing: str


class PartialCmp(Data):
    other: Value


class Operator(Data):
    """`kind` is Comparison, Math, Boolean, Bits or Assignment; `name` as in NotStartsWith."""

    kind: str
    name: str


class Operation(Data):
    """`operator.item` is an Operator."""

    operator: Spanned
    right: Value


class Save(Data):
    path: Spanned
    save_call_span: Span


class Dropped(Data):
    pass


class UnknownOp(Data):
    name: str
    payload: object


class CustomValueCall(Data):
    """An operation on one of the plugin's own values; `value.item` is a PluginCustomValue."""

    value: Spanned
    op: CustomValueOp


class UnknownCall(Data):
    """A call that a later nu makes; `reason` says what could not be read where its name is known."""

    name: str
    payload: object
    reason: str = ""


class Ok(Data):
    pass


class ErrorResponse(Data):
    error: LabeledError


class PluginMetadata(Data):
    """What `plugin list` shows of a plugin."""

    version: str | None


class MetadataResponse(Data):
    metadata: PluginMetadata


class SignatureResponse(Data):
    signatures: tuple[PluginSignature, ...]


class OrderingResponse(Data):
    ordering: Ordering | None


class Suggestion(Data):
    """One completion. `kind` is a SuggestionKind; nu guesses the rest where it is None."""

    value: str
    description: str | None = None
    display_override: str | None = None
    extra: tuple[str, ...] | None = None
    append_whitespace: bool = True
    match_indices: tuple[int, ...] | None = None
    span: Span | None = None
    kind: SuggestionKind | None = None


class SuggestionKind(Data):
    """ "File", "Directory", "Flag" and the like; `of` is a Type for Value, [kind, decl id] for Command."""

    name: str
    of: Type | object = None


class CompletionItems(Data):
    """None asks nu for its own completion, of files as a rule."""

    items: tuple[Suggestion, ...] | None


class PipelineData(Data):
    """Answers a call, or an engine call."""

    header: PipelineDataHeader


class UnknownResponse(Data):
    """An answer that a later nu gives; `reason` as for UnknownCall."""

    name: str
    payload: object
    reason: str = ""


class Feature(Data):
    """Something that one side can do beyond the plain protocol; "LocalSocket" is the one known so far."""

    name: str


class Hello(Data):
    protocol: str
    version: str
    features: tuple[Feature, ...] = ()


class Call(Data):
    id: int
    call: PluginCall


class EngineCallResponse(Data):
    id: int
    response: EngineResponse


class CallResponse(Data):
    id: int
    response: PluginCallResponse


class EngineCall(Data):
    """`context` is the id of the call on whose behalf it is made, which must still run."""

    context: int
    id: int
    call: EngineCallKind


class SetOption(Data):
    option: GcDisabled


class GcDisabled(Data):
    """While disabled, nu does not stop the plugin when it has been idle for a while."""

    disabled: bool


class StreamMessage(Data):
    """One more piece of stream `id`; `Data` on the wire."""

    id: int
    data: StreamData
    if not TYPE_CHECKING:

        def __init__(self, id, data) -> None:  # one for each row: half the time of the general one
            own = self.__dict__
            own["id"] = id
            own["data"] = data


class End(Data):
    """The producer of stream `id` has no more."""

    id: int


class Drop(Data):
    """The consumer of stream `id` wants no more."""

    id: int


class Ack(Data):
    """The consumer of stream `id` is done with one piece."""

    id: int


class Signal(Data):
    """ "Interrupt" for ctrl-c, "Reset" before the next line; a later nu may have others."""

    action: str


class Goodbye(Data):
    """nu needs the plugin no longer."""


class UnknownMessage(Data):
    name: str
    payload: object


CustomValueOp = (
    ToBaseValue | FollowPathInt | FollowPathString | PartialCmp | Operation | Save | Dropped | UnknownOp
)
PluginCall = MetadataCall | SignatureCall | Run | GetCompletion | CustomValueCall | UnknownCall
PluginCallResponse = (
    Ok
    | ErrorResponse
    | MetadataResponse
    | SignatureResponse
    | OrderingResponse
    | CompletionItems
    | PipelineData
    | UnknownResponse
)
EngineResponse = (
    ErrorResponse | PipelineData | ConfigResponse | ValueMap | Identifier | IrBlock | UnknownResponse
)
PluginInput = (
    Hello | Call | EngineCallResponse | StreamMessage | End | Drop | Ack | Signal | Goodbye | UnknownMessage
)
PluginOutput = (
    Hello | CallResponse | EngineCall | SetOption | StreamMessage | End | Drop | Ack | UnknownMessage
)
