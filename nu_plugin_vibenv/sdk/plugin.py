"""A plugin: its commands, and what is answered to each kind of call."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from . import messages as m
from . import pipelines as p
from .call import Call
from .data import TYPE_CHECKING
from .engine import Engine
from .errors import ConnectionClosed, Label, LabeledError, LocalProtocolError
from .input import Input
from .output import header_of
from .parameters import Named, Rest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .command import Command
    from .custom import Custom
    from .running import Running
    from .runtime import Runtime
    from .signature import PluginSignature
    from .values import Value

    Answer = tuple[m.PluginCallResponse, Callable[[], None] | None]

COMPLETION_S = 2.0
"""How long Tab waits for a function that completes: the prompt takes no key in the meantime."""


class Plugin:
    """Commands, a version, and the classes of the plugin's own values.

    `commands` are commands, or a mapping from each command's name to `"module:Class"`: then a run imports the
    module of its own command only, which is what keeps a plugin of many commands quick to start.
    `custom_values` are those that are in such modules, as nu may ask about one before its command was run;
    others are known by themselves. `version` may be a function when it takes work to know. `registration` is
    the line that registers the plugin, for errors that say that nu knows an older state of it; it is made of
    the program's name where none is given.

    Raises: TypeError, for what cannot be a plugin's command.
    """

    def __init__(
        self,
        *,
        version: str | Callable[[], str],
        commands: Iterable[Command] | Mapping[str, str],
        custom_values: Iterable[type[Custom]] = (),
        registration: str | None = None,
    ) -> None:
        self.registration = registration or f"plugin add {sys.argv[0]}"
        self._version = version
        self._paths = dict(commands) if isinstance(commands, Mapping) else {}
        self._commands: dict[str, Command] = {}
        for path in self._paths.values():
            if ":" not in path:
                raise TypeError(f"{path!r} is no place of a command: write 'module:Class'")
        for each in () if isinstance(commands, Mapping) else commands:
            if isinstance(each, type):
                raise TypeError(f"{each.__name__} is a class, and not a command yet: give {each.__name__}()")
            if not hasattr(each, "name"):
                raise TypeError(f"the command {type(each).__name__} has no name")
            if each.name in self._commands:
                raise TypeError(f"two commands are called `{each.name}`")
            self._commands[each.name] = each
        self._custom_values = {cls.type_name: cls for cls in custom_values}

    @property
    def version(self) -> str:
        """The plugin's version, as `plugin list` shows it."""
        return self._version if isinstance(self._version, str) else self._version()

    @property
    def names(self) -> list[str]:
        """The names of the commands, in the order given."""
        return list(self._paths or self._commands)

    def command(self, name: str) -> Command:
        """The command of this name, imported when first needed. Raises LabeledError for one it has not."""
        if name not in self._commands:
            if name not in self._paths:
                raise self._outdated(f"this plugin has no command `{name}`")
            module, _, attribute = self._paths[name].partition(":")
            __import__(module)
            command: Command = getattr(sys.modules[module], attribute)()
            if command.name != name:
                raise TypeError(f"{self._paths[name]} is called `{command.name}`, not `{name}`")
            self._commands[name] = command
        return self._commands[name]

    def signatures(self) -> tuple[PluginSignature, ...]:
        """All that nu keeps of the commands when the plugin is registered; imports every one of them.

        Raises: TypeError, for an `input_output` or an example that Nushell has no type for.
        """
        from .derive import signature

        return tuple(signature(self.command(name)) for name in self.names)

    def handle(self, runtime: Runtime, running: Running) -> None:
        """Answer one call: the one place where any exception of a command is caught, to be shown by nu.

        SystemExit is none that ends anything: without an answer nu would wait for ever.
        Raises ConnectionClosed.
        """
        produce: Callable[[], None] | None = None
        try:
            response, produce = self._respond(runtime, running)
        except ConnectionClosed:
            raise
        except BaseException as error:
            response = m.ErrorResponse(_labeled(error, runtime, running))
        try:
            runtime.answer(running, response)
        except LocalProtocolError as error:  # what it gave cannot be encoded
            _note_place(error, response, runtime)
            runtime.answer(running, m.ErrorResponse(_labeled(error, runtime, running)))
        if produce is not None:
            produce()

    def _respond(self, runtime: Runtime, running: Running) -> Answer:
        match running.call:
            case m.Run():
                return self._run(runtime, running, running.call)
            case m.MetadataCall():
                return m.MetadataResponse(m.PluginMetadata(self.version)), None
            case m.SignatureCall():
                return m.SignatureResponse(self.signatures()), None
            case m.GetCompletion():
                late = runtime.give_up_after(COMPLETION_S, running, m.CompletionItems(()))
                try:
                    return self._complete(runtime, running, running.call), None
                finally:
                    late.cancel()
            case m.CustomValueCall(p.Spanned(item, span), op):
                from .custom import operate

                return operate(self._custom(item), op, span), None
            case m.UnknownCall(name, _, reason):
                msg = f"this plugin does not know the call {name}: nu is newer than its SDK"
                raise LabeledError(msg, help=reason or None)

    def _run(self, runtime: Runtime, running: Running, run: m.Run) -> Answer:
        command, evaluated, header = self.command(run.name), run.call, run.input
        self._check_arguments(command, evaluated)
        pieces = runtime.pieces(header.id) if isinstance(header, (p.ListStream, p.ByteStream)) else None
        input = Input(header, pieces)
        engine = Engine(runtime, running, evaluated.head)

        def close() -> None:
            input.close()
            engine.close()

        try:
            result = command.run(Call(command, evaluated, input, engine, running.cancelled))
            out, produce = header_of(runtime, running, result, evaluated.head)
        except BaseException:
            close()
            raise

        def produce_and_close() -> None:
            try:
                produce()
            finally:
                close()

        return m.PipelineData(out), produce_and_close

    def _check_arguments(self, command: Command, evaluated: p.EvaluatedCall) -> None:
        """Refuse what the command does not declare, as nu sends when it knows an older signature."""
        flags = {key.name for key in command.parameters() if isinstance(key, Named)}
        for named in evaluated.named:
            if named.name.item not in flags:
                label = Label("not known", named.name.span)
                raise self._outdated(f"`{command.name}` has no flag `--{named.name.item}`", label)
        keys = command.positionals()
        if len(evaluated.positional) > len(keys) and not (keys and isinstance(keys[-1], Rest)):
            label = Label("not expected", evaluated.positional[len(keys)].span)
            raise self._outdated(f"`{command.name}` takes {len(keys)} arguments", label)

    def _outdated(self, msg: str, *labels: Label) -> LabeledError:
        return LabeledError(
            msg,
            labels=labels,
            code="plugin::outdated",
            help=f"the plugin has changed since it was registered: {self.registration}",
        )

    def _complete(self, runtime: Runtime, running: Running, asked: m.GetCompletion) -> m.CompletionItems:
        from .completion import request, suggestion

        wanted = request(self.command(asked.name), asked, Engine(runtime, running))
        if wanted is None or wanted.key.complete is None or isinstance(wanted.key.complete, tuple):
            return m.CompletionItems(None)
        return m.CompletionItems(tuple(suggestion(wanted.key, item) for item in wanted.key.complete(wanted)))

    def _custom(self, item: object) -> Custom:
        from .custom import subclasses

        name, data = getattr(item, "name", None), getattr(item, "data", b"")
        known = {cls.type_name: cls for cls in subclasses()} | self._custom_values
        if name not in known:
            raise self._outdated(f"this plugin has no values of the type {name}")
        return known[name].from_bytes(data)


def _labeled(error: BaseException, runtime: Runtime, running: Running) -> LabeledError:
    from .crash import labeled

    return labeled(error, runtime, running)


def _note_place(error: LocalProtocolError, response: m.PluginCallResponse, runtime: Runtime) -> None:
    """Note which part of an answer cannot be encoded."""
    from .crash import note_place

    def encoded(value: Value) -> bytes:
        return runtime.connection.codec.encode(m.CallResponse(0, m.PipelineData(p.SingleValue(value))))

    if isinstance(response, m.PipelineData) and isinstance(response.header, p.SingleValue):
        note_place(error, response.header.value, encoded)
