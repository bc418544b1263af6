"""`vibenv` alone."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from vibenv_core import sessions, stack
from vibenv_core.errors import UsageError
from vibenv_core.model import ComponentState, SessionState

from ..command import HostCommand
from ..sdk import Call, Example, Rest
from ..tables.host import OverviewRecord

if TYPE_CHECKING:
    from vibenv_core.model import Component, Session


class Overview(HostCommand):
    """Show a host's stack, how many sessions it has, and what to type next."""

    name = "vibenv"
    search_terms = ("workspace", "container", "docker", "dagger")
    input_output = ((object, OverviewRecord),)
    examples = (
        Example("vibenv", "what is on this host, and what to type next"),
        Example("vibenv | get next", "the line to type next"),
    )

    words = Rest(str, "what is no command of vibenv; the answer names the nearest that is")

    def answer(self, call: Call) -> object:
        """The overview; changes nothing."""
        if words := call[self.words]:
            raise _unknown(words)
        engine = self.engine(call)
        parts = stack.status(engine, self.settings(call))
        known = sessions.list_sessions(engine)
        return overview(engine.host.name, parts, known)


def overview(host: str, parts: Iterable[Component], known: Sequence[Session]) -> OverviewRecord:
    """A host at a glance, from what it was found to have."""
    by_name = {part.component: part for part in parts}
    running = [session for session in known if session.state is SessionState.RUNNING]
    return OverviewRecord(
        host=host,
        docker=_version(by_name["docker"]),
        registry=by_name["registry"].state.value,
        dagger=by_name["dagger"].state.value,
        launcher=_version(by_name["launcher"]),
        sessions=len(known),
        running=len(running),
        next=what_next(by_name.values(), known),
    )


def _version(part: Component) -> str:
    """The version of a part that is as it should be, else its state."""
    return part.version or "" if part.state is ComponentState.RUNNING else part.state.value


def what_next(parts: Iterable[Component], known: Sequence[Session]) -> str:
    """The line that brings a user one step further."""
    lacking = {part.component: part.state for part in parts if part.state is not ComponentState.RUNNING}
    running = [session.name for session in known if session.state is SessionState.RUNNING]
    if ComponentState.FOREIGN in lacking.values():
        return "vibenv doctor"
    if lacking.keys() & {"registry", "dagger"}:
        return "vibenv up"
    if running:
        return f"vibenv attach {running[-1]}"
    if known:
        return f"vibenv start {known[-1].name}"
    return "vibenv create launcher" if "launcher" in lacking else "vibenv launch my-task"


def _unknown(words: Sequence[str]) -> UsageError:
    """Why nu did not find a command of its own in `vibenv WORDS`."""
    from . import plugin

    typed = " ".join(("vibenv", *words))
    near = difflib.get_close_matches(typed, plugin.names, n=1)
    begin_so = [name for name in plugin.names if name.startswith(f"{typed} ")]
    if any(f"{typed} ".startswith(f"{name} ") for name in plugin.names if name != "vibenv"):
        help = "this Nushell knows an older vibenv; type: python -m nu_plugin_vibenv install"
    elif begin_so:
        help = f"there are: {', '.join(begin_so)}"
    else:
        help = f"did you mean `{near[0]}`?" if near else "`vibenv --help` lists the commands"
    return UsageError(f"there is no command `{typed}`", code="no_such_command", help=help, about="words")
