"""A call as its command sees it: the arguments, the pipeline's input, and where things were typed."""

from __future__ import annotations

from . import pipelines as p
from . import values
from .command import Key, Named, Rest, Switch
from .convert import to_python
from .data import TYPE_CHECKING, Data
from .errors import Label, LabeledError
from .span import Span
from .values import Value

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeVar

    from .command import Command
    from .engine import Engine
    from .pieces import Pieces

    T = TypeVar("T")


class Call:
    """The arguments of one run of a command, with what it may ask nu and the input it may read."""

    def __init__(
        self,
        command: Command,
        call: p.EvaluatedCall,
        input: Input,
        engine: Engine,
        cancelled: threading.Event,
    ) -> None:
        self.evaluated = call
        self.head = call.head
        self.input = input
        self.engine = engine
        self.cancelled = cancelled
        """Set by ctrl-c, when nobody reads the output any longer, and when nu is gone."""
        self._order = [key.name for key in command.positionals()]
        self._named = {named.name.item: named for named in call.named}

    def __getitem__(self, key: Key[T]) -> T:
        """The argument of a parameter, converted to its type, or its default.

        Raises: LabeledError, at the argument, for one that its type does not allow.
        """
        result: Any
        if isinstance(key, Switch):
            result = key.name in self._named and self._is_on(self._named[key.name].value)
        elif isinstance(key, Rest):
            result = tuple(convert_argument(key, value) for value in self._values(key))
        else:
            given = self._values(key)
            result = convert_argument(key, given[0]) if given else key.default
        return result  # type: ignore[no-any-return]

    def span(self, key: Key[Any], index: int = 0) -> Span:
        """Where an argument was typed; the command's name when it was not."""
        given = self._values(key)
        if index < len(given):
            return given[index].span
        named = self._named.get(key.name) if isinstance(key, Named) else None
        return named.name.span if named is not None else self.head

    def value(self, key: Key[Any]) -> Value | None:
        """The argument as nu sent it, or None when it was not given."""
        given = self._values(key)
        return given[0] if given else None

    @staticmethod
    def _is_on(value: Value | None) -> bool:
        return value is None or getattr(value, "val", True) is True

    def _values(self, key: Key[Any]) -> tuple[Value, ...]:
        """The arguments of a parameter; a nothing stands for one that is not given."""
        given: tuple[Value, ...]
        if isinstance(key, Named):
            named = self._named.get(key.name)
            given = () if named is None or named.value is None else (named.value,)
        else:
            at = self._order.index(key.name)
            given = (
                self.evaluated.positional[at:]
                if isinstance(key, Rest)
                else self.evaluated.positional[at : at + 1]
            )
        if len(given) == 1 and isinstance(given[0], values.NothingValue) and not isinstance(key, Rest):
            return ()
        return given


def convert_argument(key: Key[Any], value: Value) -> Any:
    """One argument as the type of its parameter has it. Raises LabeledError at the argument."""
    try:
        return _converted(key.type, to_python(value))
    except ValueError as error:
        label = Label(str(error), value.span)
        raise LabeledError(f"{key.name} cannot be this", labels=[label]) from None


def _converted(wanted: Any, value: Any) -> Any:
    """A Python value as another type; raises ValueError with what was expected."""
    if getattr(wanted, "__origin__", None) is list and isinstance(value, list):
        return [_converted(wanted.__args__[0], element) for element in value]
    if not isinstance(wanted, type) or isinstance(value, wanted):
        return value
    if wanted is float and type(value) is int:
        return float(value)
    make: Any = wanted
    if hasattr(make, "type_name"):  # a Custom
        return make.of(value)
    if isinstance(value, str) and hasattr(make, "__members__"):
        if value not in (words := [member.value for member in make]):
            raise ValueError(f"expected one of: {', '.join(words)}")
        return make(value)
    if isinstance(value, str) and hasattr(make, "__fspath__"):
        return make(value)
    raise ValueError(f"expected {wanted.__name__}")


class Input:
    """What the pipeline gives a command; what is left of a stream is dropped when the call returns."""

    def __init__(self, header: p.PipelineDataHeader, pieces: Pieces | None = None) -> None:
        self.header = header
        self._pieces = pieces

    @property
    def empty(self) -> bool:
        """Whether there is nothing in the pipeline."""
        return isinstance(self.header, p.Empty)

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
        return None if isinstance(self.header, p.Empty) else self.header.metadata

    def nu_values(self) -> Iterator[Value]:
        """The values one by one: of a list its elements, of a byte stream its chunks; none without input.

        Raises: LabeledError, for an error that stands among them; ConnectionClosed.
        """
        match self.header:
            case p.Empty():
                return
            case p.SingleValue(values.ListValue(vals)):
                yield from vals
            case p.SingleValue(values.RangeValue(range, span)):
                for number in range:
                    yield (
                        values.IntValue(number, span)
                        if isinstance(number, int)
                        else values.FloatValue(number, span)
                    )
            case p.SingleValue(value):
                yield _raise_error(value)
            case p.ListStream():
                for piece in self._pieces or ():
                    if isinstance(piece, p.ListItem):
                        yield _raise_error(piece.value)
            case p.ByteStream(_, span):
                for chunk in self.bytes():
                    yield values.BinaryValue(chunk, span)

    def values(self) -> Iterator[Any]:
        """As `nu_values`, as Python values."""
        return map(to_python, self.nu_values())

    def value(self) -> Any:
        """All of the input as one Python value: a list for a stream, str or bytes for bytes, None without
        input.

        Bytes are a str where nu calls them text, or where it does not know and they are UTF-8.
        Raises: as `nu_values`.
        """
        match self.header:
            case p.Empty():
                return None
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


def _raise_error(value: Value) -> Value:
    if isinstance(value, values.ErrorValue):
        raise value.error
    return value


class ByteStream(Data):
    """Bytes to return from `run`, sent chunk by chunk; `type` is "Binary", "String" (UTF-8) or "Unknown"."""

    chunks: Iterable[bytes]
    type: str = "Binary"
