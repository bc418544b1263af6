"""From what a command returns to headers and streams: one value, a list stream or a byte stream."""

from __future__ import annotations

from . import messages as m
from . import values
from .call import ByteStream, Input
from .convert import from_python
from .crash import labeled
from .data import TYPE_CHECKING
from .errors import ConnectionClosed, LabeledError, LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .runtime import Output, Running, Runtime
    from .values import Span

    Produce = Callable[[], None]


def header_of(
    runtime: Runtime, running: Running | None, result: object, span: Span
) -> tuple[m.PipelineDataHeader, Produce]:
    """The header that announces a Python value, and what then has to be called to send the rest of it.

    Raises: NotConvertible.
    """
    if isinstance(result, Input):
        result = _passed_on(result)
    if isinstance(result, ByteStream):
        output = runtime.open_output(running, bytes=True)
        chunks = iter(result.chunks)
        return m.ByteStream(output.stream.id, span, result.type), lambda: _produce_bytes(
            runtime, output, chunks
        )
    if hasattr(result, "__next__"):
        output = runtime.open_output(running)
        return m.ListStream(output.stream.id, span), lambda: _produce_list(runtime, output, result, span)
    value = from_python(result, span)
    return m.Empty() if isinstance(value, values.NothingValue) else m.SingleValue(value), lambda: None


def _passed_on(input: Input) -> object:
    match input.header:
        case m.Empty():
            return None
        case m.SingleValue(value):
            return value
        case m.ListStream():
            return input.nu_values()
        case m.ByteStream(_, _, type):
            return ByteStream(input.bytes(), type)


def _produce_list(runtime: Runtime, output: Output, items: Iterator[object], span: Span) -> None:
    def encoded(item: object) -> bytes:
        message = m.StreamMessage(output.stream.id, m.ListItem(from_python(item, span)))
        return runtime.connection.codec.encode(message)

    def failed(error: LabeledError) -> bytes:
        return encoded(values.ErrorValue(error, span))

    _produce(runtime, output, items, encoded, failed)


def _produce_bytes(runtime: Runtime, output: Output, chunks: Iterator[bytes]) -> None:
    def encoded(chunk: object) -> bytes:
        return runtime.connection.codec.encode(m.StreamMessage(output.stream.id, m.RawBytes(chunk)))

    def failed(error: LabeledError) -> bytes:
        return runtime.connection.codec.encode(m.StreamMessage(output.stream.id, m.RawError(error)))

    _produce(runtime, output, chunks, encoded, failed)


def _produce(
    runtime: Runtime,
    output: Output,
    items: Iterator[object],
    encoded: Callable[[object], bytes],
    failed: Callable[[LabeledError], bytes],
) -> None:
    """Send items until there are no more or nobody wants them; an error among them becomes the last item."""
    try:
        for item in items:
            if not runtime.put(output, encoded(item)):
                break
    except (ConnectionClosed, LocalProtocolError):
        if not output.stopped:
            raise
    except Exception as error:
        runtime.put(output, failed(labeled(error)))
    finally:
        if hasattr(items, "close"):
            items.close()
        runtime.end_output(output)
