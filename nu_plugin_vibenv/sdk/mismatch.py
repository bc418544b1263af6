"""A value that is not of the type wanted: what it should be, where in the whole it is, and what it is."""

from __future__ import annotations

from . import values as v
from .errors import Label, LabeledError

TYPE_MISMATCH = "plugin::type_mismatch"
"""The code of errors about a value that a type does not allow."""


class Mismatch(Exception):
    """Raised for a value that a type does not allow; `path` is the way to it in the whole, outermost last."""

    def __init__(self, reason: str, value: v.Value) -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value
        self.path: list[str] = []

    def labeled(self, what: str) -> LabeledError:
        """The error about `what` as nu shows it, at the very value."""
        place = f" in `{'.'.join(reversed(self.path))}`" if self.path else ""
        label = Label(f"this is {_described(self.value)}", self.value.span)
        return LabeledError(f"{what}: {self.reason}{place}", labels=[label], code=TYPE_MISMATCH)


def mismatch(expected: str, value: v.Value) -> Exception:
    """The error to raise for a value; one that stands for an error raises that."""
    return value.error if isinstance(value, v.ErrorValue) else Mismatch(f"expected {expected}", value)


def type_name(cls: type) -> str:
    """What Nushell calls a class of its values."""
    name = cls.__name__.removesuffix("Value")
    return {"Date": "datetime", "CellPath": "cell-path"}.get(name, name.lower())


def _described(value: v.Value) -> str:
    if isinstance(value, v.StringValue) and len(value.val) <= 40:
        return f'"{value.val}"'
    if isinstance(value, (v.IntValue, v.FloatValue)):
        return str(value.val)
    return f"a {type_name(type(value))}" if not isinstance(value, v.NothingValue) else "nothing"
