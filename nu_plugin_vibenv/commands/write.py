"""`vibenv write`."""

from __future__ import annotations

from dataclasses import dataclass

from vibenv_core import files
from vibenv_core.errors import UsageError

from ..command import HostCommand
from ..completions import session_names
from ..inside_command import content
from ..sdk import Call, Example, Filesize, Flag, Positional
from ..session_command import check_name


@dataclass(frozen=True, slots=True)
class WrittenRecord:
    """A file of a session that was written; where its path led over links, `path` is the file itself."""

    name: str
    path: str
    size: Filesize


class Write(HostCommand):
    """Write text or bytes from the pipeline into a file of a session: whole, or not at all.

    Until all is there, what was there stays, also where it is interrupted or the disk is full. A file that is
    replaced keeps its mode and its owner; a new one is the session's user's. A path that does not begin with
    `/` begins at the session's own folder, `~` is its user's home.
    """

    name = "vibenv write"
    search_terms = ("save", "file", "upload")
    input_output = ((object, WrittenRecord),)
    examples = (
        Example("{port: 80} | to json | vibenv write my-task /root/in.json", "data for a program"),
        Example("'#!/bin/sh' | vibenv write my-task /root/run --mode '755'", "a program"),
        Example("vibenv read my-task /etc/hosts | vibenv write my-task /root/hosts", "what another file has"),
    )

    session = Positional(str, "the session", complete=session_names)
    path = Positional(str, "the file in it")
    mode = Flag(str, "its permissions, in octal digits; else those that it has, or that are usual")

    def answer(self, call: Call) -> WrittenRecord:
        """Write it."""
        name = check_name(call[self.session], call.span(self.session))
        if call.input.form == "nothing":
            raise UsageError(
                "nothing came in by the pipeline that could be written",
                code="usage::no_input",
                help=f"… | {self.name} {name} {call[self.path]}, or '' for an empty file",
            )
        done = files.write(
            self.engine(call),
            name,
            call[self.path],
            content(call),
            mode=_mode(call[self.mode]),
            cancelled=call.cancelled,
        )
        return WrittenRecord(name, done.path, Filesize(done.size))


def _mode(typed: str | None) -> int | None:
    if typed is None:
        return None
    try:
        mode = int(typed, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o7777:
        raise UsageError(
            f"`{typed}` is no mode of a file",
            code="usage::mode",
            help="three octal digits, for the owner, the group and others: --mode 644",
            about="mode",
        )
    return mode
