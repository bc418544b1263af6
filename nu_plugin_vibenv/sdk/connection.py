"""One plugin's connection to nu, without I/O: what may come and go when, and which calls and streams are
open.

    connection = Connection("msgpack")
    write(connection.preamble())
    connection.feed(read())
    while (event := connection.next_event()) is not NEED_DATA: ...
    write(connection.send(CallResponse(...)))

nu says Hello first, with its version; the plugin answers with that same version, as nu refuses a plugin of
another one even where the protocol is the same. Any RemoteProtocolError is final: nothing more can be read.
What a later nu says that is not known here is an event like any other, and what belongs to it is passed over.

Does no locking: an owner that uses threads guards it.
"""

from __future__ import annotations

from . import messages as m
from . import pipelines as p
from .codec import ENCODINGS, NEED_DATA, Codec
from .data import TYPE_CHECKING
from .errors import LocalProtocolError, RemoteProtocolError
from .streams import BYTE_WINDOW, LIST_WINDOW, IncomingStream, OutgoingStream
from .versions import BUILTIN_COMPLETIONS, has, refusal
from .wire import PLUGIN_INPUT

if TYPE_CHECKING:
    from typing import Any

    from .messages import PluginInput, PluginOutput
    from .pipelines import PipelineDataHeader
    from .schema import Schema
    from .signature import PluginSignature

PROTOCOL = "nu-plugin"


class Connection:
    """The state of one connection; see the module for how to drive it."""

    def __init__(
        self,
        encoding: str = "msgpack",
        features: tuple[m.Feature, ...] = (),
        reads: Schema = PLUGIN_INPUT,
    ) -> None:
        self.codec = Codec(ENCODINGS[encoding](), reads)
        self.engine: m.Hello | None = None
        self.features = features
        self.calls: set[int] = set()
        self.engine_calls: set[int] = set()
        self.incoming: dict[int, IncomingStream] = {}
        self.outgoing: dict[int, OutgoingStream] = {}
        self._streaming: dict[int, int] = {}
        self._passed_over = False
        self._next_engine_call = 0
        self._next_stream = 0
        self._broken: RemoteProtocolError | None = None

    def preamble(self) -> bytes:
        """What a plugin writes before anything else: the name of its encoding after its length."""
        name = self.codec.encoding.name.encode()
        return bytes([len(name)]) + name

    def feed(self, data: bytes) -> None:
        """Take bytes from nu."""
        self.codec.feed(data)

    def next_event(self) -> Any:
        """The next message of nu, a PluginInput checked against what is open, or NEED_DATA.

        Raises RemoteProtocolError, then and ever after.
        """
        if self._broken is not None:
            raise self._broken
        try:
            message = self.codec.next_message()
            if message is not NEED_DATA:
                self._receive(message)
        except RemoteProtocolError as error:
            self._broken = error
            raise
        return message

    def send(self, message: PluginOutput) -> bytes:
        """The bytes of a message which may be sent now.

        Raises LocalProtocolError, with nothing changed, for one that may not or cannot be encoded.
        """
        self._check_sending(message)
        data = self.codec.encode(message)
        self._sent(message)
        return data

    def acknowledge(self, id: int, pieces: int) -> bytes:
        """The bytes of the Acks for so many pieces of a stream. Raises as `send`."""
        if id not in self.incoming:
            raise LocalProtocolError(f"stream {id} is not open")
        self.incoming[id].acknowledge(pieces)
        return self.codec.encode(m.Ack(id)) * pieces

    def send_pieces(self, stream: OutgoingStream, pieces: int) -> None:
        """Account for pieces of a stream that the caller has encoded itself."""
        stream.send(pieces)

    def next_engine_call_id(self) -> int:
        """A number that no engine call of this connection has had."""
        self._next_engine_call += 1
        return self._next_engine_call - 1

    def open_list_stream(self) -> OutgoingStream:
        """A new outgoing stream of values, to be named in a header that is sent next."""
        return self._open(LIST_WINDOW)

    def open_byte_stream(self) -> OutgoingStream:
        """A new outgoing stream of bytes, to be named in a header that is sent next."""
        return self._open(BYTE_WINDOW)

    def _open(self, window: int) -> OutgoingStream:
        stream = OutgoingStream(self._next_stream, window)
        self.outgoing[stream.id] = stream
        self._next_stream += 1
        return stream

    # --- what comes

    def _receive(self, message: PluginInput) -> None:
        if self.engine is None and not isinstance(message, m.Hello):
            raise RemoteProtocolError(f"expected Hello, got {message!r}")
        match message:
            case m.StreamMessage(id):
                if (incoming := self._incoming(id)) is not None:
                    incoming.receive()
            case m.Ack(id):
                if (outgoing := self._outgoing(id)) is not None and not outgoing.dropped:
                    outgoing.acknowledge()
            case m.Hello():
                self._receive_hello(message)
            case m.Call(id, call):
                if id in self.calls:
                    raise RemoteProtocolError(f"call {id} runs already")
                self.calls.add(id)
                self._note_unknown(call)
                if isinstance(call, m.Run):
                    self._expect_stream(call.input)
            case m.EngineCallResponse(id, response):
                if id not in self.engine_calls:
                    raise RemoteProtocolError(f"an answer to engine call {id}, which was not made")
                self.engine_calls.remove(id)
                self._note_unknown(response)
                if isinstance(response, m.PipelineData):
                    self._expect_stream(response.header)
            case m.End(id):
                if (incoming := self._incoming(id)) is not None:
                    incoming.ended = True
                    self._forget_if_over(incoming)
            case m.Drop(id):
                if (outgoing := self._outgoing(id)) is not None:
                    outgoing.dropped = True
                    self._forget_if_over(outgoing)
            case _:
                self._note_unknown(message)

    def _note_unknown(self, part: object) -> None:
        """What is not known may have announced streams: from now on, pieces of others are passed over."""
        if isinstance(part, (m.UnknownMessage, m.UnknownCall, m.UnknownResponse)):
            self._passed_over = True

    def _receive_hello(self, hello: m.Hello) -> None:
        if self.engine is not None:
            raise RemoteProtocolError("a second Hello")
        if hello.protocol != PROTOCOL:
            raise RemoteProtocolError(f"expected the protocol {PROTOCOL}, got {hello.protocol!r}")
        if (reason := refusal(hello.version)) is not None:
            raise RemoteProtocolError(reason)
        self.engine = hello

    def _expect_stream(self, header: PipelineDataHeader) -> None:
        if isinstance(header, (p.ListStream, p.ByteStream)):
            if header.id in self.incoming:
                raise RemoteProtocolError(f"stream {header.id} is open already")
            self.incoming[header.id] = IncomingStream(header.id)

    def _incoming(self, id: int) -> IncomingStream | None:
        """None for one that something not known may have announced."""
        stream = self.incoming.get(id)
        if stream is None and not self._passed_over:
            raise RemoteProtocolError(f"stream {id} is not open")
        return stream

    def _outgoing(self, id: int) -> OutgoingStream | None:
        """None for one that is over: what crossed its end on the way is late, not wrong."""
        if id >= self._next_stream:
            raise RemoteProtocolError(f"stream {id} was never opened")
        return self.outgoing.get(id)

    def _forget_if_over(self, stream: IncomingStream | OutgoingStream) -> None:
        if stream.over:
            (self.incoming if isinstance(stream, IncomingStream) else self.outgoing).pop(stream.id, None)

    # --- what goes

    def _check_sending(self, message: PluginOutput) -> None:
        if self.engine is None:
            raise LocalProtocolError("nu has not said Hello yet")
        match message:
            case m.CallResponse(id, response):
                if id not in self.calls:
                    raise LocalProtocolError(f"call {id} is not open")
                if id in self._streaming.values():
                    raise LocalProtocolError(f"call {id} is answered")
                if isinstance(response, m.SignatureResponse) and not has(
                    self.engine.version, BUILTIN_COMPLETIONS
                ):
                    self._check_signatures(response.signatures)
            case m.EngineCall(context, id):
                if context not in self.calls:
                    raise LocalProtocolError(f"call {context} has ended")
                if id in self.engine_calls:
                    raise LocalProtocolError(f"engine call {id} is waiting already")
            case m.StreamMessage(id) | m.End(id):
                if id not in self.outgoing or self.outgoing[id].ended:
                    raise LocalProtocolError(f"stream {id} is not open")
            case m.Ack(id) | m.Drop(id):
                if id not in self.incoming or self.incoming[id].dropped:
                    raise LocalProtocolError(f"stream {id} is not open")
            case _:
                pass

    def _check_signatures(self, signatures: tuple[PluginSignature, ...]) -> None:
        from .signature import BuiltinCompletion  # needed only when a plugin is added

        for sig in (each.sig for each in signatures):
            rest = () if sig.rest_positional is None else (sig.rest_positional,)
            for part in (*sig.required_positional, *sig.optional_positional, *rest, *sig.named):
                if isinstance(part.completion, BuiltinCompletion):
                    raise LocalProtocolError(f"{sig.name}: this nu has no completion {part.completion.name}")

    def _sent(self, message: PluginOutput) -> None:
        match message:
            case m.CallResponse(id, m.PipelineData(p.ListStream(stream) | p.ByteStream(stream))):
                self._streaming[stream] = id
            case m.CallResponse(id):
                self.calls.remove(id)
            case m.EngineCall(_, id):
                self.engine_calls.add(id)
            case m.StreamMessage(id):
                self.outgoing[id].send()
            case m.End(id):
                stream_out = self.outgoing[id]
                stream_out.ended = True
                self.calls.discard(self._streaming.pop(id, -1))
                self._forget_if_over(stream_out)
            case m.Ack(id):
                self.incoming[id].acknowledge()
            case m.Drop(id):
                stream_in = self.incoming[id]
                stream_in.dropped = True
                self._forget_if_over(stream_in)
            case _:
                pass
