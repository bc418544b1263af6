"""What a plugin can ask of nu, and the answers that are of no other use, named as in `nu-plugin-protocol`."""

from __future__ import annotations

from .data import TYPE_CHECKING, Data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .pipelines import EvaluatedCall, PipelineDataHeader, Spanned
    from .span import Span
    from .values import Value


class GetConfig(Data):
    pass


class GetPluginConfig(Data):
    pass


class GetEnvVar(Data):
    name: str


class GetEnvVars(Data):
    pass


class GetCurrentDir(Data):
    pass


class AddEnvVar(Data):
    name: str
    value: Value


class GetHelp(Data):
    pass


class EnterForeground(Data):
    pass


class LeaveForeground(Data):
    pass


class GetSpanContents(Data):
    span: Span


class EvalClosure(Data):
    """`closure.item` is a Closure."""

    closure: Spanned
    positional: tuple[Value, ...]
    input: PipelineDataHeader
    redirect_stdout: bool = True
    redirect_stderr: bool = False


class GetBlockIR(Data):
    block_id: int


class FindDecl(Data):
    name: str


class CallDecl(Data):
    decl_id: int
    call: EvaluatedCall
    input: PipelineDataHeader
    redirect_stdout: bool = True
    redirect_stderr: bool = False


class ConfigResponse(Data):
    """nu's configuration, a large record of plain data whose form changes between versions."""

    config: Mapping[str, object]


class ValueMap(Data):
    values: Mapping[str, Value]


class Identifier(Data):
    """The number of a declaration."""

    id: int


class IrBlock(Data):
    """Compiled nu code, whose form changes between versions."""

    block: Mapping[str, object]


EngineCallKind = (
    GetConfig
    | GetPluginConfig
    | GetEnvVar
    | GetEnvVars
    | GetCurrentDir
    | AddEnvVar
    | GetHelp
    | EnterForeground
    | LeaveForeground
    | GetSpanContents
    | EvalClosure
    | GetBlockIR
    | FindDecl
    | CallDecl
)
