"""Bytes to messages and back, in either encoding; the only module that knows msgpack or JSON. Does no I/O.

A decoder is fed bytes as they come, and gives messages as soon as they are whole: msgpack objects follow each
other without anything in between, JSON ones stand on a line each.
"""

from __future__ import annotations

from .data import TYPE_CHECKING
from .errors import LocalProtocolError, RemoteProtocolError
from .wire import PLUGIN_INPUT, PLUGIN_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from .messages import PluginOutput
    from .schema import Schema

    class Encoding(Protocol):
        """One of the two forms of trees as bytes."""

        name: str

        def pack(self, tree: Any) -> bytes: ...
        def atoms(self) -> Callable[[Any], bytes] | None: ...
        def feed(self, data: bytes) -> None: ...
        def next_tree(self) -> Any: ...


NEED_DATA = object()
"""What a decoder gives when the next message is not whole yet."""

MAX_MESSAGE = 1 << 30
"""Bytes that one message may have. nu puts no limit; a table of a million rows takes about a tenth."""

MAX_ELEMENTS = 1 << 27
"""Elements that an array may announce, and so the longest binary value: bytes come as arrays of numbers."""


class Msgpack:
    """The default: two to four times as fast as JSON, with bytes, infinities and NaN."""

    name = "msgpack"

    def __init__(self) -> None:
        import msgpack

        self._unpacker = msgpack.Unpacker(
            max_buffer_size=MAX_MESSAGE,
            max_array_len=MAX_ELEMENTS,
            max_map_len=MAX_ELEMENTS,
            strict_map_key=False,
            use_list=True,
        )
        self._packb = msgpack.packb
        self._packer = msgpack.Packer
        self._buffer_full = msgpack.BufferFull
        self._out_of_data = msgpack.OutOfData
        self._errors = (ValueError, TypeError, RecursionError, MemoryError, msgpack.UnpackException)

    def pack(self, tree: Any) -> bytes:
        try:
            return bytes(self._packb(tree))
        except (ValueError, OverflowError, TypeError, RecursionError) as error:
            raise LocalProtocolError(f"msgpack cannot carry this: {error}") from error

    def atoms(self) -> Callable[[Any], bytes]:
        """A packer for one thread, whose output can be put together by hand."""
        pack: Callable[[Any], bytes] = self._packer().pack
        return pack

    def feed(self, data: bytes) -> None:
        try:
            self._unpacker.feed(data)
        except self._buffer_full:
            raise RemoteProtocolError(f"a message is longer than {MAX_MESSAGE} bytes") from None

    def next_tree(self) -> Any:
        try:
            return self._unpacker.unpack()
        except self._out_of_data:
            return NEED_DATA
        except self._errors as error:
            raise RemoteProtocolError(f"expected msgpack: {type(error).__name__} {error}") from error


class Json:
    """The slower one, which needs nothing but the standard library. It has no infinities and no NaN."""

    name = "json"

    def __init__(self) -> None:
        import json

        self._encode = json.JSONEncoder(
            allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=list
        ).encode
        self._decode = json.JSONDecoder().decode
        self._buffer = bytearray()
        self._searched = 0

    def pack(self, tree: Any) -> bytes:
        try:
            return self._encode(tree).encode() + b"\n"
        except (ValueError, TypeError, RecursionError) as error:
            raise LocalProtocolError(f"JSON cannot carry this: {error}") from error

    def atoms(self) -> None:
        """Nothing is gained by putting JSON together by hand."""

    def feed(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > MAX_MESSAGE:
            raise RemoteProtocolError(f"a message is longer than {MAX_MESSAGE} bytes")

    def next_tree(self) -> Any:
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._searched = 0
            if line.strip():
                try:
                    return self._decode(line.decode())
                except (ValueError, RecursionError) as error:
                    raise RemoteProtocolError(f"expected a line of JSON: {error}") from error
        self._searched = len(self._buffer)
        return NEED_DATA


ENCODINGS: dict[str, type[Encoding]] = {"msgpack": Msgpack, "json": Json}


def best_encoding() -> str:
    """The name of the fastest encoding that is installed."""
    try:
        import msgpack  # noqa: F401
    except ImportError:
        return "json"
    return "msgpack"


class Codec:
    """Messages in one encoding; by default the plugin's side, which reads PluginInput."""

    def __init__(
        self, encoding: Encoding, reads: Schema = PLUGIN_INPUT, writes: Schema = PLUGIN_OUTPUT
    ) -> None:
        self.encoding = encoding
        self._next_tree = encoding.next_tree
        self._decode = reads.decode
        self._writes = writes

    def feed(self, data: bytes) -> None:
        """Take bytes as they come. Raises RemoteProtocolError when a message gets too long."""
        self.encoding.feed(data)

    def next_message(self) -> Any:
        """The next whole message, a PluginInput, or NEED_DATA.

        Raises RemoteProtocolError for what is no message; nothing after it can be read.
        """
        tree = self._next_tree()
        if tree is NEED_DATA:
            return tree
        try:
            return self._decode(tree)
        except RecursionError:
            raise RemoteProtocolError("a message is nested too deep") from None

    def encode(self, message: PluginOutput) -> bytes:
        """The bytes of a message. Raises LocalProtocolError for what cannot be carried."""
        try:
            return self.encoding.pack(self._writes.encode(message))
        except RecursionError:
            raise LocalProtocolError("a message is nested too deep") from None
