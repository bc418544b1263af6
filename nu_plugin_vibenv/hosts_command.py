"""Commands that ask one host, or with `--all` every host at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from vibenv_core.errors import UsageError

from . import engines
from .command import HostCommand
from .sdk import Call, Flag, Switch
from .tables import host_rows

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from vibenv_core.engine import Engine


class HostsCommand(HostCommand):
    """A command that asks one host, or every host that Docker has a context for.

    With `--all` the rows have `host` before the other columns and `error` behind them, and come as the hosts
    answer; one that cannot be asked is a row with its error.
    """

    all_ = Switch("ask the hosts of all contexts at once, with a column `host`", short="a")
    deadline = Flag(
        timedelta, "with --all, how long a host may take to answer", default=timedelta(seconds=10)
    )

    def question(self, call: Call) -> Callable[[Engine], Sequence[DataclassInstance]]:
        """What gives the rows of one host; may be called from several threads at once."""
        raise NotImplementedError

    def columns(self, call: Call) -> type[DataclassInstance]:
        """What the rows are."""
        raise NotImplementedError

    def answer(self, call: Call) -> object:
        """The rows of the host, or of all."""
        if not call[self.all_]:
            return self.question(call)(self.engine(call))
        if call[self.host] is not None:
            raise UsageError(
                "`--all` asks every host, `--host` one",
                code="usage::hosts",
                help="leave out one of them",
                about="host",
            )
        return self._all(call)

    def _all(self, call: Call) -> Iterator[dict[str, object]]:
        from vibenv_core import batch, hosts

        env, question = call.engine.environment(), self.question(call)
        contexts = {context.name: context for context in hosts.all_hosts(env)}

        def ask(name: str, left: threading.Event) -> Sequence[DataclassInstance]:
            if error := contexts[name].error:
                raise error
            return question(engines.connected(hosts.resolve(name, env), env, cancelled=left))

        deadline_s = call[self.deadline].total_seconds()
        for outcome in batch.each_within(contexts, ask, deadline_s=deadline_s, cancelled=call.cancelled):
            yield from host_rows(outcome, self.columns(call))
