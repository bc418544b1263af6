"""`vibenv launch`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from vibenv_core import sessions
from vibenv_core.errors import UsageError
from vibenv_core.model import PIDS_LIMIT, Access, Wish

from .. import progress, terminal
from ..completions import image_names
from ..sdk import Call, Example, Filesize, Flag, Switch
from ..session_command import SessionsCommand
from ..tables.sessions import session_row
from ..variables import variables

if TYPE_CHECKING:
    from vibenv_core.model import Session


class Launch(SessionsCommand):
    """Start sessions: each a container with a terminal that outlives every connection to it.

    Gives a row once the terminal accepts clients. The terminal is that of a Dagger environment with the
    cache volume of the session's name at /root/session; with `--image`, that of a container of any image,
    which runs its own program, or a shell where it names none; with `--command`, that of what you say.

    A session may use most of the host's memory, 4096 processes, and half the processor time of other
    containers where that is short. The image is pulled where the engine lacks it.
    """

    name = "vibenv launch"
    search_terms = ("run", "new", "create")
    examples = (
        Example("vibenv launch my-task", "a Dagger environment, which `vibenv attach my-task` shows"),
        Example("vibenv launch t --command bash", "a shell in the launcher image"),
        Example("vibenv launch box --image debian:stable-slim", "any image, with what it runs by itself"),
        Example("vibenv launch tight --image debian:stable-slim --memory 512mb --read-only", "with limits"),
        Example("[a b c] | vibenv launch --command bash | get name", "three of them, side by side"),
    )

    image = Flag(
        str, "the image to run in, instead of the launcher; any image", short="i", complete=image_names
    )
    command = Flag(str, "the program to run instead, with its arguments", short="c")
    env = Flag(dict, "variables for the program: {NAME: value}", short="e")
    cpus = Flag(float, "how many processors it may use")
    memory = Flag(Filesize, "how much memory it may use; 0b: no limit; else three quarters of the host's")
    pids_limit = Flag(int, "how many processes and threads it may have; 0: no limit", default=PIDS_LIMIT)
    access = Flag(Access, "the host's sockets it may use; left out, both in the launcher, else none")
    read_only = Switch("let it write to /tmp only, which is in memory then")
    new_privileges = Switch("give it all rights that Docker gives by default: sudo and sshd need them")
    reuse = Switch("take a session of this name as it is, instead of refusing")
    attach = Switch("show its terminal at once; for one session")

    def act(self, call: Call) -> Callable[[str], Session]:
        """Launch one session."""
        engine, settings = self.engine(call), self.settings(call)
        rows, cols = terminal.size()
        wish = Wish(
            image=call[self.image],
            command=_argv(call[self.command]),
            env=variables(call[self.env]),
            cpus=call[self.cpus],
            memory=call[self.memory],
            pids_limit=call[self.pids_limit],
            access=call[self.access],
            read_only=call[self.read_only],
            new_privileges=call[self.new_privileges],
            rows=rows,
            cols=cols,
        )
        with progress.shown(self.name, call.engine) as report:
            basis = sessions.look(
                engine, settings, image=wish.image, progress=report, cancelled=call.cancelled
            )

        def launch(name: str) -> Session:
            with progress.shown(f"{self.name} {name}", call.engine) as report:
                return sessions.launch(
                    engine,
                    basis,
                    name,
                    wish,
                    reuse=call[self.reuse],
                    progress=report,
                    cancelled=call.cancelled,
                )

        return launch

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
