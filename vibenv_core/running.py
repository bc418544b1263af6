"""Runs vibenv's own programs inside sessions, and speaks with them over the engine's exec.

Two round trips until the first word of a program: one to make the exec, one to start it.
"""

from __future__ import annotations

import json
import re
import select
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

from . import inside_programs, labels, session_plan
from .errors import EngineError, Interrupted, NotFound, Unreachable, WrongState
from .feed import Feed
from .inside.framing import BLOCK, END, INPUT, PLACE, RESULT, TAKEN, WINDOW, Frames, count, frame
from .model import session_name
from .multiplexed import Multiplexed

if TYPE_CHECKING:
    from .engine import Engine
    from .stream import Stream

_WAKE_S = 0.05
"""How late a cancelled call may be noticed."""

Result = dict[str, Any]
"""What a program says at its end; its keys are the program's own."""


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
    env = inside_programs.environment(request, early=early, more=not whole)
    deadline = None if timeout_s is None else monotonic() + timeout_s
    for python in inside_programs.PYTHONS:
        try:
            stream = engine.exec_stream(container, inside_programs.argv(python, program), env=env)
        except (NotFound, WrongState):
            _check(engine, name)
            raise
        with stream:
            talk = _Talk(name, stream, deadline, cancelled)
            try:
                yield from talk.frames(rest, place)
            except _NoPython:
                _check(engine, name)
                continue
            if not talk.ended:
                _check(engine, name)
                raise Unreachable(
                    f"the connection to `{name}` was lost; whether it did what it was asked is not known",
                    code="session::connection_lost",
                    help="see `vibenv list`, and try again",
                )
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


class _NoPython(Exception):
    """Raised where the engine could not start Python in the container."""


class _Talk:
    """One connection to a program."""

    def __init__(self, name: str, stream: Stream, deadline: float | None, cancelled: threading.Event) -> None:
        self.ended = False
        """Whether the program has said its last word."""
        self._name = name
        self._stream = stream
        self._deadline = deadline
        self._cancelled = cancelled
        self._to_program = bytearray()
        self._room = 0
        """How much input may be sent now; nothing before the program has asked for any."""
        self._all_given = False

    def frames(
        self, rest: Iterable[bytes], place: Callable[[Result], None] | None
    ) -> Iterator[tuple[int, bytes]]:
        """What the program says, while it is given the `rest` of its input when it asks for that.

        Ends with its last word, or when the connection does.
        """
        multiplexed, frames = Multiplexed(), Frames()
        feed: Feed | None = None
        try:
            while not self.ended:
                self._wait(feed)
                self._give(feed)
                received = self._stream.recv()
                while received:
                    for kind, payload in frames.feed(multiplexed.feed(received)):
                        if kind == TAKEN:
                            if feed is None:
                                feed, self._room = Feed(rest), WINDOW
                            self._room += count(payload)
                        elif kind == PLACE and place is not None:
                            place(parsed(payload))
                            self._to_program += frame(END)
                        else:
                            self.ended = kind == RESULT
                            yield kind, payload
                    received = self._stream.recv()
                if received == b"":
                    break
        finally:
            if feed is not None:
                feed.close()
        if self.ended:
            return
        if said := (multiplexed.stderr + frames.text).strip():
            self._explain(said.decode(errors="replace"))

    def _wait(self, feed: Feed | None) -> None:
        reading: list[Stream | Feed] = [self._stream]
        if feed is not None and self._may_give():
            feed.want(1 if self._room == WINDOW else min(BLOCK, self._room))  # while others are on their way
            reading.append(feed)
        writing = [self._stream] if self._to_program else []
        select.select(reading, writing, [], _WAKE_S)
        if self._cancelled.is_set():
            raise Interrupted(f"the work in `{self._name}`")
        if self._deadline is not None and monotonic() > self._deadline:
            raise WrongState(
                f"the program took too long in `{self._name}`, and was ended",
                code="exec::timeout",
                help="give it more time with `--timeout`, or none",
                about="timeout",
            )

    def _may_give(self) -> bool:
        return bool(self._room) and not self._all_given and len(self._to_program) < BLOCK

    def _give(self, feed: Feed | None) -> None:
        """Send what can be sent now of the input."""
        if feed is not None and self._may_give():
            data = feed.take(min(BLOCK, self._room))
            if data is None:
                self._to_program += frame(END)
                self._all_given = True
            elif data:
                self._to_program += frame(INPUT, data)
                self._room -= len(data)
        if self._to_program:
            del self._to_program[: self._stream.send(bytes(self._to_program))]

    def _explain(self, said: str) -> None:
        """Raise what the engine, or Python, meant by its last words."""
        if re.search("no such file or directory|executable file not found", said):
            raise _NoPython
        raise EngineError(
            f"vibenv's program in `{self._name}` failed: {said.splitlines()[-1]}",
            code="session::program_failed",
            help="`vibenv list` shows how the session is",
        )


def _check(engine: Engine, name: str) -> None:
    """Raise why nothing can be run in the session `name`, if that can be told from its container."""
    session_plan.must_run(name, session_plan.find(name, engine.inspect(labels.container_name(name))))
