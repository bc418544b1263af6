"""From what a command returns to headers and streams: one value, a list stream or a byte stream."""

from __future__ import annotations

from collections.abc import Iterator

from . import messages as m
from . import pipelines as p
from . import values
from .convert import NotConvertible, from_python
from .data import TYPE_CHECKING, Data
from .errors import ConnectionClosed, LabeledError, LocalProtocolError
from .input import Input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from .running import Running
    from .runtime import Output, Runtime
    from .span import Span

    T = TypeVar("T")
    Produce = Callable[[], None]


class ByteStream(Data):
    """Bytes to return from `run`, sent chunk by chunk; `type` is "Binary", "String" (UTF-8) or "Unknown"."""

    chunks: Iterable[bytes]
    type: str = "Binary"


class WithMetadata(Data):
    """What to return from `run` when nu is to know more of it, such as its content type."""

    result: object
    metadata: p.PipelineMetadata | None


def header_of(
    runtime: Runtime, running: Running | None, result: object, span: Span
) -> tuple[p.PipelineDataHeader, Produce]:
    """The header that announces a Python value, and what then has to be called to send the rest of it.

    An Input is passed on with its span and its metadata.
    Raises: NotConvertible.
    """
    metadata: p.PipelineMetadata | None = None
    if isinstance(result, WithMetadata):
        metadata = result.metadata
        result = result.result
    if isinstance(result, Input):
        metadata = metadata or result.metadata
        span = result.span or span
        result = _passed_on(result)
    if isinstance(result, ByteStream):
        output = runtime.open_output(running, bytes=True)
        chunks = iter(result.chunks)
        header = p.ByteStream(output.stream.id, span, result.type, metadata)
        return header, lambda: _produce_bytes(runtime, output, chunks)
    if isinstance(result, Iterator):
        items = result
        output = runtime.open_output(running)
        listed = p.ListStream(output.stream.id, span, metadata)
        return listed, lambda: _produce_list(runtime, output, items, span)
    try:
        value = from_python(result, span)
    except NotConvertible as error:
        from .crash import note_place

        note_place(error, result, from_python)
        raise
    nothing = isinstance(value, values.NothingValue)
    return p.Empty() if nothing else p.SingleValue(value, metadata), lambda: None


def _passed_on(input: Input) -> object:
    match input.header:
        case p.Empty():
            return None
        case p.SingleValue(value):
            return value
        case p.ListStream():
            return input.nu_values()
        case p.ByteStream(_, _, type):
            return ByteStream(input.bytes(), type)


def _produce_list(runtime: Runtime, output: Output, items: Iterator[object], span: Span) -> None:
    from .items import item_encoder

    encoded = item_encoder(runtime.connection.codec, output.stream.id, span)
    _produce(runtime, output, items, encoded, lambda error: encoded(values.ErrorValue(error, span)))


def _produce_bytes(runtime: Runtime, output: Output, chunks: Iterator[bytes]) -> None:
    def encoded(data: p.StreamData) -> bytes:
        return runtime.connection.codec.encode(m.StreamMessage(output.stream.id, data))

    _produce(
        runtime,
        output,
        chunks,
        lambda chunk: encoded(p.RawBytes(chunk)),
        lambda error: encoded(p.RawError(error)),
    )


def _produce(
    runtime: Runtime,
    output: Output,
    items: Iterator[T],
    encoded: Callable[[T], bytes],
    failed: Callable[[LabeledError], bytes],
) -> None:
    """Send items until there are no more or nobody wants them; an error among them becomes the last item."""
    runtime.announce(output)
    try:
        for item in items:
            try:
                piece = encoded(item)
            except (NotConvertible, LocalProtocolError) as error:
                from .crash import note_place

                note_place(error, item, encoded)
                raise
            if not runtime.put(output, piece):
                break
    except ConnectionClosed:
        raise
    except BaseException as error:  # SystemExit too: a stream that is cut short must not look whole
        _put_failure(runtime, output, failed, error)
    finally:
        try:
            if hasattr(items, "close"):
                items.close()
        finally:
            runtime.end_output(output)


def _put_failure(
    runtime: Runtime, output: Output, failed: Callable[[LabeledError], bytes], error: BaseException
) -> None:
    from .crash import labeled

    try:
        piece = failed(labeled(error, runtime, output.running))
    except LocalProtocolError as unsendable:  # its text cannot be encoded
        piece = failed(labeled(unsendable, runtime, output.running))
    runtime.put(output, piece)
