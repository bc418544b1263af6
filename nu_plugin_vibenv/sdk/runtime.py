"""The threads round a connection: with `workers.py`, the only place of the SDK that starts or waits for any.

    reader   the caller's own (the main thread): reads, wakes whoever waits; never waits for a command
    run      one for each call at work, in `workers.py`
    give up  a timer for each completion that nu waits for
    flusher  writes what an output stream has produced while its producer is busy with the next item

One lock guards the connection and the outbox, another keeps writes in order. A message is put into the outbox
under the first and written by whoever flushes next, so that what is ready at the same time goes out in one
write.
"""

from __future__ import annotations

import threading
import time
from _queue import SimpleQueue  # `queue` without the heaps that it also imports

from . import engine_calls as e
from . import messages as m
from . import pipelines as p
from .codec import NEED_DATA
from .connection import PROTOCOL
from .data import TYPE_CHECKING
from .errors import ConnectionClosed, Label, LabeledError, LocalProtocolError, ProtocolError
from .pieces import Pieces
from .running import Running
from .versions import warning
from .workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from .connection import Connection
    from .streams import OutgoingStream

    class Transport(Protocol):
        """Bytes from and to nu. `read` gives b"" at the end; `write` writes all of it or raises OSError."""

        def read(self) -> bytes: ...
        def write(self, data: bytes) -> None: ...

    Handler = Callable[["Runtime", "Running"], None]

GRACE_S = 10.0
"""How long calls that were cancelled may clean up after nu has gone."""


GATHER_S = 0.001
"""How long an item waits for others to be written with: a fast producer has filled its window by then."""


class Output:
    """An outgoing stream with the call, if any, that produces it."""

    def __init__(self, stream: OutgoingStream, running: Running | None) -> None:
        self.stream = stream
        self.running = running
        self.announced = False
        self.stopped = False
        self.waiting = False
        self.resumes_at = stream.window // 2
        """The credit at which a producer that ran out of it goes on, so that it sends many at once."""


class Runtime:
    """Runs a connection until nu ends it; `handle` is called on a run thread to answer each call."""

    def __init__(
        self, connection: Connection, transport: Transport, handle: Handler, warn: Callable[[str], None]
    ) -> None:
        self.connection = connection
        self._warn = warn
        self._transport = transport
        self._handle = handle
        self._lock = threading.Lock()
        self._credit = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        self._write_lock = threading.Lock()
        self._outbox: list[bytes] = []
        self._closed: ProtocolError | None = None
        self._running: dict[int, Running] = {}
        self._replies: dict[int, SimpleQueue[m.EngineResponse | ProtocolError]] = {}
        self._inputs: dict[int, SimpleQueue[p.StreamData | ProtocolError | None]] = {}
        self._outputs: dict[int, Output] = {}
        self._workers = Workers(self._warn_of)
        self.submit = self._workers.submit
        self._flusher: threading.Thread | None = None

    # --- the reader

    def serve(self) -> None:
        """Talk until nu says Goodbye or closes its end, then end every call and wait for them.

        Raises RemoteProtocolError when nu could not be understood.
        """
        reason: ProtocolError = ConnectionClosed("nu has ended the connection")
        try:
            self._transport.write(self.connection.preamble())
            while data := self._transport.read():
                with self._lock:
                    self.connection.feed(data)
                if not self._dispatch_all():
                    break
        except OSError as error:  # a socket's way to say that the other side is gone
            reason = ConnectionClosed(f"nu is gone: {error}")
        except ProtocolError as error:
            reason = error
            raise
        finally:
            self._close(reason)

    def _dispatch_all(self) -> bool:
        events = []
        with self._lock:
            while (event := self.connection.next_event()) is not NEED_DATA:
                events.append(event)
        for event in events:
            if isinstance(event, m.Goodbye):
                return False
            self._dispatch(event)
        return True

    def _dispatch(self, event: m.PluginInput) -> None:
        match event:
            case m.StreamMessage(id, data):
                if (queue := self._inputs.get(id)) is not None:
                    queue.put(data)
            case m.Ack(id):
                output = self._outputs.get(id)
                if output is not None and output.waiting and output.stream.credit >= output.resumes_at:
                    with self._lock:
                        output.waiting = False  # once: the Acks that follow need not wake it again
                        self._credit.notify_all()
            case m.Call():
                self._start(event)
            case m.EngineCallResponse(id, response):
                if isinstance(response, m.PipelineData):
                    self._expect(response.header)
                self._replies.pop(id).put(response)
            case m.End(id):
                if (queue := self._inputs.get(id)) is not None:
                    queue.put(None)
            case m.Drop(id):
                if (output := self._outputs.get(id)) is not None:
                    self._stop(output)
            case m.Signal("Interrupt"):
                self._interrupt()
            case m.Hello(_, version):
                self.send(m.Hello(PROTOCOL, version, self.connection.features))
                if (text := warning(version)) is not None:
                    self._warn(text)
            case _:
                pass

    def _expect(self, header: p.PipelineDataHeader) -> None:
        if isinstance(header, (p.ListStream, p.ByteStream)):
            self._inputs[header.id] = SimpleQueue()

    def _start(self, call: m.Call) -> None:
        if isinstance(call.call, m.Run):
            self._expect(call.call.input)
        running = Running(call, self.submit)
        self._running[call.id] = running
        self.submit(lambda: self._run(running))

    def _run(self, running: Running) -> None:
        try:
            self._handle(self, running)
        finally:
            self._running.pop(running.id, None)

    def _interrupt(self) -> None:
        """Cancel what runs; a call that was told so before and goes on is given up, so that nu is free."""
        for running in list(self._running.values()):
            if running.cancelled.is_set() and isinstance(running.call, m.Run):
                label = Label("does not stop, and goes on unheard", running.call.call.head)
                error = LabeledError("interrupted twice", labels=[label], code="plugin::interrupted")
                self.give_up(running, m.ErrorResponse(error))
            running.cancelled.set()
        for output in list(self._outputs.values()):
            self._stop(output)

    def _stop(self, output: Output) -> None:
        """End a stream now, even while its producer is busy with an item, and cancel its call."""
        if output.running is not None:
            output.running.cancelled.set()
        with self._lock:
            output.stopped = True
            announced = output.announced
        if announced:  # or its producer ends it, once nu has been told of it
            self.end_output(output)

    def _close(self, reason: ProtocolError) -> None:
        closed = reason if isinstance(reason, ConnectionClosed) else ConnectionClosed(str(reason))
        with self._lock:
            self._closed = closed
            for output in self._outputs.values():
                output.stopped = True
            replies, inputs = list(self._replies.values()), list(self._inputs.values())
            self._credit.notify_all()
            self._work.notify_all()
        for running in list(self._running.values()):
            running.cancelled.set()
        for reply in replies:
            reply.put(closed)
        for queue in inputs:
            queue.put(closed)
        self._join()

    def _join(self) -> None:
        deadline = time.monotonic() + GRACE_S
        for thread in (*self._workers.leave(), *([self._flusher] if self._flusher else [])):
            thread.join(max(0.0, deadline - time.monotonic()))

    def _warn_of(self, error: BaseException) -> None:
        from .crash import text

        self._warn(text(error))

    # --- writing

    def send(self, message: m.PluginOutput) -> None:
        """Write a message now, after whatever waits to be written.

        Raises: LocalProtocolError, for what may not be sent; ConnectionClosed.
        """
        with self._lock:
            self._outbox.append(self.connection.send(message))
        self.flush()

    def answer(self, running: Running, response: m.PluginCallResponse) -> None:
        """Answer a call; nothing when it was given up. Raises as `send`."""
        with self._lock:
            if running.given_up:
                return
            running.returned = True
            self._outbox.append(self.connection.send(m.CallResponse(running.id, response)))
        self.flush()

    def give_up(self, running: Running, response: m.PluginCallResponse) -> None:
        """Answer a call in its command's stead, unless that has come back. Raises ConnectionClosed."""
        with self._lock:
            if running.returned or running.given_up or self._closed is not None:
                return
            running.given_up = True
            self._outbox.append(self.connection.send(m.CallResponse(running.id, response)))
        self.flush()

    def give_up_after(
        self, seconds: float, running: Running, response: m.PluginCallResponse
    ) -> threading.Timer:
        """Give a call up when it has not come back by then; the timer is to be cancelled when it has."""
        timer = threading.Timer(seconds, self.give_up, (running, response))
        timer.name, timer.daemon = "give up", True
        timer.start()
        return timer

    def flush(self) -> None:
        """Write what waits to be written. Raises ConnectionClosed when nu is gone."""
        with self._write_lock:
            with self._lock:
                data = b"".join(self._outbox)
                self._outbox.clear()
            if data:
                try:
                    self._transport.write(data)
                except OSError as error:
                    raise ConnectionClosed(f"nu cannot be written to: {error}") from error

    def _flush_for_producers(self) -> None:
        while True:
            with self._lock:
                while not self._outbox and self._closed is None:
                    self._work.wait()
                if self._closed is not None:
                    return
            time.sleep(GATHER_S)
            try:
                self.flush()
            except ConnectionClosed:
                return

    # --- engine calls

    def ask(self, context: int, call: e.EngineCallKind) -> m.EngineResponse:
        """Ask nu on behalf of a call that still runs, and wait for the answer.

        Raises: LabeledError, when nu answers with an error; LocalProtocolError, when the call has ended;
        ConnectionClosed.
        """
        return self.start_ask(context, call)()

    def start_ask(self, context: int, call: e.EngineCallKind) -> Callable[[], m.EngineResponse]:
        """As `ask`, in two steps: the call is sent, and calling what is returned waits for the answer."""
        reply: SimpleQueue[m.EngineResponse | ProtocolError] = SimpleQueue()
        with self._lock:
            if self._closed is not None:
                raise self._closed
            id = self.connection.next_engine_call_id()
            self._outbox.append(self.connection.send(m.EngineCall(context, id, call)))
            self._replies[id] = reply
        self.flush()

        def wait() -> m.EngineResponse:
            answer = reply.get()
            if isinstance(answer, ProtocolError):
                raise answer
            if isinstance(answer, m.ErrorResponse):
                raise answer.error
            return answer

        return wait

    # --- streams from nu

    def pieces(self, id: int) -> Pieces:
        """The pieces of a stream that was announced, for one reader."""
        return Pieces(self._inputs[id], lambda count: self._acknowledge(id, count), lambda: self._drop(id))

    def _acknowledge(self, id: int, count: int) -> None:
        """Tell nu that so many pieces of a stream are done with."""
        if count:
            with self._lock:
                self._outbox.append(self.connection.acknowledge(id, count))
            self.flush()

    def _drop(self, id: int) -> None:
        """Tell nu that no more of a stream is wanted; nothing when it is known already."""
        if self._inputs.pop(id, None) is not None and self._closed is None:
            self.send(m.Drop(id))

    # --- streams to nu

    def open_output(self, running: Running | None, *, bytes: bool = False) -> Output:
        """A new outgoing stream; its header is to be sent before its first piece."""
        with self._lock:
            if running is not None:
                if running.given_up:
                    raise LocalProtocolError("the call was given up")
                running.returned = True  # from here on its stream is what is ended
            stream = self.connection.open_byte_stream() if bytes else self.connection.open_list_stream()
            output = self._outputs[stream.id] = Output(stream, running)
            output.stopped = self._closed is not None
            if self._flusher is None:
                self._flusher = threading.Thread(
                    target=self._flush_for_producers, name="flusher", daemon=True
                )
                self._flusher.start()
        return output

    def announce(self, output: Output) -> None:
        """Say that the header of a stream has been sent, so that the stream can be ended at any time."""
        with self._lock:
            output.announced = True

    def put(self, output: Output, piece: bytes) -> bool:
        """Send a piece, already encoded, when nu has room for it: it is written soon, with those that follow
        closely.

        False when nobody wants more of the stream.
        """
        stream = output.stream
        with self._lock:
            room = not output.stopped and stream.credit > 0
            if room:
                self._put(output, piece)
        if room or output.stopped:
            return room
        self.flush()
        with self._lock:
            output.waiting = True
            while stream.credit < output.resumes_at and not output.stopped:
                self._credit.wait()
            output.waiting = False
            if not output.stopped:
                self._put(output, piece)
            return not output.stopped

    def _put(self, output: Output, piece: bytes) -> None:
        self.connection.send_pieces(output.stream, 1)
        self._outbox.append(piece)
        if len(self._outbox) == 1:
            self._work.notify()

    def end_output(self, output: Output) -> None:
        """End a stream; nothing when it has ended already."""
        with self._lock:
            if self._outputs.pop(output.stream.id, None) is None or self._closed is not None:
                return
            output.stopped = True
            self._outbox.append(self.connection.send(m.End(output.stream.id)))
            self._credit.notify_all()
        self.flush()
