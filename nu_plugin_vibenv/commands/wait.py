"""`vibenv wait`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from vibenv_core import wait as core
from vibenv_core.supervisor.requests import Wait as Wish

from ..inside_command import InsideCommand
from ..names import Names
from ..sdk import Call, Example, Flag, Switch
from ..session_command import named_by
from ..tables import whole_ms

_AT_ONCE = 1000
"""More sessions than an engine has: one that is waited for later might be over by then."""


@dataclass(frozen=True, slots=True)
class WaitRecord:
    """What ended a wait: `reason` is text, regex, idle, state or exit."""

    name: str
    reason: str
    match: str | None
    groups: list[str | None] | None
    line: str | None
    state: str | None
    exit_code: int | None
    seq: int | None
    took: timedelta


class Wait(InsideCommand):
    """Wait until something is so on a session's terminal; of several conditions, for the first.

    Text and patterns are found in what is shown, and in what is written from then on. With `--since`, or with
    a row of `vibenv send` from the pipeline, only what was written after that counts; the typed
    text too, which most programs echo.

    When `--timeout` is up it fails with the code `vibenv::wait::timeout`, and when the session's program ends
    first with `vibenv::wait::ended`, unless `--exit` waits for that too. Of several sessions each has its
    row as soon as it is so, and one that fails has its error there. A connection that breaks is made again.
    """

    name = "vibenv wait"
    search_terms = ("until", "expect", "idle", "prompt", "watch")
    input_output = ((object, WaitRecord), (object, list[WaitRecord]))
    examples = (
        Example(
            "vibenv send my-task 'expr 6 \\* 7' --keys [Enter] | vibenv wait --for 42", "until it says so"
        ),
        Example(
            "vibenv wait my-task --idle 1sec --timeout 1min", "until it has written nothing for a second"
        ),
        Example(
            "vibenv send my-task 'echo $((3 * 4)) ok' --keys [Enter] "
            "| vibenv wait --regex '^(\\d+) ok' | get groups.0 | into int",
            "a number out of what is written",
        ),
        Example(
            "vibenv send my-task 'exit 3' --keys [Enter] | vibenv wait --exit | get exit_code",
            "the exit code of the session's program",
        ),
    )

    jobs = Flag(int, "how many sessions at a time", default=_AT_ONCE)
    for_ = Flag(str, "a text that is shown, or written")
    regex = Flag(str, "a pattern, in Python's words; its groups are given too")
    idle = Flag(timedelta, "nothing is written or typed for so long")
    exit = Switch("the session's program has ended")
    state = Flag(
        list[Literal["working", "blocked", "done", "error", "idle", "exited"]],
        "what the program is doing: of working, blocked, done, error, idle and exited",
    )
    timeout = Flag(timedelta, "for how long to wait; else for as long as it takes")
    since = Flag(int, "the `seq` of an earlier answer: only what was written after it counts")

    def answer(self, call: Call) -> object:
        """The record, or the rows of several sessions as they end."""
        names, positions = self._meant(call)
        idle, timeout, states = call[self.idle], call[self.timeout], call[self.state]
        wish = Wish(
            text=call[self.for_],
            regex=call[self.regex],
            idle_s=None if idle is None else idle.total_seconds(),
            states=None if states is None else [*states],
            exit=call[self.exit],
            timeout_s=None if timeout is None else timeout.total_seconds(),
            since=call[self.since],
        )
        engine = self.engine(call)

        def act(name: str) -> WaitRecord:
            since = positions.get(name) if wish.since is None else wish.since
            met = core.wait(engine, name, wish._replace(since=since), cancelled=call.cancelled)
            return _record(name, met)

        return self.side_by_side(call, names, act, WaitRecord)

    def _meant(self, call: Call) -> tuple[Names, Mapping[str, int]]:
        """The sessions, and for those of rows that have one, the position from which to look."""
        if call[self.session] is not None:
            return self.named(call), {}
        value = call.input.value()
        rows = value if isinstance(value, list) else [value]
        positions = {
            row["name"]: row["seq"]
            for row in rows
            if isinstance(row, Mapping) and isinstance(row.get("seq"), int) and "name" in row
        }
        return named_by(call, value, call[self.host]), positions


def _record(name: str, met: core.Met) -> WaitRecord:
    return WaitRecord(
        name=name,
        reason=met.reason,
        match=met.match,
        groups=met.groups,
        line=met.line,
        state=met.state,
        exit_code=met.exit_code,
        seq=met.seq,
        took=whole_ms(met.took),
    )
