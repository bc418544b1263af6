"""What the pipeline gives a command, or nu answers: one value, or a stream to be read as it comes."""

from __future__ import annotations

from . import pipelines as p
from . import values
from .convert import from_python, to_python
from .data import TYPE_CHECKING
from .errors import Label, LabeledError, RemoteProtocolError
from .kinds import read
from .plain import plain_value
from .span import UNKNOWN
from .wire_values import decode_value

if not TYPE_CHECKING:

    def overload(function):
        return function

else:
    from collections.abc import Callable, Iterator
    from typing import Any, Literal, TypeVar, overload

    from typing_extensions import TypeForm

    from .pieces import Pieces
    from .span import Span
    from .values import Value

    T = TypeVar("T")


class Input:
    """What the pipeline gives a command; what is left of a stream is dropped when the call returns."""

    def __init__(self, header: p.PipelineDataHeader, pieces: Pieces | None = None) -> None:
        self._header = header
        self._pieces = pieces

    @property
    def header(self) -> p.ReadHeader:
        """What nu said of the input; a single value is read once it is asked for. Raises LabeledError."""
        if isinstance(self._header, p.UnreadValue):
            self._header = p.SingleValue(_readable(decode_value, self._header.tree), self._header.metadata)
        return self._header

    @property
    def empty(self) -> bool:
        """Whether there is nothing in the pipeline."""
        return isinstance(self._header, p.Empty)

    @property
    def form(self) -> Literal["nothing", "value", "list", "bytes"]:
        """What there is, without reading it: a range is a list too, and text that does not come as a stream a
        value.
        """
        match self.header:
            case p.Empty():
                return "nothing"
            case p.ByteStream():
                return "bytes"
            case p.ListStream() | p.SingleValue(values.ListValue() | values.RangeValue()):
                return "list"
            case p.SingleValue():
                return "value"

    @property
    def span(self) -> Span | None:
        """Where the input was made."""
        match self.header:
            case p.SingleValue(value):
                return value.span
            case p.ListStream(_, span) | p.ByteStream(_, span):
                return span
            case p.Empty():
                return None

    @property
    def metadata(self) -> p.PipelineMetadata | None:
        """What nu knows of where the input came from."""
        return None if isinstance(self._header, p.Empty) else self._header.metadata

    def nu_values(self, *, errors: bool = False) -> Iterator[Value]:
        """The values one by one: of a list its elements, of a byte stream its chunks; none without input.

        An error that stands among them is raised, or given as it is with `errors`.
        Raises: LabeledError; ConnectionClosed.
        """
        checked = _same if errors else _raise_error
        match self.header:
            case p.Empty():
                return
            case p.SingleValue(values.ListValue(vals)):
                yield from map(checked, vals)
            case p.SingleValue(values.RangeValue(range, span)):
                for number in range:
                    yield (
                        values.IntValue(number, span)
                        if isinstance(number, int)
                        else values.FloatValue(number, span)
                    )
            case p.SingleValue(value):
                yield checked(value)
            case p.ListStream():
                yield from map(checked, self._items(decode_value, _same))
            case p.ByteStream(_, span):
                for chunk in self.bytes():
                    yield values.BinaryValue(chunk, span)

    @overload
    def values(self, type: None = None, *, errors: bool = False) -> Iterator[Any]: ...
    @overload
    def values(self, type: TypeForm[T]) -> Iterator[T]: ...
    def values(self, type: Any = None, *, errors: bool = False) -> Iterator[Any]:
        """As `nu_values`, as Python values, or each as a Python type: a dataclass for rows, say.

        Raises: LabeledError too at a value that is not of the type.
        """
        if type is None:
            return self._plain_values() if errors else map(_raise_labeled, self._plain_values())
        return (read(type, value, "the input") for value in self.nu_values())

    def _plain_values(self) -> Iterator[Any]:
        match self._header:
            case p.UnreadValue(tree):
                value = _readable(plain_value, tree)
                return iter(value if isinstance(value, (list, values.Range)) else [value])
            case p.ListStream():
                return self._items(plain_value, to_python)
            case _:
                return map(to_python, self.nu_values(errors=True))

    def _items(self, unread: Callable[[object], T], read: Callable[[Value], T]) -> Iterator[T]:
        try:
            for piece in self._pieces or ():
                if isinstance(piece, p.UnreadItem):
                    yield unread(piece.tree)
                elif isinstance(piece, p.ListItem):
                    yield read(piece.value)
                elif isinstance(piece, p.RawError):
                    raise piece.error
        except (RemoteProtocolError, RecursionError) as error:
            raise _unreadable(error) from None

    @overload
    def value(self) -> Any: ...
    @overload
    def value(self, type: TypeForm[T]) -> T: ...
    def value(self, type: Any = object) -> Any:
        """All of the input as one Python value: a list for a stream, str or bytes for bytes, None without
        input; or as a Python type, such as `list[Row]` of a dataclass.

        A byte stream is a str where nu calls it text, or does not know and it is UTF-8; with `bytes`,
        it is bytes whatever they are.
        Raises: LabeledError, for an error in the input and at what is not of the type; ConnectionClosed.
        """
        if type is bytes and isinstance(self.header, p.ByteStream):
            return b"".join(self.bytes())
        return self._value() if type is object else read(type, self.nu_value(), "the input")

    def nu_value(self) -> Value:
        """As `value`, with the spans that it has."""
        match self.header:
            case p.SingleValue(value):
                return _raise_error(value)
            case p.ListStream(_, span):
                return values.ListValue(tuple(self.nu_values()), span)
            case header:
                return from_python(self._value(), UNKNOWN if isinstance(header, p.Empty) else header.span)

    def _value(self) -> Any:
        match self._header:
            case p.Empty():
                return None
            case p.UnreadValue(tree):
                return _raise_labeled(_readable(plain_value, tree))
            case p.SingleValue(value):
                return to_python(_raise_error(value))
            case p.ListStream():
                return list(self.values())
            case p.ByteStream(_, _, type):
                data = b"".join(self.bytes())
                if type == "Binary":
                    return data
                try:
                    return data.decode()
                except UnicodeDecodeError:
                    return data

    def bytes(self) -> Iterator[bytes]:
        """The input as bytes, in the chunks in which they come; text is UTF-8.

        Raises: LabeledError, for input that is no bytes and where reading them failed; ConnectionClosed.
        """
        if isinstance(self.header, p.ByteStream):
            for piece in self._pieces or ():
                if isinstance(piece, p.RawError):
                    raise piece.error
                if isinstance(piece, p.RawBytes):
                    yield piece.data
            return
        for value in self.nu_values():
            if isinstance(value, values.BinaryValue):
                yield value.val
            elif isinstance(value, values.StringValue):
                yield value.val.encode()
            else:
                raise LabeledError(
                    "expected bytes or text", labels=[Label(f"this is {type(value).__name__}", value.span)]
                )

    def close(self) -> None:
        """Drop what is left of a stream."""
        if self._pieces is not None:
            self._pieces.close()


def _readable(read: Callable[[object], T], tree: object) -> T:
    try:
        return read(tree)
    except (RemoteProtocolError, RecursionError) as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> LabeledError:
    return LabeledError("nu sent something that cannot be read", help=str(error))


def _same(value: Value) -> Value:
    return value


def _raise_labeled(value: Any) -> Any:
    if isinstance(value, LabeledError):
        raise value
    return value


def _raise_error(value: Value) -> Value:
    if isinstance(value, values.ErrorValue):
        raise value.error
    return value
