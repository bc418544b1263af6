"""`vibenv forwards`."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from vibenv_core import batch, forward_plan, forwards
from vibenv_core.errors import VibenvError
from vibenv_core.forward_plan import Forward

from .. import engines
from ..command import HostCommand
from ..completions import session_names
from ..names import from_arguments, from_pipeline
from ..sdk import Call, Example, Flag, Rest, Switch
from ..tables.sessions import ForwardRow, forward_row


class Forwards(HostCommand):
    """List the ports of sessions that `vibenv forward` serves here, of all hosts, or end them.

    Names, or rows from the pipeline, say which; without any, it is all. `detail` says why one serves nothing.
    """

    name = "vibenv forwards"
    search_terms = ("port", "tunnel", "ls")
    input_output = ((object, list[ForwardRow]),)
    examples = (
        Example("vibenv forwards", "what is forwarded"),
        Example("vibenv forwards my-task --end", "end those of one session"),
        Example("vibenv forwards | where port == 8000 | vibenv forwards --end", "end these"),
    )

    names = Rest(str, "only those of these sessions", complete=session_names)
    end = Switch("end them, so that their ports are free again", short="e")
    deadline = Flag(timedelta, "how long a host may take to answer", default=timedelta(seconds=5))

    def answer(self, call: Call) -> object:
        """The forwards as rows; with `--end`, those that were ended."""
        env = call.engine.environment()
        wanted = self._wanted(call, env)
        if not call[self.end]:
            return self._looked_at(call, env, wanted)
        for each in wanted:
            forwards.end(each, env=env, cancelled=call.cancelled)
        return [forward_row(each, "ended") for each in wanted]

    def _wanted(self, call: Call, env: Mapping[str, str]) -> list[Forward]:
        from vibenv_core import address, hosts

        found = forwards.standing(env)
        if flag := call[self.host]:
            url = address.checked(hosts.resolve(flag, env).url)
            found = [each for each in found if each.url == url]
        if typed := call[self.names]:
            return _named(found, from_arguments(typed).names)
        if (value := None if call.input.empty else call.input.value()) is None:
            return found
        if (ports := _local_ports(value)) is not None:
            return [each for each in found if each.local in ports]
        return _named(found, from_pipeline(value).names)

    def _looked_at(
        self, call: Call, env: Mapping[str, str], wanted: Sequence[Forward]
    ) -> Iterator[ForwardRow]:
        """A row for each as its host answers. One whose session is gone is ended instead."""
        by_port = {str(each.local): each for each in wanted}

        def look(port: str, left: threading.Event) -> str | None:
            forward = by_port[port]
            engine = engines.connected(forwards.host_of(forward, env), env, cancelled=left)
            return forward_plan.detail(forward, engine.inspect(forward.container))

        deadline_s = call[self.deadline].total_seconds()
        for outcome in batch.each_within(by_port, look, deadline_s=deadline_s, cancelled=call.cancelled):
            forward, detail = by_port[outcome.name], outcome.result
            if detail == forward_plan.GONE:
                forwards.end(forward, env=env, cancelled=call.cancelled)
            else:
                yield forward_row(forward, detail.message if isinstance(detail, VibenvError) else detail)


def _named(found: Sequence[Forward], names: Collection[str]) -> list[Forward]:
    return [each for each in found if each.name in names]


def _local_ports(value: object) -> set[object] | None:
    """The local ports in rows that this command gave; None for a value that is not of such rows."""
    rows = value if isinstance(value, list | tuple) else [value]
    ports = {row.get("local") for row in rows if isinstance(row, Mapping)}
    return None if None in ports or (rows and not ports) else ports
