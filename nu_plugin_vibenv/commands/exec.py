"""`vibenv exec`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from vibenv_core import exec as core
from vibenv_core.errors import UsageError

from ..inside_command import InsideCommand, content
from ..names import Names
from ..sdk import ByteStream, Call, Example, Flag, Rest, Shape, Switch
from ..tables import whole_ms
from ..variables import variables

if TYPE_CHECKING:
    from vibenv_core.engine import Engine


@dataclass(frozen=True, slots=True)
class ExecRecord:
    """What a program wrote (text where it is UTF-8) and how it ended; a negative exit code is a signal."""

    stdout: str | bytes
    stderr: str | bytes
    exit_code: int
    took: timedelta


class Exec(InsideCommand):
    """Run a program in a session, beside the one on its terminal, and give what it wrote.

    As `complete` does for programs of this machine: an exit code other than 0 is no error; 127 says that
    there is no such program, a negative one is the signal that ended it. Text or bytes from the pipeline are
    its input; a list or table names sessions instead, which then all run it. The call ends when the program
    does: what it leaves running goes on, unheard. Ctrl-c ends the program, with its process group.

    Flags that are vibenv's own are taken wherever they stand; those of the program that are called the same
    go into a list: vibenv exec t ...[docker --host x ps]
    """

    name = "vibenv exec"
    search_terms = ("run", "command", "complete")
    input_output = ((object, ExecRecord), (object, list[ExecRecord]), (object, bytes), (object, str))
    allows_unknown_args = True
    examples = (
        Example("vibenv exec my-task ls -l /", "what is in a folder"),
        Example("'a b' | vibenv exec my-task wc -c | get stdout | into int", "text as its input"),
        Example("vibenv exec my-task seq 100000 --stream | lines | last", "what it writes, as it comes"),
        Example("vibenv list | vibenv exec uname -r | get stdout", "the same in all sessions, side by side"),
    )

    argv = Rest(Shape.EXTERNAL_ARGUMENT, "the program and its arguments")
    env = Flag(dict, "variables for the program: {NAME: value}")
    workdir = Flag(str, "the folder to run it in; else the session's own")
    timeout = Flag(timedelta, "how long it may take before it is ended")
    stream = Switch("give its standard output as it comes; an exit code other than 0 is an error then")

    def answer(self, call: Call) -> object:
        """The record, rows of several sessions, or the bytes."""
        names, words, input = self._meant(call)
        if not words:
            raise UsageError(
                "no program was named", code="usage::no_program", help="vibenv exec NAME PROGRAM …"
            )
        timeout = call[self.timeout]
        wish = core.Exec(
            argv=words,
            env=variables(call[self.env]),
            workdir=call[self.workdir],
            timeout_s=None if timeout is None else timeout.total_seconds(),
        )
        engine = self.engine(call)
        if call[self.stream]:
            return self._stream(call, engine, names, wish, input)

        def act(name: str) -> ExecRecord:
            done = core.finished(engine, name, wish, input=input, cancelled=call.cancelled)
            return ExecRecord(_text(done.stdout), _text(done.stderr), done.exit_code, whole_ms(done.took))

        return self.side_by_side(call, names, act, ExecRecord)

    def _meant(self, call: Call) -> tuple[Names, list[str], bytes | Iterable[bytes]]:
        """The sessions, the program with its arguments, and its input.

        In `each {|it| vibenv exec $it.name … }` the item comes in by the pipeline too, and means no more than
        the argument.
        """
        first = call[self.session]
        words = [str(word) for word in call[self.argv]]
        words = words[words[:1] == ["--"] :]
        everything = words if first is None else [first, *words]
        if call.input.form == "list":
            return self.piped(call), everything, b""
        if call.input.form == "value":
            value = call.input.value()
            name = value.get("name") if isinstance(value, Mapping) else value
            if name == first:
                return self.named(call), words, b""
            if isinstance(value, Mapping):
                return self.piped(call), everything, b""
        return self.named(call), words, content(call)

    def _stream(
        self, call: Call, engine: Engine, names: Names, wish: core.Exec, input: bytes | Iterable[bytes]
    ) -> ByteStream:
        if not names.one:
            raise UsageError(
                "`--stream` gives what one program writes, and several sessions were named",
                code="usage::one_name",
                help="without it, each session has a row",
                about="stream",
            )
        output = core.output(
            engine,
            names.names[0],
            wish,
            input=input,
            to_stderr=lambda data: sys.stderr.write(data.decode(errors="replace")),
            cancelled=call.cancelled,
        )
        return ByteStream(output, "Unknown")


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
