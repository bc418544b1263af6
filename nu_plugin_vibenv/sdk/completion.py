"""What nu wants completed, read from the little of its syntax tree that is the same in every version."""

from __future__ import annotations

from . import messages as m
from .data import TYPE_CHECKING
from .errors import RemoteProtocolError
from .kinds import kind
from .parameters import CompletionRequest
from .schema import variant
from .signature import Type
from .span import UNKNOWN
from .text import quoted
from .wire_values import decode_span

if TYPE_CHECKING:
    from typing import Any

    from .command import Command
    from .engine import Engine
    from .parameters import Key
    from .span import Span


QUOTES = "'\"`"


def request(command: Command, asked: m.GetCompletion, engine: Engine) -> CompletionRequest | None:
    """What a command is asked to complete; None for a parameter that it does not have."""
    positionals, flags = words(asked.call.call)
    text: str | None
    key: Key[Any] | None
    match asked.arg_type:
        case m.FlagValue(name):
            key = next((key for key in command.parameters() if key.name == name), None)
            text = flags.get(name)
        case m.PositionalAt(index):
            keys = command.positionals()
            key = keys[min(index, len(keys) - 1)] if keys else None
            text = positionals[index] if index < len(positionals) else None
    if key is None:
        return None
    if text and asked.call.strip:
        text = text[:-1]
    text = (text or "").lstrip(QUOTES)  # a word whose quote is not closed yet comes with it
    return CompletionRequest(text, key, positionals, flags, _head(asked.call.call), engine)


def suggestion(key: Key[Any], item: m.Suggestion | str) -> m.Suggestion:
    """A completion as nu puts it on the line: quoted where a string would be taken for several words."""
    offered = m.Suggestion(item) if isinstance(item, str) else item
    value = offered.value
    text = kind(key.type).type in (Type.STRING, Type.ANY)
    if not text or not any(char.isspace() for char in value) or value[0] in QUOTES + "([{$":
        return offered
    fields = {name: getattr(offered, name) for name in offered.__match_args__}
    shown = offered.display_override or value
    return m.Suggestion(**{**fields, "value": quoted(value), "display_override": shown})


def _head(tree: Any) -> Span:
    try:
        return decode_span(tree["head"])
    except (LookupError, TypeError, RemoteProtocolError):
        return UNKNOWN


def words(tree: Any) -> tuple[tuple[str | None, ...], dict[str, str | None]]:
    """Positional arguments and flags of a call, as far as they are plain words and the tree can be read."""
    positionals: list[str | None] = []
    flags: dict[str, str | None] = {}
    try:
        for argument in tree["arguments"]:
            kind, body = variant(argument)
            if kind == "Positional":
                positionals.append(_word(body))
            elif kind == "Named":
                flags[body[0]["item"]] = _word(body[2])
    except (LookupError, TypeError, RemoteProtocolError):
        pass  # completion does without what it cannot read
    return tuple(positionals), flags


def _word(expression: Any) -> str | None:
    if not isinstance(expression, dict) or not isinstance(expression.get("expr"), dict):
        return None
    for content in expression["expr"].values():
        if isinstance(content, list) and content:  # paths and globs: the text, then whether it was quoted
            content = content[0]
        if isinstance(content, str):
            return content
        if isinstance(content, int):
            return str(content)
    return None
