"""Which sessions a command is about: decided from what was typed and from what came in by the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vibenv_core.errors import UsageError
from vibenv_core.model import session_name


@dataclass(frozen=True, slots=True)
class Names:
    """The names in order, each once. `one` says that a single thing was named, not a list of one."""

    names: tuple[str, ...]
    one: bool


def from_arguments(arguments: Iterable[str]) -> Names:
    """The names given as arguments; they win over the pipeline, which in `each {|name| …}` holds the same.

    Raises: UsageError, for what cannot name a session.
    """
    return _names(tuple(arguments))


def from_pipeline(value: object) -> Names:
    """The names in a value from the pipeline: a string, a row with a `name`, or a list or table of these.

    Raises: UsageError, for anything else and for what cannot name a session.
    """
    if value is None:
        raise UsageError("no session was named", code="usage::no_name", help=f"name one, or {_HELP}")
    if isinstance(value, str | Mapping):
        return _names((_name(value),))
    if isinstance(value, list | tuple):
        return Names(_names(tuple(_name(item) for item in value)).names, one=False)
    raise UsageError(_NEITHER.format(f"`{value}`"), code="usage::not_a_name", help=_HELP)


def hosts(value: object) -> set[str]:
    """The hosts that rows in a value from the pipeline come from, as `vibenv list --all` names them."""
    rows = value if isinstance(value, list | tuple) else (value,)
    named = (row.get("host") for row in rows if isinstance(row, Mapping))
    return {host for host in named if isinstance(host, str)}


_NEITHER = "{} came in by the pipeline, where names were expected"
_HELP = "pipe strings, or rows that have a column `name`: [a b] | …, vibenv list | …"


def _names(names: tuple[str, ...]) -> Names:
    return Names(tuple(dict.fromkeys(session_name(name) for name in names)), one=len(names) == 1)


def _name(item: object) -> str:
    name = item.get("name") if isinstance(item, Mapping) else item
    if isinstance(name, str):
        return name
    what = "a row without a `name`" if isinstance(item, Mapping) else f"`{item}`"
    raise UsageError(_NEITHER.format(what), code="usage::not_a_name", help=_HELP)
