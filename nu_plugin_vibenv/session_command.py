"""Commands about sessions that are named: one of them, or several that are worked on side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from vibenv_core.batch import each
from vibenv_core.errors import UsageError, VibenvError
from vibenv_core.model import session_name

from .command import HostCommand
from .completions import session_names
from .names import Names, from_arguments, from_pipeline
from .names import hosts as hosts_named
from .report import labeled
from .sdk import Call, Flag, Optional, Rest, Switch
from .tables.sessions import SessionRow, outcome_row, session_row

if TYPE_CHECKING:
    from vibenv_core.model import Session

    from .sdk import Span

JOBS = 8
"""How many sessions are worked on at a time unless `--jobs` says otherwise."""


class SessionCommand(HostCommand):
    """A command about one session."""

    session = Optional(
        str, "the session; without it, a name or a row from the pipeline", complete=session_names
    )

    def wanted(self, call: Call) -> str:
        """The session named, as an argument or else by the pipeline.

        Raises: UsageError, when none or several are, or for what cannot name a session.
        """
        typed = call[self.session]
        found = piped(call, call[self.host]) if typed is None else from_arguments((typed,))
        if not found.one:
            raise UsageError(
                f"{len(found.names)} sessions came in by the pipeline, and `{self.name}` is about one",
                code="usage::one_name",
                help=f"each in turn: … | each {{|row| {self.name} $row.name }}",
            )
        return found.names[0]


class SessionsCommand(HostCommand):
    """A command that does the same to each session named, side by side, with a row for each as it finishes.

    Of several, one that fails is a row with its error; a single one just fails.
    """

    input_output = ((object, list[SessionRow]),)
    names = Rest(str, "the sessions; without any, names or rows from the pipeline", complete=session_names)
    strict = Switch("of several, raise the first error instead of giving it as a row")
    jobs = Flag(int, "how many at a time", default=JOBS)

    def act(self, call: Call) -> Callable[[str], Session]:
        """What is done to one session; called before anything is done."""
        raise NotImplementedError

    def answer(self, call: Call) -> object:
        """The row of the one session, or the rows of several as they come."""
        return self.rows(call, self.wanted(call))

    def wanted(self, call: Call) -> Names:
        """The sessions named, as arguments or else by the pipeline; each is one that a session may have."""
        typed = call[self.names]
        for index, name in enumerate(typed):
            check_name(name, call.span(self.names, index))
        return from_arguments(typed) if typed else piped(call, call[self.host])

    def rows(self, call: Call, wanted: Names) -> object:
        """Act on the sessions `wanted`."""
        jobs = checked_jobs(call[self.jobs])
        act = self.act(call)
        if wanted.one:
            return [session_row(act(wanted.names[0]))]
        return self._side_by_side(call, wanted.names, act, jobs)

    def _side_by_side(
        self, call: Call, names: Sequence[str], act: Callable[[str], Session], jobs: int
    ) -> Iterator[object]:
        for outcome in each(names, act, jobs=jobs, cancelled=call.cancelled):
            if call[self.strict] and isinstance(outcome.result, VibenvError):
                raise outcome.result
            yield outcome_row(outcome)


def checked_jobs(jobs: int) -> int:
    """`jobs`, when so many sessions can be worked on at a time. Raises: UsageError."""
    if jobs < 1:
        raise UsageError(
            "`--jobs` counts from 1", code="usage::jobs", help=f"without it, it is {JOBS}", about="jobs"
        )
    return jobs


def check_name(name: str, span: Span) -> str:
    """`name`, when a session may have it. Raises: LabeledError at `span`, where it was typed."""
    try:
        return session_name(name)
    except UsageError as error:
        raise labeled(error, span) from error


def piped(call: Call, host: str | None) -> Names:
    """The sessions that the pipeline names, all of the one host that the call is about.

    Raises: UsageError, also where a row comes from another host.
    """
    return named_by(call, None if call.input.empty else call.input.value(), host)


def named_by(call: Call, value: object, host: str | None) -> Names:
    """As `piped`, of a value that was read from the pipeline."""
    names = from_pipeline(value)
    if elsewhere := hosts_named(value):
        _check_hosts(elsewhere, host, call)
    return names


def _check_hosts(named: set[str], flag: str | None, call: Call) -> None:
    from vibenv_core import hosts

    env = call.engine.environment(*hosts.VARIABLES)
    wanted = hosts.resolve(flag, env)
    for name in sorted(named - {wanted.name}):
        if hosts.resolve(name, env).url != wanted.url:
            raise UsageError(
                f"a row of the host `{name}` came in by the pipeline, and this is about `{wanted.name}`",
                code="usage::other_host",
                help=f"take the rows of one host and name it: … | where host == {name} | … --host {name}",
            )
