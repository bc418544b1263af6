"""Runs vibenv's own programs inside sessions, and speaks with them over the engine's exec.

Two round trips until the first word of a program: one to make the exec, one to start it. What has run one is
kept for the next, which then takes one, and starts nothing of vibenv's in the session.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING

from . import inside_programs, labels, session_plan
from .errors import NotFound, Unreachable, WrongState
from .inside.framing import RESULT
from .inside_server import NoPython, Result, Server, Talk
from .model import session_name

if TYPE_CHECKING:
    from .engine import Engine

__all__ = ["Result", "parsed", "result", "run"]

_USE = "program"
"""Of what is kept."""


def run(
    engine: Engine,
    name: str,
    program: str,
    request: Mapping[str, object],
    *,
    input: bytes | Iterable[bytes] = b"",
    place: Callable[[Result], None] | None = None,
    timeout_s: float | None = None,
    cancelled: threading.Event,
) -> Iterator[tuple[int, bytes]]:
    """Run a program of `inside` in the session `name`: the frames that it says, the last of them RESULT.

    `input` is read as the program takes it; or `place` has the engine put it where the program says. Leaving
    the iterator early ends the program.

    Raises: UsageError (a bad name), NotFound, Foreign, WrongState (it does not run; the program took longer
    than `timeout_s`, and was ended), Unreachable (the connection was lost), Interrupted, and what `input`
    raises.
    """
    container = labels.container_name(session_name(name))
    whole = isinstance(input, bytes) and len(input) <= inside_programs.EARLY
    early = input if isinstance(input, bytes) and whole else b""
    rest = () if whole else ((input,) if isinstance(input, bytes) else input)
    asked = inside_programs.asked(request, early=early, more=not whole)
    deadline = None if timeout_s is None else monotonic() + timeout_s

    def frames(server: Server, another: bytes = b"") -> Iterator[tuple[int, bytes]]:
        talk = Talk(name, server, another, deadline=deadline, cancelled=cancelled)
        return _kept_at_its_end(engine, name, server, talk, talk.frames(rest, place))

    kept = engine.kept.take((_USE, container))
    if isinstance(kept, Server):
        try:
            yield from frames(kept, kept.request(program, asked))
        except _NotBegun:
            pass
        else:
            return
    for python in inside_programs.PYTHONS:
        argv, env = inside_programs.serving_argv(python, program), inside_programs.environment(asked)
        try:
            stream = engine.exec_stream(container, argv, env=env)
        except (NotFound, WrongState):
            _check(engine, name)
            raise
        try:
            yield from frames(Server(stream, program))
        except NoPython:
            _check(engine, name)
        else:
            return
    raise WrongState(
        f"`{name}` has neither vibenv's tools nor Python, which this needs",
        code="session::outdated",
        help=f"a session that is launched anew has them; `docker exec` runs programs in `{name}` too",
        about="name",
    )


def result(frames: Iterable[tuple[int, bytes]]) -> Result:
    """What a program says at its end that says nothing else."""
    found: Result = {}
    for _, payload in frames:
        found = parsed(payload)
    return found


def parsed(payload: bytes) -> Result:
    """What is in RESULT."""
    said: Result = json.loads(payload)
    return said


class _NotBegun(Exception):
    """Raised where a program was certainly not run: the server that was asked for it had ended."""


def _kept_at_its_end(
    engine: Engine, name: str, server: Server, talk: Talk, frames: Iterator[tuple[int, bytes]]
) -> Iterator[tuple[int, bytes]]:
    """The `frames` of a talk. At the last of them the server is kept, if it is at rest; else it is ended."""
    kept = False
    try:
        for kind, payload in frames:
            if kind == RESULT and talk.all_sent:
                engine.kept.give((_USE, labels.container_name(name)), server)
                kept = True
            yield kind, payload
    finally:
        if not kept:
            server.close()
    if talk.ended:
        return
    if talk.is_another and not talk.begun and (engine.way is None or not talk.all_sent):
        raise _NotBegun  # over a way, that it has begun may be what was lost
    _check(engine, name)
    raise Unreachable(
        f"the connection to `{name}` was lost; whether it did what it was asked is not known",
        code="session::connection_lost",
        help="see `vibenv list`, and try again",
    )


def _check(engine: Engine, name: str) -> None:
    """Raise why nothing can be run in the session `name`, if that can be told from its container."""
    session_plan.must_run(name, session_plan.find(name, engine.inspect(labels.container_name(name))))
