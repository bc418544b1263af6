"""`vibenv send`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from vibenv_core import send as core
from vibenv_core.author import user_name
from vibenv_core.errors import UsageError

from ..inside_command import InsideCommand
from ..names import Names
from ..sdk import Call, Example, Flag, Optional, Switch


@dataclass(frozen=True, slots=True)
class SentRecord:
    """How many bytes were typed, and the position in the program's output before it."""

    name: str
    typed: int
    seq: int


class Send(InsideCommand):
    """Type into a session's terminal: a text as it is, and then keys by their names.

    What is typed at once comes as one piece, and once, whatever happens to the connection. Enter is a key:
    `--keys [Enter]` runs a line. Keys are called Enter, Tab, Escape, Up, F5, C-c, M-x and so on.

    A person goes first: while somebody types in the session, this fails with the code
    `vibenv::send::keys_held`, or waits with `--wait`. Text from the pipeline is typed too; a list or table
    names sessions instead. Who types is recorded, what is not. `vibenv wait` takes the record, and looks at
    what the program writes from then on.
    """

    name = "vibenv send"
    search_terms = ("type", "keys", "paste", "send-keys", "input")
    input_output = ((object, SentRecord), (object, list[SentRecord]))
    examples = (
        Example("vibenv send my-task 'make test' --keys [Enter]", "run a line"),
        Example("vibenv send my-task --keys [C-c Up Enter]", "stop what runs, and run it again"),
        Example('"two\\nlines" | vibenv send my-task --paste', "a text, as one piece"),
        Example(
            "vibenv send my-task 'expr 6 \\* 7' --keys [Enter] | vibenv wait --for '42' --timeout 10sec",
            "type, and wait for what the program answers",
        ),
        Example("[my-task] | vibenv send 'date' --keys [Enter] --as clock", "into several, by another name"),
    )

    text = Optional(str, "what to type; else text from the pipeline")
    keys = Flag(list[str], "keys to press after it, by their names")
    paste = Switch("paste the text: programs that tell the two apart take it as one, line ends and all")
    wait = Flag(
        timedelta,
        "how long to wait while a person types, or the program does not read",
        default=timedelta(0),
    )
    as_ = Flag(str, "who types, as others see it and as it is recorded; else your user name")

    def answer(self, call: Call) -> object:
        """The record, or the rows of several sessions."""
        names, text = self._meant(call)
        keys, who = call[self.keys], call[self.as_]
        parts = core.parts(text, keys=keys or (), paste=call[self.paste])
        author = user_name() if who is None else who
        wait_s = call[self.wait].total_seconds()
        engine = self.engine(call)

        def act(name: str) -> SentRecord:
            done = core.send(engine, name, parts, author=author, wait_s=wait_s, cancelled=call.cancelled)
            return SentRecord(name, done.bytes, done.seq)

        return self.side_by_side(call, names, act, SentRecord)

    def _meant(self, call: Call) -> tuple[Names, str | None]:
        """The sessions, and the text.

        In `each {|it| vibenv send $it.name … }` the item comes in by the pipeline too, and means no more than
        the argument.
        """
        first, text = call[self.session], call[self.text]
        if call.input.form == "list":
            return self._named_by_pipeline(call), first
        if call.input.form == "value":
            value = call.input.value()
            if isinstance(value, Mapping) and value.get("name") != first:
                return self._named_by_pipeline(call), first
            if text is None and isinstance(value, str) and value != first:
                return self.named(call), value
        elif text is None and call.input.form == "bytes":
            value = call.input.value()
            return self.named(call), value if isinstance(value, str) else value.decode(errors="replace")
        return self.named(call), text

    def _named_by_pipeline(self, call: Call) -> Names:
        if call[self.text] is not None:
            raise UsageError(
                "sessions were named twice: by the pipeline and by an argument",
                code="usage::names",
                help=f"… | {self.name} TEXT, or {self.name} NAME TEXT",
            )
        return self.piped(call)
