"""A plugin: its commands, and what is answered to each kind of call."""

from __future__ import annotations

from . import messages as m
from .call import Call, CompletionRequest, Input
from .crash import labeled
from .data import TYPE_CHECKING
from .engine import Engine
from .errors import LabeledError, ProtocolError
from .output import header_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .command import Command, Key
    from .runtime import Running, Runtime

    Loader = Callable[[], Command]


class Plugin:
    """Commands and a version.

    `commands` are commands, or a mapping from each command's name to `"module:Class"`: then a run imports the module of
    its own command only, which is what keeps a plugin of many commands quick to start.
    """

    def __init__(self, *, version: str, commands: Iterable[Command] | Mapping[str, str]) -> None:
        self.version = version
        self._paths: dict[str, str] = {}
        self._commands: dict[str, Command] = {}
        if hasattr(commands, "items"):
            self._paths = dict(commands)
        else:
            self._commands = {command.name: command for command in commands}

    @property
    def names(self) -> list[str]:
        """The names of the commands, in the order given."""
        return [*self._paths, *(name for name in self._commands if name not in self._paths)]

    def command(self, name: str) -> Command:
        """The command of this name, imported when it is needed for the first time. Raises LabeledError for none."""
        if name not in self._commands:
            if name not in self._paths:
                raise LabeledError(
                    f"this plugin has no command {name!r}",
                    code="plugin::no_such_command",
                    help="the plugin was changed since it was registered: run `plugin add` again",
                )
            from importlib import import_module

            module, _, attribute = self._paths[name].partition(":")
            self._commands[name] = getattr(import_module(module), attribute)()
        return self._commands[name]

    def handle(self, runtime: Runtime, running: Running) -> None:
        """Answer one call; the one place where any exception of a command is caught, to be shown by nu."""
        produce: Callable[[], None] | None = None
        try:
            try:
                response, produce = self._respond(runtime, running)
            except ProtocolError:
                raise
            except Exception as error:
                response = m.ErrorResponse(labeled(error))
            try:
                runtime.send(m.CallResponse(running.id, response))
            except ProtocolError as error:
                runtime.send(m.CallResponse(running.id, m.ErrorResponse(labeled(error))))
        except ProtocolError:
            return  # nu is gone or no longer waits: there is nobody to tell
        if produce is not None:
            produce()

    def _respond(
        self, runtime: Runtime, running: Running
    ) -> tuple[m.PluginCallResponse, Callable[[], None] | None]:
        match running.call:
            case m.Run(name, call, header):
                return self._run(runtime, running, self.command(name), call, header)
            case m.MetadataCall():
                return m.MetadataResponse(m.PluginMetadata(self.version)), None
            case m.SignatureCall():
                from .derive import signature

                return m.SignatureResponse(tuple(signature(self.command(name)) for name in self.names)), None
            case m.GetCompletion():
                return self._complete(runtime, running, running.call), None
            case m.CustomValueCall():
                raise LabeledError("this plugin has no custom values")
            case m.UnknownCall(name):
                raise LabeledError(f"this plugin does not know the call {name}: nu is newer than its SDK")

    def _run(
        self,
        runtime: Runtime,
        running: Running,
        command: Command,
        evaluated: m.EvaluatedCall,
        header: m.PipelineDataHeader,
    ) -> tuple[m.PluginCallResponse, Callable[[], None]]:
        streamed = isinstance(header, (m.ListStream, m.ByteStream))
        input = Input(header, runtime.pieces(header.id) if streamed else None)
        engine = Engine(runtime, running, evaluated.head)
        produce = None
        try:
            result = command.run(Call(command, evaluated, input, engine, running.cancelled))
            out, produce = header_of(runtime, running, result, evaluated.head)
        finally:
            if produce is None:
                input.close()
        finish = produce

        def produce_and_close() -> None:
            try:
                finish()
            finally:
                input.close()

        return m.PipelineData(out), produce_and_close

    def _complete(self, runtime: Runtime, running: Running, asked: m.GetCompletion) -> m.CompletionItems:
        key = _completed_key(self.command(asked.name), asked.arg_type)
        if key is None or key.complete is None:
            return m.CompletionItems(None)
        request = CompletionRequest("", key, Engine(runtime, running))
        return m.CompletionItems(
            tuple(m.Suggestion(found) if isinstance(found, str) else found for found in key.complete(request))
        )


def _completed_key(command: Command, wanted: m.FlagValue | m.PositionalAt) -> Key[object] | None:
    if isinstance(wanted, m.FlagValue):
        return next((key for key in command.parameters() if key.name == wanted.name), None)
    keys = command.positionals()
    return keys[min(wanted.index, len(keys) - 1)] if keys else None
