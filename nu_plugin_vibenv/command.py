"""What vibenv's commands have in common: a host, errors with their place, names worked on side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from vibenv_core.errors import UsageError, VibenvError
from vibenv_core.model import session_name

from . import engines
from .completions import contexts, sessions
from .names import Names, from_arguments, from_pipeline
from .report import labeled
from .sdk import Call, Command, Flag, Optional, Rest, Switch, Type, table
from .tables import SessionRow, outcome_row, session_row, step_row

if TYPE_CHECKING:
    from vibenv_core.engine import Engine
    from vibenv_core.model import Progress, Session
    from vibenv_core.settings import Settings

    from .sdk import Span

JOBS = 8
"""How many sessions are worked on at a time unless `--jobs` says otherwise."""

_PARAMETERS: dict[str | None, tuple[str, ...]] = {"name": ("session", "names")}
"""The parameters that an error's `about` may mean, where they are not called the same."""


class HostCommand(Command):
    """A command that asks something of one host; its errors are shown at the argument that they are about."""

    category = "vibenv"
    host = Flag(str, "a Docker context's name, unix://PATH or tcp://HOST:PORT", complete=contexts)

    def answer(self, call: Call) -> object:
        """What `run` gives; a VibenvError that it raises, at once or while it is read, is labelled."""
        raise NotImplementedError

    def run(self, call: Call) -> object:
        """Answer one call."""
        try:
            answer = self.answer(call)
        except VibenvError as error:
            raise labeled(error, self.place(call, error.about)) from error
        return self._labeled(call, answer) if isinstance(answer, Iterator) else answer

    def place(self, call: Call, about: str | None) -> Span:
        """Where the parameter `about` was typed, or else the command itself."""
        wanted = _PARAMETERS.get(about, (about,))
        return next((call.span(key) for key in self.parameters() if key.name in wanted), call.head)

    def engine(self, call: Call) -> Engine:
        """The engine that the call is about."""
        return engines.connected(call[self.host], call.engine.environment())

    def settings(self, call: Call) -> Settings:
        """Where each piece comes from, as the variables of the call say."""
        from vibenv_core.settings import Settings

        return Settings.from_environment(call.engine.environment())

    def _labeled(self, call: Call, rows: Iterator[object]) -> Iterator[object]:
        try:
            yield from rows
        except VibenvError as error:
            raise labeled(error, self.place(call, error.about)) from error


class SessionCommand(HostCommand):
    """A command about one session."""

    session = Optional(str, "the session; without it, a name or a row from the pipeline", complete=sessions)

    def wanted(self, call: Call) -> str:
        """The session named, as an argument or else by the pipeline.

        Raises: UsageError, when none or several are, or for what cannot name a session.
        """
        typed = call[self.session]
        found = from_pipeline(_input(call)) if typed is None else from_arguments((typed,))
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

    input_output = ((Type.ANY, table(SessionRow)),)
    names = Rest(str, "the sessions; without any, names or rows from the pipeline", complete=sessions)
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
        return from_arguments(typed) if typed else from_pipeline(_input(call))

    def rows(self, call: Call, wanted: Names) -> object:
        """Act on the sessions `wanted`."""
        if call[self.jobs] < 1:
            raise UsageError("`--jobs` counts from 1", code="usage::jobs", about="jobs")
        act = self.act(call)
        if wanted.one:
            return [session_row(act(wanted.names[0]))]
        return self._side_by_side(call, wanted.names, act)

    def _side_by_side(
        self, call: Call, names: Sequence[str], act: Callable[[str], Session]
    ) -> Iterator[object]:
        from vibenv_core.batch import each

        for outcome in each(names, act, jobs=call[self.jobs], cancelled=call.cancelled):
            if call[self.strict] and isinstance(outcome.result, VibenvError):
                raise outcome.result
            yield outcome_row(outcome)


class LongCommand(HostCommand):
    """A command that takes a while: it shows how far it is on the terminal, or gives its steps as rows."""

    stream = Switch("give the steps as rows while they happen, instead of the result at the end")

    def work(self, call: Call) -> Callable[[Progress], object]:
        """What is to be done, ready to begin; it gives the answer."""
        raise NotImplementedError

    def answer(self, call: Call) -> object:
        """The work's answer, or its steps."""
        from . import progress

        work = self.work(call)
        if call[self.stream]:
            return (step_row(step) for step in progress.steps(work, call.cancelled))
        with progress.shown(self.name) as report:
            return work(report)


def check_name(name: str, span: Span) -> str:
    """`name`, when a session may have it. Raises: LabeledError at `span`, where it was typed."""
    try:
        return session_name(name)
    except UsageError as error:
        raise labeled(error, span) from error


def _input(call: Call) -> object:
    return None if call.input.empty else call.input.value()
