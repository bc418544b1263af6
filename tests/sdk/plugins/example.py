"""`example …`: the commands of nu's `nu_plugin_example`."""

import datetime
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nu_plugin_vibenv.sdk import (
    ByteStream,
    Call,
    CellPath,
    Closure,
    Command,
    CompletionRequest,
    Example,
    Filesize,
    Flag,
    Input,
    Label,
    LabeledError,
    Optional,
    Plugin,
    Positional,
    Rest,
    Shape,
    Span,
    Suggestion,
    Switch,
    Type,
    serve,
    values,
)

ONE_ARGUMENT = Shape("Closure", (Shape.ANY,))


class Main(Command):
    """Example commands for Nushell plugins

    The `example` plugin shows what a plugin can do. None of its commands is of any use but for that.
    """

    name = "example"
    category = "Experimental"
    search_terms = ("example",)
    input_output = ()

    def run(self, call: Call) -> str:
        return call.engine.help()


class Arguments(Command):
    """Takes one argument of each sort, and says on stderr what it was given."""

    category = "Experimental"
    input_output = ()
    number: int

    a = Positional(int, "Required integer value.")
    b = Positional(str, "Required string value.")
    flag = Switch("A flag for the signature.", short="f")
    opt = Optional(int, "Optional number.")
    named = Flag(str, "Named string.", short="n")
    rest = Rest(str, "Rest value string.")

    def tell(self, call: Call) -> None:
        opt, named = call[self.opt], call[self.named]
        print(
            f"Calling test {self.number} signature",
            f"value received {debugged(call.input.nu_value())}",
            "Required values",
            f"a: {call[self.a]}",
            f"b: {call[self.b]}",
            f"flag: {json.dumps(call[self.flag])}",
            f"rest: {json.dumps(call[self.rest])}",
            "No optional value found" if opt is None else f"Found optional value opt: {opt}",
            "No named value found" if named is None else f"Named value: {json.dumps(named)}",
            sep="\n",
            file=sys.stderr,
        )


def debugged(value: values.Value) -> str:
    """A value with its kinds, as nu's own plugins show it to developers."""
    kind = type(value).__name__.removesuffix("Value")
    match value:
        case values.NothingValue():
            return kind
        case values.ListValue(vals):
            content = f"[{', '.join(map(debugged, vals))}]"
        case values.RecordValue(val):
            cells = (f"{json.dumps(name)}: {debugged(each)}" for name, each in val.items())
            content = f"{{{', '.join(cells)}}}"
        case values.StringValue(val):
            content = json.dumps(val, ensure_ascii=False)
        case _:
            content = str(getattr(value, "val", value))
    return f"{kind}({content})"


class One(Arguments):
    """Plugin test example 1. Returns Value::Nothing

    Extra description for example one
    """

    name = "example one"
    number = 1
    search_terms = ("example",)
    examples = (Example("example one 3 bb", "running example with an int value and string value"),)

    def run(self, call: Call) -> None:
        self.tell(call)


@dataclass(frozen=True)
class Multiples:
    """A row of `example two`."""

    one: int
    two: int
    three: int


class Two(Arguments):
    """Plugin test example 2. Returns list of records"""

    name = "example two"
    number = 2

    def run(self, call: Call) -> list[Multiples]:
        self.tell(call)
        return [Multiples(i, 2 * i, 3 * i) for i in range(10)]


class Three(Arguments):
    """Plugin test example 3. Returns labeled error"""

    name = "example three"
    number = 3

    def run(self, call: Call) -> object:
        self.tell(call)
        label = Label("error message pointing to call head span", call.head)
        raise LabeledError("ERROR from plugin", labels=[label])


class CallDecl(Command):
    """Demonstrates calling other commands from plugins using `call_decl()`.

    The arguments are not checked when they are parsed. This command is for demonstration only.
    """

    name = "example call-decl"
    input_output = ()
    name_ = Positional(str, "The name of the command to call.")
    named_args = Optional(dict, "Named arguments to pass to the command.")
    positional_args = Rest(object, "Positional arguments to pass to the command.")

    def run(self, call: Call) -> Input:
        name = call[self.name_]
        decl_id = call.engine.find_decl(name)
        if decl_id is None:
            raise LabeledError(f"Can't find `{name}`", labels=[Label("not in scope", call.span(self.name_))])
        named = call[self.named_args] or {}
        return call.engine.call_decl(decl_id, call[self.positional_args], named, input=call.input)


@dataclass(frozen=True)
class NestedConfig:
    """The part `nested` of the plugin's configuration."""

    bool: bool
    string: str


@dataclass(frozen=True)
class PluginConfig:
    """What `$env.config.plugins.example` may hold."""

    path: str | None = None
    nested: NestedConfig | None = None


class Config(Command):
    """Show plugin configuration

    The configuration is set under $env.config.plugins.example
    """

    name = "example config"
    category = "Experimental"
    search_terms = ("example", "configuration")
    input_output = ((Type.NOTHING, Type.table()),)

    def run(self, call: Call) -> object:
        config = call.engine.plugin_config()
        if config is None:
            text = "configuration for this plugin was not found in `$env.config.plugins.example`"
            raise LabeledError("No config sent", labels=[Label(text, call.head)])
        print(f"got config {call.engine.plugin_config(PluginConfig)}", file=sys.stderr)
        return config


class Ctrlc(Command):
    """Example command that demonstrates registering an interrupt signal handler"""

    name = "example ctrlc"
    category = "Experimental"
    search_terms = ("example",)
    input_output = ()

    def run(self, call: Call) -> None:
        print(f"interrupt status: {call.cancelled.is_set()}", file=sys.stderr)
        print("waiting for interrupt signal...", file=sys.stderr)
        call.cancelled.wait()
        print(f"interrupt status: {call.cancelled.is_set()}", file=sys.stderr)
        print("peace.", file=sys.stderr)


class DisableGc(Command):
    """Disable the plugin garbage collector for `example`

    nu stops plugins that were idle for a while, as `$env.config.plugin_gc` says. A plugin can ask it not to.
    """

    name = "example disable-gc"
    category = "Experimental"
    search_terms = ("example", "gc", "plugin_gc", "garbage")
    input_output = ()
    reset = Switch("Turn the garbage collector back on.")

    def run(self, call: Call) -> str:
        disabled = not call[self.reset]
        call.engine.set_gc_disabled(disabled)
        state = "disabled" if disabled else "enabled"
        return f"The plugin garbage collector for `example` is now *{state}*."


class Env(Command):
    """Get environment variable(s)

    Returns all environment variables if no name provided
    """

    name = "example env"
    category = "Experimental"
    search_terms = ("example", "env")
    input_output = ((Type.NOTHING, Type.ANY),)
    name_ = Optional(str, "The name of the environment variable to get.")
    cwd = Switch("Get current working directory instead.")
    set = Flag(object, "Set an environment variable to the value.")

    def run(self, call: Call) -> object:
        name, value = call[self.name_], call.value(self.set)
        if call[self.cwd]:
            if value is not None:
                label = Label("--cwd can't be used with --set", value.span)
                raise LabeledError("Invalid arguments", labels=[label])
            return call.engine.current_directory()
        if value is not None:
            if name is None:
                raise LabeledError("Missing name", labels=[Label("name a variable to set", call.head)])
            call.engine.add_env_var(name, value)
            return None
        return dict(call.engine.env_vars()) if name is None else call.engine.env_var(name)


class ViewSpan(Command):
    """Example command for looking up the contents of a parser span

    Shows the original source code of the expression that generated the value passed as input.
    """

    name = "example view span"
    category = "Experimental"
    search_terms = ("example",)
    input_output = ((Type.ANY, Type.STRING),)
    examples = (
        Example(
            "('hello ' ++ 'world') | example view span",
            "Show the source code of the expression that generated a value",
            "'hello ' ++ 'world'",
        ),
    )

    def run(self, call: Call) -> str:
        span = call.input.span or call.head
        return call.engine.span_contents(span).decode(errors="replace")


class CollectBytes(Command):
    """Example transformer to byte stream"""

    name = "example collect-bytes"
    category = "Experimental"
    search_terms = ("example",)
    input_output = (
        (Type.list(Type.STRING), Type.STRING),
        (Type.list(Type.BINARY), Type.BINARY),
    )
    examples = (Example("[a b] | example collect-bytes", "collect strings into one stream", "ab"),)

    def run(self, call: Call) -> ByteStream:
        return ByteStream(call.input.bytes(), "Unknown")


class Echo(Command):
    """Example stream consumer that outputs the received input"""

    name = "example echo"
    category = "Experimental"
    search_terms = ("example",)
    examples = (Example("example seq 1 5 | example echo", "echos the values from 1 to 5", [1, 2, 3, 4, 5]),)

    def run(self, call: Call) -> Input:
        return call.input


class ForEach(Command):
    """Example execution of a closure with a stream

    Prints each value the closure returns to stderr
    """

    name = "example for-each"
    category = "Experimental"
    input_output = ((Type.list(Type.ANY), Type.NOTHING),)
    closure = Positional(ONE_ARGUMENT, "The closure to run for each input value.")
    examples = (Example("[a b] | example for-each { |letter| $letter }", "print each value"),)

    def run(self, call: Call) -> None:
        closure: Closure = call[self.closure]
        for value in call.input.nu_values():
            print(shown(call.engine.eval_closure(closure, value, input=value).value(), call), file=sys.stderr)


def shown(value: object, call: Call) -> str:
    """A value as nu writes it into text: lists and records in brackets, the rest as `into string` has it."""
    match value:
        case None:
            return ""
        case bool():
            return json.dumps(value)
        case list():
            return f"[{', '.join(shown(each, call) for each in value)}]"
        case dict():
            return f"{{{', '.join(f'{name}: {shown(each, call)}' for name, each in value.items())}}}"
        case Filesize() | datetime.timedelta() | datetime.datetime() | CellPath():
            into_string = call.engine.find_decl("into string")
            assert into_string is not None
            return str(call.engine.call_decl(into_string, input=value).value())
        case _:
            return str(value)


class Generate(Command):
    """Example execution of a closure to produce a stream

    See the builtin `generate` command
    """

    name = "example generate"
    category = "Experimental"
    input_output = ((Type.NOTHING, Type.list(Type.ANY)),)
    initial = Positional(object, "The initial value to pass to the closure.")
    closure = Positional(ONE_ARGUMENT, "The closure to run to generate values.")
    examples = (
        Example(
            "example generate 0 { |i| if $i <= 10 { {out: $i, next: ($i + 2)} } }",
            "Generate a sequence of numbers",
            [0, 2, 4, 6, 8, 10],
        ),
    )

    def run(self, call: Call) -> Iterator[object]:
        following = call[self.initial]
        while following is not None:
            step = call.engine.eval_closure(call[self.closure], following, input=following).value()
            if step is None:
                return
            if not isinstance(step, dict):
                label = Label("expected a record with `out` and `next`", call.span(self.closure))
                raise LabeledError("Can't convert to record.", labels=[label], code="nu::shell::cant_convert")
            if "out" not in step:
                return
            yield step["out"]
            following = step.get("next")


class Seq(Command):
    """Example stream generator for a list of values"""

    name = "example seq"
    category = "Experimental"
    search_terms = ("example",)
    input_output = ((Type.NOTHING, Type.list(Type.INT)),)
    first = Positional(int, "First number to generate.")
    last = Positional(int, "Last number to generate.")
    examples = (Example("example seq 1 3", "generate a sequence from 1 to 3", [1, 2, 3]),)

    def run(self, call: Call) -> Iterator[int]:
        return iter(range(call[self.first], call[self.last] + 1))


class Sum(Command):
    """Example stream consumer for a list of values"""

    name = "example sum"
    category = "Experimental"
    search_terms = ("example",)
    input_output = (
        (Type.list(Type.INT), Type.INT),
        (Type.list(Type.FLOAT), Type.FLOAT),
    )
    examples = (Example("example seq 1 5 | example sum", "sum values from 1 to 5", 15),)

    def run(self, call: Call) -> float:
        total: float = 0
        for value in call.input.values():
            if type(value) not in (int, float):
                raise self.refused(type(value).__name__, call.input.span or call.head, call.head)
            total += value
        return total

    @staticmethod
    def refused(found: str, span: Span, head: Span) -> LabeledError:
        labels = [Label(f"found {found} in input", span), Label("can't be used here", head)]
        return LabeledError("Sum only accepts ints and floats", labels=labels)


def coming_seconds(request: CompletionRequest) -> Iterator[Suggestion]:
    """Ten moments from now on, in the form that each parameter of `example arg-completion` wants."""
    now = int(time.time())
    for moment in range(now, now + 10):
        match request.key.name:
            case "first":
                yield Suggestion(str(moment), span=request.head)
            case "second":
                yield Suggestion(f"arg1:{moment}")
            case _:
                yield Suggestion(str(moment))


class ArgCompletion(Command):
    """Completes its arguments: type `example arg-completion -f <tab>` to see what it returns"""

    name = "example arg-completion"
    category = "Experimental"
    search_terms = ("example",)
    input_output = ()
    second = Optional(str, "optional second", complete=coming_seconds)
    first = Positional(str, "Required integer value.", complete=coming_seconds)
    future_timestamp = Flag(
        int, "Example flag which support auto completion.", short="f", complete=coming_seconds
    )

    def run(self, call: Call) -> None:
        pass


PLUGIN = Plugin(
    version="0.1.0",
    commands=[
        Main(), One(), Two(), Three(), CallDecl(), Config(), Ctrlc(), DisableGc(), Env(), ViewSpan(),
        CollectBytes(), Echo(), ForEach(), Generate(), Seq(), Sum(), ArgCompletion(),
    ],
)  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Run the plugin."""
    return serve(PLUGIN, argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
