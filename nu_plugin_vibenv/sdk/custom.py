"""Values of a plugin's own, which nu carries about and asks the plugin to work with."""

from __future__ import annotations

from . import messages as m
from . import pipelines as p
from . import values
from .convert import from_python, to_python
from .data import TYPE_CHECKING
from .errors import Label, LabeledError
from .span import Span
from .values import PluginCustomValue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from .messages import Operator
    from .values import Ordering, Value


NO_CELLS = "nu::shell::incompatible_path_access"
NO_OPERATION = "nu::shell::operator_unsupported_type"
"""The codes of nu's own errors for values that cannot do something."""


class Custom:
    """Subclass it for a kind of value, and name that in `type_name`.

    What is not overridden is refused with an error, but for comparing, which finds no order. Only `to_bytes`,
    `from_bytes` and `to_base_value` are needed: a class without them is refused with a TypeError. None of the
    operations can ask anything of nu.
    """

    type_name: str
    """What `describe` shows; unique within the plugin."""
    notify_on_drop: bool = False
    """Whether `dropped` is called when nu needs a value no longer."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        needed = ("to_bytes", "from_bytes", "to_base_value")
        own = {name for base in cls.__mro__ if base not in (Custom, object) for name in vars(base)}
        if hasattr(cls, "type_name") and (missing := [name for name in needed if name not in own]):
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")

    def to_bytes(self) -> bytes:
        """All there is to know of the value, for `from_bytes`."""
        raise NotImplementedError

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The value again, perhaps in another process."""
        raise NotImplementedError

    def to_base_value(self) -> object:
        """A plain value that stands for it where it is shown or converted."""
        raise NotImplementedError

    def follow_path_int(self, index: int, optional: bool) -> object:
        """`$value.0`, or `$value.0?` when optional."""
        raise LabeledError(f"a {self.type_name} has no rows", code=NO_CELLS)

    def follow_path_string(self, column: str, optional: bool, insensitive: bool) -> object:
        """`$value.column`, with `?` when optional and `!` when insensitive to case."""
        raise LabeledError(f"a {self.type_name} has no columns", code=NO_CELLS)

    def partial_cmp(self, other: object) -> Ordering | None:
        """How it is ordered against another value, for sorting; None where there is no order."""
        return None

    def operation(self, operator: Operator, right: object) -> object:
        """`$value <operator> $right`."""
        raise LabeledError(f"a {self.type_name} cannot be used with {operator.name}", code=NO_OPERATION)

    def save(self, path: str) -> None:
        """`$value | save path`."""
        raise LabeledError("Cannot save custom value")

    def dropped(self) -> None:
        """nu needs the value no longer; called only with `notify_on_drop`."""

    def to_nu(self, span: Span) -> Value:
        """The value as nu carries it."""
        return values.CustomValue(
            PluginCustomValue(self.type_name, self.to_bytes(), self.notify_on_drop), span
        )

    @classmethod
    def of(cls, value: object) -> Self:
        """What `call.input.value()`, or `run` in a test, gives. Raises LabeledError for anything else."""
        if isinstance(value, cls):
            return value
        if isinstance(value, PluginCustomValue) and value.name == cls.type_name:
            return cls.from_bytes(value.data)
        found = f"a {value.name}" if isinstance(value, PluginCustomValue) else repr(value)
        raise LabeledError(f"expected a {cls.type_name}, got {found}")


def subclasses(cls: type[Custom] = Custom) -> Iterator[type[Custom]]:
    """The classes of values that are imported."""
    for subclass in cls.__subclasses__():
        if hasattr(subclass, "type_name"):
            yield subclass
        yield from subclasses(subclass)


def operate(custom: Custom, op: m.CustomValueOp, span: Span) -> m.PluginCallResponse:
    """The answer to one operation on a value that stands at `span`.

    Raises whatever the operation does; a LabeledError without labels gets one where the operation stands.
    """
    try:
        return _operate(custom, op, span)
    except LabeledError as error:
        if error.labels:
            raise
        raise LabeledError(
            error.msg,
            labels=[Label("here", _place(op) or span)],
            code=error.code,
            url=error.url,
            help=error.help,
            inner=error.inner,
        ) from error


def _place(op: m.CustomValueOp) -> Span | None:
    match op:
        case m.FollowPathInt(p.Spanned(_, span)) | m.FollowPathString(p.Spanned(_, span)):
            return span
        case m.Operation(p.Spanned(_, span)) | m.Save(_, span):
            return span
        case _:
            return None


def _operate(custom: Custom, op: m.CustomValueOp, span: Span) -> m.PluginCallResponse:
    match op:
        case m.ToBaseValue():
            return _value(custom.to_base_value(), span)
        case m.FollowPathInt(p.Spanned(int(index), at), optional):
            return _value(custom.follow_path_int(index, optional), at)
        case m.FollowPathString(p.Spanned(str(column), at), optional, casing):
            return _value(custom.follow_path_string(column, optional, casing == "Insensitive"), at)
        case m.PartialCmp(other):
            return m.OrderingResponse(custom.partial_cmp(_revived(custom, other)))
        case m.Operation(p.Spanned(m.Operator() as operator, _), right):
            return _value(custom.operation(operator, _revived(custom, right)), span)
        case m.Save(p.Spanned(str(path))):
            custom.save(path)
            return m.Ok()
        case m.Dropped():
            custom.dropped()
            return m.PipelineData(p.Empty())
        case _:
            raise LabeledError(f"a {custom.type_name} cannot do this: {op!r}")


def _value(result: object, span: Span) -> m.PipelineData:
    return m.PipelineData(p.SingleValue(from_python(result, span)))


def _revived(custom: Custom, value: Value) -> object:
    converted = to_python(value)
    same = isinstance(converted, PluginCustomValue) and converted.name == custom.type_name
    return type(custom).of(converted) if same else converted
