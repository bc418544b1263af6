"""nu's side of the protocol in this process: commands are run, and plugins talked to, without any nu."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from queue import Empty as QueueEmpty
from queue import SimpleQueue
from types import FunctionType
from typing import TYPE_CHECKING, Any

from . import engine_calls as e
from . import messages as m
from . import pipelines as p
from .codec import ENCODINGS, NEED_DATA, Codec
from .connection import PROTOCOL, Connection
from .convert import from_python, to_python
from .custom import subclasses
from .errors import LabeledError
from .output import ByteStream
from .plain import plain_value
from .plugin import Plugin
from .runtime import Runtime
from .span import UNKNOWN
from .values import Closure, ErrorValue, PluginCustomValue
from .wire import PLUGIN_INPUT, PLUGIN_OUTPUT, UNREAD_PLUGIN_INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .command import Command
    from .values import Value

DEADLINE_S = 10.0
"""How long an answer of a plugin may take before a test fails."""


class _Pipe:
    """A transport in memory, seen from the plugin."""

    def __init__(self) -> None:
        self.to_plugin: SimpleQueue[bytes] = SimpleQueue()
        self.to_nu: SimpleQueue[bytes] = SimpleQueue()

    def read(self) -> bytes:
        return self.to_plugin.get()

    def write(self, data: bytes) -> None:
        self.to_nu.put(data)


class FakeNu:
    """nu's side of a connection to a plugin that runs in this process; a context manager.

    Engine calls are answered from `environment`, `directory` and `plugin_config`, and a closure is whatever
    Python function was given as an argument. Any other kind is answered with an error, unless `answers` has a
    function for its class, which is given the call and gives the response.
    """

    def __init__(
        self,
        plugin: Plugin,
        *,
        environment: Mapping[str, object] | None = None,
        directory: str = "/",
        plugin_config: object = None,
        answers: Mapping[type, Any] | None = None,
        version: str = "0.115.1",
        encoding: str = "msgpack",
    ) -> None:
        self.environment = {name: from_python(value) for name, value in (environment or {}).items()}
        self.warnings: list[str] = []
        self._directory = directory
        self._plugin_config = plugin_config
        self._answers = dict(answers or {})
        self._version = version
        self._encoding = encoding
        self._codec = Codec(ENCODINGS[encoding](), reads=PLUGIN_OUTPUT, writes=PLUGIN_INPUT)
        self._pipe = _Pipe()
        connection = Connection(encoding, reads=UNREAD_PLUGIN_INPUT)
        self.runtime = Runtime(connection, self._pipe, plugin.handle, self.warnings.append)
        self._reader = threading.Thread(target=self.runtime.serve, name="plugin", daemon=True)
        self._next_call = 0
        self._closures: list[Callable[..., object]] = []

    def __enter__(self) -> FakeNu:
        self._reader.start()
        preamble = self._pipe.to_nu.get(timeout=DEADLINE_S)
        name = self._encoding.encode()
        assert preamble == bytes([len(name)]) + name
        self.send(m.Hello(PROTOCOL, self._version))
        hello = self.receive()
        assert hello == m.Hello(PROTOCOL, self._version)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close nu's end, and wait until the plugin has ended. Raises TimeoutError when it does not."""
        self._pipe.to_plugin.put(b"")
        self._reader.join(DEADLINE_S)
        if self._reader.is_alive():
            raise TimeoutError("the plugin goes on after nu has closed the connection")

    def send(self, message: m.PluginInput) -> None:
        """Send the plugin a message."""
        self.send_bytes(self._codec.encode(message))  # type: ignore[arg-type]  # the other side's codec

    def send_bytes(self, data: bytes) -> None:
        """Send the plugin whatever."""
        self._pipe.to_plugin.put(data)

    def receive(self, deadline_s: float = DEADLINE_S) -> Any:
        """The next message of the plugin, a PluginOutput. Raises TimeoutError when there is none in time."""
        while (message := self._codec.next_message()) is NEED_DATA:
            try:
                self._codec.feed(self._pipe.to_nu.get(timeout=deadline_s))
            except QueueEmpty:
                raise TimeoutError(f"no message within {deadline_s} s") from None
        return message

    def run(
        self,
        name: str,
        positional: Sequence[object] = (),
        named: Mapping[str, object] | None = None,
        input: Any = None,
    ) -> Any:
        """Run a command as nu does and give what it returns as Python value: a list for a stream, and a value
        of the plugin's own as its class.

        True as a flag's value stands for a switch. A function stands for a closure: it is called with the
        closure's arguments, or with its input when there are none. An iterator as input is streamed. Raises
        LabeledError for the command's error, and for one in its output.
        """
        flags = tuple(
            p.NamedArg(p.Spanned(flag, UNKNOWN), None if value is True else self._argument(value))
            for flag, value in (named or {}).items()
        )
        call = p.EvaluatedCall(UNKNOWN, tuple(self._argument(value) for value in positional), flags)
        items: Iterator[object] = iter(())
        header: p.PipelineDataHeader = p.Empty()
        if isinstance(input, ByteStream):
            header, items = p.ByteStream(0, UNKNOWN, input.type), map(p.RawBytes, input.chunks)
        elif isinstance(input, Iterator):
            header, items = p.ListStream(0, UNKNOWN), (p.ListItem(from_python(item)) for item in input)
        elif input is not None:
            header = p.SingleValue(from_python(input))
        call_id = self._next_call
        self._next_call += 1
        self.send(m.Call(call_id, m.Run(name, call, header)))
        for item in items:
            self.send(m.StreamMessage(0, item))  # type: ignore[arg-type]  # made above
        if isinstance(header, (p.ListStream, p.ByteStream)):
            self.send(m.End(0))
        return self._result(call_id)

    def _argument(self, value: object) -> Value:
        if not isinstance(value, FunctionType):
            return from_python(value)
        self._closures.append(value)
        return from_python(Closure(len(self._closures) - 1))

    def _called(self, function: Callable[..., object], arguments: Sequence[Value]) -> m.EngineResponse:
        try:
            given = function(*map(to_python, arguments))
        except LabeledError as error:
            return m.ErrorResponse(error)
        return m.PipelineData(p.Empty() if given is None else p.SingleValue(from_python(given)))

    def _result(self, call_id: int) -> Any:
        collected: list[Any] | None = None
        while True:
            match self.receive():
                case m.EngineCall(_, id, asked):
                    self.send(m.EngineCallResponse(id, self._answer(asked)))
                case m.CallResponse(id, m.ErrorResponse(error)) if id == call_id:
                    raise error
                case m.CallResponse(id, m.PipelineData(header)) if id == call_id:
                    if isinstance(header, p.Empty):
                        return None
                    if isinstance(header, p.SingleValue):
                        return _python(header.value)
                    collected = []
                case m.StreamMessage(id, data) if collected is not None:
                    self.send(m.Ack(id))
                    collected.append(_piece(data))
                case m.End(id) if collected is not None:
                    self.send(m.Drop(id))
                    return _joined(collected)
                case _:
                    pass

    def _answer(self, asked: e.EngineCallKind) -> m.EngineResponse:
        if type(asked) in self._answers:
            response: m.EngineResponse = self._answers[type(asked)](asked)
            return response
        match asked:
            case e.GetEnvVar(name):
                value = self.environment.get(name)
                return m.PipelineData(p.Empty() if value is None else p.SingleValue(value))
            case e.GetEnvVars():
                return e.ValueMap(self.environment)
            case e.AddEnvVar(name, value):
                self.environment[name] = value
                return m.PipelineData(p.Empty())
            case e.GetCurrentDir():
                return m.PipelineData(p.SingleValue(from_python(self._directory)))
            case e.EvalClosure(p.Spanned(Closure(id)), (), p.SingleValue(value)):
                return self._called(self._closures[id], [value])
            case e.EvalClosure(p.Spanned(Closure(id)), arguments, p.Empty() | p.SingleValue()):
                return self._called(self._closures[id], arguments)
            case e.GetPluginConfig():
                return m.PipelineData(p.SingleValue(from_python(self._plugin_config)))
            case _:
                return m.ErrorResponse(LabeledError(f"there is no nu to answer {type(asked).__name__}"))


def _piece(data: p.StreamData) -> Any:
    match data:
        case p.ListItem(ErrorValue(error)) | p.RawError(error):
            raise error
        case p.ListItem(value):
            return _python(value)
        case p.UnreadItem(tree):
            return plain_value(tree)
        case p.RawBytes(chunk):
            return chunk


def _python(value: Value) -> Any:
    """As `to_python`; a value of the plugin's own as its class makes it again."""
    given = to_python(value)
    known = {cls.type_name: cls for cls in subclasses()}
    if isinstance(given, PluginCustomValue) and given.name in known:
        return known[given.name].from_bytes(given.data)
    return given


def _joined(pieces: list[Any]) -> Any:
    return b"".join(pieces) if pieces and all(isinstance(piece, bytes) for piece in pieces) else pieces


def run(
    command: Command,
    *positional: object,
    input: Any = None,
    environment: Mapping[str, object] | None = None,
    directory: str = "/",
    plugin_config: object = None,
    **named: object,
) -> Any:
    """Run a command in this process, through the whole protocol and without nu; see `FakeNu.run`.

    Flags are named as the command's attributes: `force=True`, `dry_run=True`; one that has the name of a
    parameter here gets an underscore: `directory_="/tmp"`.
    """
    names = {key.name for key in command.parameters()}
    flags = {name.rstrip("_").replace("_", "-"): value for name, value in named.items()}
    if unknown := flags.keys() - names:
        raise TypeError(f"{command.name} has no flag {', '.join(unknown)}")
    plugin = Plugin(version="0.0.0", commands=[command])
    with FakeNu(plugin, environment=environment, directory=directory, plugin_config=plugin_config) as nu:
        return nu.run(command.name, positional, flags, input)
