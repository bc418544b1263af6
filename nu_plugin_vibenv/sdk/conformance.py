"""Checks the codec against messages printed by nu's own types.

    python -m ….conformance FILE.jsonl

Each line of the file is `{"name": "Type/case", "json": tree, "msgpack": hex}`. A message passes when both
forms decode to the same typed data with nothing unknown in it, and that data encodes to what was read, but
for what nu takes either way: bytes as bytes or numbers, an absent field or null, the quotes of a cell path.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from . import engine_calls as e
from . import messages, pipelines, schema, values, wire, wire_pipelines, wire_signature, wire_values
from .codec import ENCODINGS
from .data import Data
from .errors import LabeledError, ProtocolError
from .text import cell_path_from_text, cell_path_text, range_from_text, range_text

_STREAM_MESSAGES = {name: wire.PLUGIN_INPUT.variants[name] for name in ("Data", "End", "Drop", "Ack")}

ROOTS: dict[str, schema.Schema] = {
    "BuiltinCompletion": wire_signature.BUILTIN_COMPLETION,
    "ByteStreamInfo": wire_pipelines.BYTE_STREAM,
    "ByteStreamType": wire_pipelines.BYTE_STREAM_TYPE,
    "CallInfo": wire.RUN,
    "Casing": wire.CASING,
    "Category": wire_signature.CATEGORY,
    "Closure": wire.CLOSURE,
    "CommandWideCompleter": wire_signature.COMMAND_WIDE_COMPLETER,
    "Completion": wire_signature.COMPLETION,
    "Config": schema.Newtype(e.ConfigResponse, schema.Plain(dict)),
    "CustomValueOp": wire.CUSTOM_VALUE_OP,
    "DataSource": wire_pipelines.DATA_SOURCE,
    "DynamicCompletionCall": wire.COMPLETION_CALL,
    "DynamicSuggestion": wire.SUGGESTION,
    "EngineCall": wire.ENGINE_CALL,
    "EngineCallResponse": wire.ENGINE_CALL_RESPONSE,
    "EvaluatedCall": wire_pipelines.EVALUATED_CALL,
    "Feature": wire.FEATURE,
    "Flag": wire_signature.FLAG,
    "GetCompletionArgType": wire.COMPLETION_ARG_TYPE,
    "GetCompletionInfo": wire.GET_COMPLETION,
    "IrBlock": schema.Newtype(e.IrBlock, schema.Plain(dict)),
    "LabeledError": wire_values.ERROR,
    "ListStreamInfo": wire_pipelines.LIST_STREAM,
    "Operator": wire.OPERATOR,
    "Ordering": wire.ORDERING,
    "PipelineDataHeader": wire_pipelines.PIPELINE_DATA_HEADER,
    "PipelineMetadata": wire_pipelines.METADATA,
    "PluginCall": wire.PLUGIN_CALL,
    "PluginCallResponse": wire.PLUGIN_CALL_RESPONSE,
    "PluginCustomValue": wire.CUSTOM_VALUE,
    "PluginExample": wire_signature.EXAMPLE,
    "PluginInput": wire.PLUGIN_INPUT,
    "PluginMetadata": wire.PLUGIN_METADATA,
    "PluginOption": wire.OPTION,
    "PluginOutput": wire.PLUGIN_OUTPUT,
    "PluginSignature": wire_signature.PLUGIN_SIGNATURE,
    "PositionalArg": wire_signature.POSITIONAL_ARG,
    "Protocol": schema.Word("nu-plugin"),
    "ProtocolInfo": wire.HELLO,
    "ShellError": wire_values.ERROR,
    "SignalAction": schema.Word("Interrupt Reset"),
    "Signature": wire_signature.SIGNATURE,
    "Span": wire_values.SPAN,
    "StreamData": wire_pipelines.STREAM_DATA,
    "StreamMessage": schema.Tagged(None, **_STREAM_MESSAGES),
    "SuggestionKind": wire.SUGGESTION_KIND,
    "SyntaxShape": wire_signature.SHAPE,
    "Type": wire_signature.TYPE,
    "Value": wire_values.VALUE,
}
"""What a message is read and written by, for the names of all types that nu's own crates give them."""

_UNKNOWN = (
    values.UnknownValue,
    messages.UnknownCall,
    messages.UnknownMessage,
    messages.UnknownOp,
    messages.UnknownResponse,
    pipelines.UnknownSource,
)


class Mismatch(Exception):
    """Raised for a message that does not pass, with the reason."""


def check(name: str, json_tree: object, msgpack: bytes) -> None:
    """Raise Mismatch or ProtocolError unless one message passes."""
    root = ROOTS.get(name.partition("/")[0])
    if root is None:
        raise Mismatch(f"no such type; known are {', '.join(ROOTS)}")
    meant = []
    for encoding, data in (("json", json.dumps(json_tree).encode() + b"\n"), ("msgpack", msgpack)):
        tree = _read(encoding, data)
        typed = root.decode(tree)
        if (unknown := find_unknown(typed)) is not None:
            raise Mismatch(f"{encoding}: not typed: {unknown!r}")
        if encoding == "json" and _has_null_float(tree):
            continue  # JSON has no NaN and no infinities: they are read as NaN and cannot be written
        meant.append(normal(tree))
        written = normal(_read(encoding, ENCODINGS[encoding]().pack(root.encode(typed))))
        if written != meant[-1]:
            raise Mismatch(f"{encoding}: read {meant[-1]!r}, wrote {written!r}")
    if meant[0] != meant[-1]:
        raise Mismatch(f"json and msgpack differ: {meant!r}")


def _read(encoding: str, data: bytes) -> Any:
    decoder = ENCODINGS[encoding]()
    decoder.feed(data)
    return decoder.next_tree()


def find_unknown(data: object) -> object | None:
    """Anything inside typed data that is only kept and not understood."""
    if isinstance(data, _UNKNOWN):
        return data
    parts: list[object] = []
    if isinstance(data, Data):
        parts = [getattr(data, field) for field in data.__match_args__]
    elif isinstance(data, (tuple, list)):
        parts = list(data)
    elif isinstance(data, dict):
        parts = list(data.values())
    elif isinstance(data, LabeledError):
        parts = list(data.inner)
    return next((found for part in parts if (found := find_unknown(part)) is not None), None)


def normal(tree: Any) -> Any:
    """A tree in the one of its forms that is compared; the order of a record's columns is kept."""
    match tree:
        case {"Record": {"val": dict(columns), **rest}}:
            return ["Record", [(name, normal(cell)) for name, cell in columns.items()], normal(rest)]
        case {"CellPath": {"val": str(text), **rest}}:
            return ["CellPath", cell_path_text(cell_path_from_text(text)), normal(rest)]
        case {"Range": {"val": str(text), **rest}}:
            return ["Range", range_text(range_from_text(text)), normal(rest)]
        case dict():
            return {key: normal(item) for key, item in tree.items() if item is not None}
        case bytes():
            return list(tree)
        case list():
            return [normal(item) for item in tree]
        case float():
            return repr(tree)
        case _:
            return tree


def _has_null_float(tree: Any) -> bool:
    match tree:
        case {"Float": None | {"val": None}}:
            return True
        case dict():
            return any(_has_null_float(item) for item in tree.values())
        case list():
            return any(_has_null_float(item) for item in tree)
        case _:
            return False


def main(argv: list[str]) -> int:
    """Check each file; a line for each message that fails, the count last. 0 when all pass, 1 when not."""
    if not argv:
        print(f"usage: python -m {__package__}.conformance FILE.jsonl ...", file=sys.stderr)
        return 2
    passed = total = 0
    for path in argv:
        # Not splitlines: a JSON string may hold what else Python takes for the end of a line.
        for number, line in enumerate(Path(path).read_text(encoding="utf-8").split("\n"), 1):
            if not line.strip():
                continue
            total += 1
            name = f"line {number}"
            try:
                message = json.loads(line)
                name = message["name"]
                check(name, message["json"], bytes.fromhex(message["msgpack"]))
                passed += 1
            except (Mismatch, ProtocolError) as error:
                print(f"{name}: {error}")
            except (ValueError, TypeError, LookupError) as error:
                print(f"{name}: not a line of such a file: {error!r}")
    print(f"{passed} of {total}")
    return 0 if passed == total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
