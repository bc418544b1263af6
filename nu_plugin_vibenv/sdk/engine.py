"""What a command may ask of nu while it runs: environment, configuration, closures, the terminal."""

from __future__ import annotations

import os

from . import engine_calls as e
from . import messages as m
from . import pipelines as p
from . import values
from .convert import from_python, to_python
from .data import TYPE_CHECKING
from .errors import LabeledError
from .input import Input
from .kinds import read
from .output import header_of
from .span import UNKNOWN
from .versions import warning

if not TYPE_CHECKING:

    def overload(function):
        return function

else:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, TypeVar, overload

    from typing_extensions import TypeForm

    from .foreground import Foreground
    from .running import Running
    from .runtime import Runtime
    from .span import Span
    from .values import Closure, Value

    T = TypeVar("T")


class Engine:
    """nu, on behalf of one call, while that call runs or its output stream is open.

    Every method that asks raises LabeledError when nu refuses, and ConnectionClosed when nu is gone.
    """

    def __init__(self, runtime: Runtime, running: Running, head: Span = UNKNOWN) -> None:
        self._runtime = runtime
        self._running = running
        self._head = head
        self._opened: list[Input] = []

    @property
    def version(self) -> str:
        """nu's own version, such as 0.115.1."""
        hello = self._runtime.connection.engine
        return "" if hello is None else hello.version

    @property
    def untested(self) -> str | None:
        """What to say of this nu when it is newer than those that the SDK was tested with, or None."""
        return warning(self.version)

    def env_var(self, name: str) -> Any:
        """A variable of the caller's environment, None when it is not set; case is ignored."""
        return self._value(e.GetEnvVar(name))

    def env_vars(self) -> Mapping[str, Value]:
        """All variables of the caller's environment, of whatever kind they are."""
        answer = self._ask(e.GetEnvVars())
        return answer.values if isinstance(answer, e.ValueMap) else {}

    def environment(self, *names: str) -> dict[str, str]:
        """The caller's environment as a child process takes it: strings, and PATH joined; no others.

        With `names`, only those of these variables that are set: a few take much less time than all.
        """
        if names:
            found = {name: self._input(self._ask(e.GetEnvVar(name))).nu_value() for name in names}
        else:
            found = dict(self.env_vars())
        texts = {name: _environment_text(name, value) for name, value in found.items()}
        return {name: text for name, text in texts.items() if text is not None}

    def add_env_var(self, name: str, value: object) -> None:
        """Set a variable in the caller's scope; it is there once the command has returned."""
        self._ask(e.AddEnvVar(name, from_python(value, self._head)))

    def current_directory(self) -> str:
        """The caller's directory; the plugin's own is another."""
        return str(self._value(e.GetCurrentDir()))

    def config(self) -> Mapping[str, object]:
        """nu's configuration as it is on the wire; it differs between versions."""
        answer = self._ask(e.GetConfig())
        return answer.config if isinstance(answer, e.ConfigResponse) else {}

    @overload
    def plugin_config(self) -> Any: ...
    @overload
    def plugin_config(self, type: TypeForm[T]) -> T: ...
    def plugin_config(self, type: Any = None) -> Any:
        """`$env.config.plugins.<name of the plugin>` as Python value, None when it is not set; or as a Python
        type, such as a dataclass, which has its defaults when nothing is set.

        Raises: LabeledError too where the configuration is not of the type.
        """
        config = self._input(self._ask(e.GetPluginConfig())).nu_value()
        if type is None:
            return to_python(config)
        if isinstance(config, values.NothingValue):
            try:
                return read(type, config, "")
            except LabeledError:  # it is not to be None: then what has all its defaults
                config = values.RecordValue({}, self._head)
        return read(type, config, "the plugin's configuration")

    def help(self) -> str:
        """The help text of the command that runs, as nu renders it."""
        return str(self._value(e.GetHelp()))

    def span_contents(self, span: Span) -> bytes:
        """The source text that a span stands for."""
        contents = self._value(e.GetSpanContents(span))
        return contents if isinstance(contents, bytes) else str(contents).encode()

    def eval_closure(
        self,
        closure: Closure,
        *positional: object,
        input: object = None,
        redirect_stdout: bool = True,
        redirect_stderr: bool = False,
    ) -> Input:
        """Run a closure with arguments and input, and give its output.

        `input` is a Python value, an iterator to be streamed, or the Input of this call to be passed on.
        """
        arguments = tuple(from_python(argument, self._head) for argument in positional)
        spanned = p.Spanned(closure, self._head)
        return self._with_input(
            input,
            lambda header: e.EvalClosure(spanned, arguments, header, redirect_stdout, redirect_stderr),
        )

    def find_decl(self, name: str) -> int | None:
        """The number of the command of this name, None when there is none."""
        answer = self._ask(e.FindDecl(name))
        return answer.id if isinstance(answer, e.Identifier) else None

    def call_decl(
        self,
        decl_id: int,
        positional: Iterable[object] = (),
        named: Mapping[str, object] | None = None,
        *,
        input: object = None,
        redirect_stdout: bool = True,
        redirect_stderr: bool = False,
    ) -> Input:
        """Run a command by its number, as `find_decl` gives it; True as the value of a flag is a switch.

        Nothing checks the arguments but the command itself. Input and output are as for `eval_closure`.
        """
        head = self._head
        flags = tuple(
            p.NamedArg(p.Spanned(name, head), None if value is True else from_python(value, head))
            for name, value in (named or {}).items()
        )
        arguments = tuple(from_python(argument, head) for argument in positional)
        call = p.EvaluatedCall(head, arguments, flags)
        return self._with_input(
            input, lambda header: e.CallDecl(decl_id, call, header, redirect_stdout, redirect_stderr)
        )

    def block_ir(self, block_id: int) -> Mapping[str, object]:
        """The compiled code of a block as it is on the wire; it differs between versions."""
        answer = self._ask(e.GetBlockIR(block_id))
        return answer.block if isinstance(answer, e.IrBlock) else {}

    def set_gc_disabled(self, disabled: bool) -> None:
        """Whether nu leaves the plugin running when it has been idle for a while."""
        self._runtime.send(m.SetOption(m.GcDisabled(disabled)))

    def foreground(self) -> Foreground:
        """The terminal, for as long as the context lasts: `with engine.foreground() as tty: ...` gives its
        descriptor.

        Raises NoTerminal when nu has none or the call is a background job's, and LabeledError when another
        call of this plugin has it.
        """
        from .foreground import Foreground

        return Foreground(self._enter_foreground, lambda: self._ask(e.LeaveForeground()), self._head)

    def run_on_terminal(self, argv: Sequence[str]) -> int:
        """Run a program on the terminal, in the caller's environment and directory, and give its exit status,
        -N for an end by signal N.

        Raises: as `foreground`; OSError, when the program cannot be started.
        """
        from .foreground import run

        environment, directory = self.environment(), self.current_directory()
        with self.foreground() as tty:
            cancelled = self._running.cancelled
            return run(argv, tty, environment=environment, directory=directory, cancelled=cancelled)

    def job_id(self) -> int:
        """The number of the background job that makes the call, 0 where it is made in the foreground.

        A job runs beside the prompt: what it writes to the terminal lands in what is being typed.
        """
        decl_id = self.find_decl("job id")
        id = 0 if decl_id is None else self.call_decl(decl_id).value()
        return id if isinstance(id, int) else 0

    def _enter_foreground(self) -> int | None:
        if job := self.job_id():  # nu would take the terminal from its own prompt, for good
            raise LabeledError(f"this runs in background job {job}, beside the prompt")
        group = self._value(e.EnterForeground())
        return group if isinstance(group, int) else None

    def _ask(self, call: e.EngineCallKind) -> m.EngineResponse:
        return self._runtime.ask(self._running.id, call)

    def _value(self, call: e.EngineCallKind) -> Any:
        answer = self._ask(call)
        if isinstance(answer, m.PipelineData):
            return self._input(answer).value()
        return None

    def _input(self, answer: m.EngineResponse) -> Input:
        match answer:
            case m.PipelineData(p.ListStream(id) | p.ByteStream(id) as header):
                self._opened.append(Input(header, self._runtime.pieces(id)))
                return self._opened[-1]
            case m.PipelineData(header):
                return Input(header)
            case _:
                raise LabeledError(f"nu answered with something that is not known: {answer!r}")

    def _with_input(self, input: object, make: Callable[[p.PipelineDataHeader], e.EngineCallKind]) -> Input:
        header, produce = header_of(self._runtime, None, input, self._head)
        asked = self._runtime.start_ask(self._running.id, make(header))
        if not isinstance(header, (p.Empty, p.SingleValue)):
            self._runtime.submit(produce)
        return self._input(asked())

    def close(self) -> None:
        """Drop what is left of every stream that nu has answered with; for whoever runs the call."""
        for input in self._opened:
            input.close()


def _environment_text(name: str, value: Value) -> str | None:
    """A variable as a child process takes it; None for one that it cannot have."""
    if isinstance(value, values.StringValue):
        return value.val
    if name.upper() == "PATH" and isinstance(value, values.ListValue):
        return os.pathsep.join(entry.val for entry in value.vals if isinstance(entry, values.StringValue))
    return None
