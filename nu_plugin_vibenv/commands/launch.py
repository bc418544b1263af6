"""`vibenv launch`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from vibenv_core import sessions
from vibenv_core.errors import UsageError
from vibenv_core.model import Access

from .. import terminal
from ..sdk import Call, Example, Filesize, Flag, Switch
from ..session_command import SessionsCommand
from ..tables import session_row

if TYPE_CHECKING:
    from vibenv_core.model import Session


class Launch(SessionsCommand):
    """Start sessions: each a container with a terminal that outlives every connection to it.

    Gives a row once the terminal accepts clients. Without `--command`, the terminal is that of a Dagger
    environment with the cache volume of the session's name at /root/session.
    """

    name = "vibenv launch"
    search_terms = ("run", "new", "create")
    examples = (
        Example("vibenv launch my-task", "a Dagger environment, which `vibenv attach my-task` shows"),
        Example("vibenv launch t --command bash", "a shell in the launcher image"),
        Example("[a b c] | vibenv launch --command bash | get name", "three of them, side by side"),
    )

    command = Flag(str, "the program to run instead, with its arguments", short="c")
    env = Flag(dict, "variables for the program: {NAME: value}", short="e")
    cpus = Flag(float, "how many processors it may use")
    memory = Flag(Filesize, "how much memory it may use")
    access = Flag(Access, "the host's sockets that it may use; docker: both", default=Access.DOCKER)
    reuse = Switch("take a session of this name as it is, instead of refusing")
    attach = Switch("show its terminal at once; for one session")

    def act(self, call: Call) -> Callable[[str], Session]:
        """Launch one session."""
        engine, settings = self.engine(call), self.settings(call)
        command, env = _argv(call[self.command]), _variables(call[self.env])
        rows, cols = terminal.size()
        return lambda name: sessions.launch(
            engine,
            settings,
            name,
            command=command,
            env=env,
            cpus=call[self.cpus],
            memory=call[self.memory],
            access=call[self.access],
            reuse=call[self.reuse],
            rows=rows,
            cols=cols,
            cancelled=call.cancelled,
        )

    def answer(self, call: Call) -> object:
        """The rows; with `--attach`, once the terminal has been left, the session as it is then."""
        wanted = self.wanted(call)
        if not call[self.attach]:
            return self.rows(call, wanted)
        if not wanted.one:
            raise UsageError(
                "`--attach` shows one terminal, and several sessions were named",
                code="usage::one_name",
                help="launch them, then attach to one: vibenv attach NAME",
                about="attach",
            )
        with terminal.taken(call):
            pass  # nothing is launched where there is no terminal to show it on
        [name], engine = wanted.names, self.engine(call)
        self.act(call)(name)
        terminal.show(call, engine, name)
        return [session_row(sessions.find(engine, name))]


def _argv(command: str | None) -> tuple[str, ...]:
    if command is None:
        return ()
    try:
        program, *arguments = shlex.split(command)
    except ValueError as error:
        raise UsageError(
            f"`{command}` cannot be split into a program and its arguments",
            code="usage::command",
            help="quote as in a shell: --command \"bash -c 'make test'\"",
            about="command",
        ) from error
    return program, *arguments


def _variables(given: Mapping[str, object] | None) -> dict[str, str]:
    for name, value in (given or {}).items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise UsageError(
                f"the variable `{name}` is neither text nor a number",
                code="usage::env",
                help="--env {NAME: value}",
                about="env",
            )
    return {name: str(value) for name, value in (given or {}).items()}
