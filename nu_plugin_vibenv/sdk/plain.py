"""Values on the wire straight to plain Python ones, for the kinds that tables are made of.

A command that asks for Python values wants neither the typed ones nor their spans: without them a row takes a
third of the time.
"""

from __future__ import annotations

from .convert import datetime, to_python
from .data import TYPE_CHECKING
from .values import Filesize
from .wire_values import decode_value

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SAME = {"String": str, "Int": int, "Bool": bool, "Float": float}
"""Kinds whose `val` is the Python value, when it is of this type."""


def plain_value(tree: Any) -> Any:
    """What `to_python(decode_value(tree))` gives. Raises RemoteProtocolError."""
    try:
        [(kind, body)] = tree.items()
        if kind in _SAME:
            if type(val := body["val"]) is _SAME[kind]:
                return val
        elif kind in _READERS:
            return _READERS[kind](body)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass  # not as usual: the typed way knows all that may be, and says what may not
    return to_python(decode_value(tree))


def _filesize(body: Any) -> Filesize:
    if type(val := body["val"]) is not int:
        raise TypeError
    return Filesize(val)


_READERS: dict[str, Callable[[Any], Any]] = {
    "Record": lambda body: {name: plain_value(cell) for name, cell in body["val"].items()},
    "List": lambda body: [plain_value(element) for element in body["vals"]],
    "Filesize": _filesize,
    "Date": lambda body: datetime.fromisoformat(body["val"]),
    "Nothing": lambda _body: None,
}
