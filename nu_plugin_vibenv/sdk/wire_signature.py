"""Signatures on the wire; only needed when nu asks for them, which is when a plugin is added."""

from __future__ import annotations

from . import signature as s
from .data import TYPE_CHECKING
from .schema import Later, Maybe, Named, Newtype, Pair, Seq, Struct, Tagged, Unit
from .wire_values import BOOL, BYTES, INT, STRING, VALUE

if TYPE_CHECKING:
    from .schema import Schema

_TYPE = Later(lambda: TYPE)
_COLUMNS = Seq(Pair(STRING, _TYPE))
TYPE: Schema = Named(
    s.Type,
    {"List": _TYPE, "OneOf": Seq(_TYPE), "Record": _COLUMNS, "Table": _COLUMNS, "Custom": STRING},
)
_SHAPE = Later(lambda: SHAPE)
SHAPE: Schema = Named(
    s.Shape,
    {
        "Closure": Maybe(Seq(_SHAPE)),
        "List": _SHAPE,
        "OneOf": Seq(_SHAPE),
        "Record": Seq(Pair(STRING, _SHAPE)),
        "Table": Seq(Pair(STRING, _SHAPE)),
        "Keyword": Pair(BYTES, _SHAPE),
    },
)
CATEGORY = Named(s.Category, {"Custom": STRING})
BUILTIN_COMPLETION = Named(s.BuiltinCompletion, {})
COMPLETION = Tagged(
    None,
    List=Newtype(s.ListCompletion, Seq(STRING)),
    Command=Newtype(s.CommandCompletion, INT),
    Builtin=BUILTIN_COMPLETION,
)
COMMAND_WIDE_COMPLETER = Tagged(
    None, External=Unit(s.ExternalCompleter), Command=Newtype(s.CommandCompleter, INT)
)
POSITIONAL_ARG = Struct(
    s.PositionalArg,
    name=STRING,
    desc=STRING,
    shape=SHAPE,
    completion=Maybe(COMPLETION),
    var_id=Maybe(INT),
    default_value=Maybe(VALUE),
)
FLAG = Struct(
    s.FlagArg,
    long=STRING,
    short=Maybe(STRING),
    arg=Maybe(SHAPE),
    required=BOOL,
    desc=STRING,
    completion=Maybe(COMPLETION),
    var_id=Maybe(INT),
    default_value=Maybe(VALUE),
)
SIGNATURE = Struct(
    s.Signature,
    name=STRING,
    description=STRING,
    extra_description=STRING,
    search_terms=Seq(STRING),
    required_positional=Seq(POSITIONAL_ARG),
    optional_positional=Seq(POSITIONAL_ARG),
    rest_positional=Maybe(POSITIONAL_ARG),
    named=Seq(FLAG),
    input_output_types=Seq(Pair(TYPE, TYPE)),
    allow_variants_without_examples=BOOL,
    is_filter=BOOL,
    creates_scope=BOOL,
    allows_unknown_args=BOOL,
    complete=Maybe(COMMAND_WIDE_COMPLETER),
    category=CATEGORY,
)
EXAMPLE = Struct(s.PluginExample, example=STRING, description=STRING, result=Maybe(VALUE))
PLUGIN_SIGNATURE = Struct(s.PluginSignature, sig=SIGNATURE, examples=Seq(EXAMPLE))
