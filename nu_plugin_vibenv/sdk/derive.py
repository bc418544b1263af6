"""From a command's declaration to the signature that nu is told: shapes, types and texts.

Only needed when nu asks for signatures, which it does when a plugin is added: what is slow to import is
imported here and not when a command runs.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from . import signature as s
from .convert import from_python
from .custom import Custom
from .kinds import kind
from .parameters import Flag, Optional, Positional, Rest, Switch

if TYPE_CHECKING:
    from .command import Command, Example
    from .kinds import Kind
    from .parameters import Key

HELP = s.FlagArg("help", "h", None, False, "Display the help message for this command")


def _help(command: Command) -> s.FlagArg:
    """Where flags are passed on, `-h` is not the command's own."""
    return s.FlagArg(HELP.long, None, None, False, HELP.desc) if command.allows_unknown_args else HELP


def signature(command: Command) -> s.PluginSignature:
    """The signature of a command, with its examples. Raises TypeError for a type that Nushell lacks."""
    first, _, rest = inspect.cleandoc(command.__doc__ or "").partition("\n\n")
    keys = command.parameters()
    sig = s.Signature(
        name=command.name,
        description=" ".join(first.split()),
        extra_description=rest.strip(),
        search_terms=tuple(command.search_terms),
        required_positional=tuple(_positional(key) for key in keys if isinstance(key, Positional)),
        optional_positional=tuple(_positional(key) for key in keys if isinstance(key, Optional)),
        rest_positional=next((_positional(key) for key in keys if isinstance(key, Rest)), None),
        named=(_help(command), *(_flag(key) for key in keys if isinstance(key, (Flag, Switch)))),
        input_output_types=tuple(
            (kind(taken).input_type, kind(given).type) for taken, given in command.input_output
        ),
        is_filter=command.is_filter,
        creates_scope=command.creates_scope,
        allows_unknown_args=command.allows_unknown_args,
        category=category(command.category),
    )
    return s.PluginSignature(sig, tuple(_example(example) for example in command.examples))


CATEGORIES = frozenset(
    [
        "Bits",
        "Bytes",
        "Chart",
        "Conversions",
        "Core",
        "Database",
        "Date",
        "Debug",
        "Default",
        "Deprecated",
        "Removed",
        "Env",
        "Experimental",
        "FileSystem",
        "Filters",
        "Formats",
        "Generators",
        "Hash",
        "History",
        "Math",
        "Misc",
        "Network",
        "Path",
        "Platform",
        "Plugin",
        "Random",
        "Shells",
        "Strings",
        "System",
        "Viewers",
    ]
)
"""nu's own categories. Source: `nu-protocol` 0.115.1, `signature.rs`."""


def category(name: str) -> s.Category:
    """A category by its name: nu's own, or one of the plugin's making."""
    return s.Category(name) if name in CATEGORIES else s.Category("Custom", name)


def _example(example: Example) -> s.PluginExample:
    result = None
    if example.result is not None:
        shown = example.result
        result = from_python(shown.to_base_value() if isinstance(shown, Custom) else shown)
    return s.PluginExample(example.example, example.description, result)


def _positional(key: Key[Any]) -> s.PositionalArg:
    default = None if key.default is None else from_python(key.default)
    known = kind(key.type)
    return s.PositionalArg(key.name, _desc(key, known), known.shape, _words(key, known), None, default)


def _words(key: Key[Any], known: Kind) -> s.ListCompletion | None:
    words = key.complete if isinstance(key.complete, tuple) else known.words
    return s.ListCompletion(words) if words else None


def _desc(key: Key[Any], known: Kind) -> str:
    """The description, with what there is to choose from, which nu completes and does not show."""
    words = f"one of: {', '.join(known.words)}" if known.words else ""
    return "; ".join(filter(None, (key.desc, words)))


def _flag(key: Flag[Any] | Switch) -> s.FlagArg:
    if isinstance(key, Switch):
        return s.FlagArg(key.name, key.short, None, False, key.desc)
    default = None if key.default is None else from_python(key.default)
    known = kind(key.type)
    return s.FlagArg(
        key.name, key.short, known.shape, key.required, _desc(key, known), _words(key, known), None, default
    )
