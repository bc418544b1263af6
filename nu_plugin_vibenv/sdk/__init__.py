"""A software development kit for Nushell plugins in Python.

    class Greet(Command):
        \"\"\"Greet someone.\"\"\"

        name = "greet"
        who = Positional(str, "whom to greet")

        def run(self, call: Call) -> str:
            return f"Hello, {call[self.who]}!"

    sys.exit(serve(Plugin(version="1.0.0", commands=[Greet()]), sys.argv[1:]))

Public are the names of this module, `values` (nu's own values, with the places that they come from) and
`testing`.

The layers, each of which imports only those above it:

    data span                                        frozen records that start quickly; places in the source
    errors values signature                          the vocabulary, named as in
        pipelines engine_calls messages                  nu's own `nu-plugin-protocol`
    schema text wire_values wire_pipelines           what it looks like on the wire
        wire_signature wire
    codec                                            bytes to messages and back
    streams versions connection                      what may be sent and expected when; no I/O so far
    pieces running workers runtime                   threads, locks, waiting
    convert mismatch kinds rows                      what Python's values and types are in Nushell
    plain items input output signals                 what a command reads, returns and asks
        foreground engine
    parameters declaration call command custom       how a command is declared and called
    completion derive crash plugin                   commands together, and what is answered to nu
    serving fake_nu real_nu testing conformance      the entry points: of a plugin, and of its tests
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .call import Call
    from .command import Command, Example
    from .convert import from_python, to_python
    from .custom import Custom
    from .engine import Engine
    from .errors import ConnectionClosed, Label, LabeledError, NoTerminal
    from .input import Input
    from .messages import Operator, Suggestion, SuggestionKind
    from .output import ByteStream, WithMetadata
    from .parameters import CompletionRequest, Flag, Key, Optional, Positional, Rest, Switch
    from .pipelines import PipelineMetadata
    from .plugin import Plugin
    from .serving import serve
    from .signature import Shape, Type
    from .span import Span
    from .values import CellPath, Closure, Filesize, Ordering, PathMember, Range, Value

__all__ = [
    "ByteStream",
    "Call",
    "CellPath",
    "Closure",
    "Command",
    "CompletionRequest",
    "ConnectionClosed",
    "Custom",
    "Engine",
    "Example",
    "Filesize",
    "Flag",
    "Input",
    "Key",
    "Label",
    "LabeledError",
    "NoTerminal",
    "Operator",
    "Optional",
    "Ordering",
    "PathMember",
    "PipelineMetadata",
    "Plugin",
    "Positional",
    "Range",
    "Rest",
    "Shape",
    "Span",
    "Suggestion",
    "SuggestionKind",
    "Switch",
    "Type",
    "Value",
    "WithMetadata",
    "from_python",
    "serve",
    "to_python",
]

_HOME = {
    "call": "Call",
    "command": "Command Example",
    "convert": "from_python to_python",
    "custom": "Custom",
    "engine": "Engine",
    "errors": "ConnectionClosed Label LabeledError NoTerminal",
    "input": "Input",
    "messages": "Operator Suggestion SuggestionKind",
    "output": "ByteStream WithMetadata",
    "parameters": "CompletionRequest Flag Key Optional Positional Rest Switch",
    "pipelines": "PipelineMetadata",
    "plugin": "Plugin",
    "serving": "serve",
    "signature": "Shape Type",
    "span": "Span",
    "values": "CellPath Closure Filesize Ordering PathMember Range Value",
}
"""Which module has which names: imported when first asked for, so that a start pays for no other."""


def __getattr__(name: str) -> object:
    for module, names in _HOME.items():
        if name in names.split():
            __import__(f"{__name__}.{module}")
            value = globals()[name] = getattr(globals()[module], name)
            return value
    raise AttributeError(f"module {__name__} has no attribute {name}")
