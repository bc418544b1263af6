"""Waits for what happens on a session's terminal; it is the supervisor there that looks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from . import answers, labels
from .asking import Asking
from .author import user_name
from .errors import NotFound, UsageError, WrongState
from .model import SessionState
from .session_plan import NOT_RUNNING
from .supervisor.requests import Wait, Waited

if TYPE_CHECKING:
    from .engine import Engine

_ANSWER_S = 10.0
"""How much later than its time is up an answer may come."""
_EXIT, _EXITED = "exit", "exited"
"""The reason, and the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What a wait ended with, and how long it took; `seq` is None of a session that did not run."""

    reason: str
    """text, regex, idle, state or exit."""
    match: str | None
    groups: list[str | None] | None
    line: str | None
    state: str | None
    exit_code: int | None
    seq: int | None
    took: timedelta


def wait(engine: Engine, name: str, wish: Wait, *, cancelled: threading.Event) -> Met:
    """Wait until the first of what is wished is so in the session `name`.

    A cut is waited out. A session that does not run has ended, with the exit code that it had.

    Raises: UsageError (nothing is wished; a bad name or pattern), NotFound, Foreign, WrongState (the time is
    up; the program ended, where that was not wished; an older vibenv made it), EngineError, Unreachable (it
    could not be asked until the time was up), Interrupted.
    """
    if not _conditions(wish):
        raise UsageError(
            "it was not said what to wait for",
            code="wait::nothing",
            help="--for TEXT, --regex PATTERN, --idle 2sec, --state [blocked done] or --exit",
        )
    begun = monotonic()
    within_s = None if wish.timeout_s is None else wish.timeout_s + _ANSWER_S
    asking = Asking(engine, name, author=user_name(), within_s=within_s, cancelled=cancelled)

    def request(_typed: int, elapsed_s: float, seq: int | None) -> Wait:
        left_s = None if wish.timeout_s is None else max(0.0, wish.timeout_s - elapsed_s)
        return wish._replace(timeout_s=left_s, since=seq if wish.since is None else wish.since)

    try:
        answer = answers.read(name, Waited, asking.answer(request))._asdict()
    except (NotFound, WrongState) as error:
        if not (asking.reached if isinstance(error, NotFound) else error.code == f"vibenv::{NOT_RUNNING}"):
            raise
        found = engine.inspect(labels.container_name(name))
        if found is not None and found.state is SessionState.PAUSED:
            raise
        answer = {"reason": _EXIT, "exit_code": None if found is None else found.exit_code}
    return met(name, wish, answer, took=timedelta(seconds=monotonic() - begun))


def met(name: str, wish: Wait, answer: Mapping[str, Any], *, took: timedelta) -> Met:
    """What an answer means for who wished for something else, or only so long. Raises: WrongState."""
    wished = _conditions(wish)
    if answer["reason"] == "timeout":
        raise WrongState(
            f"`{name}` was waited for in vain for {wish.timeout_s:g} s: {wished}",
            code="wait::timeout",
            help=f"`vibenv screen {name}` shows what it does",
        )
    code = answer.get("exit_code")
    if answer["reason"] == _EXIT and not wish.exit and _EXITED not in (wish.states or ()):
        how = "" if code is None else f" with the exit code {code}"
        raise WrongState(
            f"the program of `{name}` has ended{how}, and this was waited for: {wished}",
            code="wait::ended",
            help="with `--exit` its end is one of the things that are waited for",
        )
    return Met(
        reason=answer["reason"],
        match=answer.get("match"),
        groups=answer.get("groups"),
        line=answer.get("line"),
        state=answer.get("state"),
        exit_code=code,
        seq=answer.get("seq"),
        took=took,
    )


def _conditions(wish: Wait) -> str:
    """What is wished, in words; empty when that is nothing."""
    return ", ".join(
        words
        for is_wished, words in (
            (wish.text is not None, f"the text `{wish.text}`"),
            (wish.regex is not None, f"what matches `{wish.regex}`"),
            (wish.idle_s is not None, f"no output for {wish.idle_s or 0:g} s"),
            (bool(wish.states), f"the state {' or '.join(wish.states or ())}"),
            (wish.exit, "its end"),
        )
        if is_wished
    )
