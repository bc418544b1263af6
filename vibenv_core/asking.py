"""Asks a session's supervisor, on a connection that is kept for the next question.

The first question takes two round trips, as the exec does that it comes with; those that follow take one. A
connection that is cut, or silent for long, is made again, and what was asked on it is asked again.
"""

from __future__ import annotations

import secrets
import select
import threading
import time
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from . import answers, labels, session_plan, session_process
from .control import Answer, Control, Request
from .errors import EngineError, Interrupted, NotFound, Unreachable, WrongState
from .inside_programs import EARLY
from .model import session_name
from .multiplexed import Multiplexed
from .reconnect import Attempt
from .stream import Stream
from .supervisor.frames import Hello, Refused

if TYPE_CHECKING:
    from .engine import Engine

_WAKE_S = 0.05
"""How late a cancelled call may be noticed."""
_ATTEMPT_S = 15.0
"""How long an attempt to connect may take before another is made."""
_PAUSES_S = (0.0, 0.1, 0.3, 1.0, 2.0)
"""How long to wait before each attempt to connect again; the last for all that follow."""
_STEADY_S = 10.0
"""A connection that lasted so long is followed by another at once."""
_SETTLING_S = 3.0
"""How long a session may run, as it starts or ends, without a terminal that accepts clients."""

Make = Callable[[int, float, int | None], Request]
"""Makes the request: of the client's position when it was asked first, of the seconds since then, and of the
position in the program's output then, where that is known."""


class Connection:
    """A connection to a supervisor, with what was heard on it; it can be kept while nothing is asked."""

    def __init__(self, stream: Stream, control: Control) -> None:
        self.control = control
        self._stream = stream
        self._output = Multiplexed()

    def fileno(self) -> int:
        """For select."""
        return self._stream.fileno()

    @property
    def begun(self) -> float:
        """When the engine was asked for it."""
        return self._stream.begun

    def close(self) -> None:
        """End it: the session gives up what was asked on it."""
        self._stream.close()

    def turn(self) -> tuple[Answer | None, bool]:
        """Send and receive for a moment: the answer, once it came, and whether the connection is there still.

        Raises: Refused.
        """
        control, now = self.control, monotonic()
        control.tick(now)
        if control.to_session:
            del control.to_session[: self._stream.send(control.to_session)]
        writing = [self] if control.to_session else []
        select.select([self], writing, [], max(0.0, min(_WAKE_S, control.due() - now)))
        answer = None
        while received := self._stream.recv():
            answer = control.received(self._output.feed(received), monotonic()) or answer
        return answer, received is None

    @property
    def complaint(self) -> str:
        """What the engine, or the relay, said where the session was not reached."""
        return self._output.stderr.decode(errors="replace").strip()


class Asking:
    """One question to the supervisor of the session `name`."""

    def __init__(
        self, engine: Engine, name: str, *, author: str, within_s: float | None, cancelled: threading.Event
    ) -> None:
        """The answer has to come within `within_s`; with None it may take for ever."""
        self.reached = False
        """Whether the session was, at any time."""
        self._engine = engine
        self._name = name
        self._container = labels.container_name(session_name(name))
        self._author = author
        self._cancelled = cancelled
        self._begun = monotonic()
        self._deadline = None if within_s is None else self._begun + within_s
        self._silent_since_ns: int | None = None
        self._refused_at: float | None = None
        self._why = f"the session `{name}` did not answer"

    def answer(self, make: Make) -> Answer:
        """What is answered.

        Raises: NotFound, Foreign, WrongState (it does not run; an older vibenv made it), EngineError,
        Unreachable, Interrupted, and what `answers.checked` raises.
        """
        use = ("control", self._container, self._author)
        connection = self._engine.kept.take(use)
        assert connection is None or isinstance(connection, Connection)
        if connection is not None:
            client, typed = connection.control.client, connection.control.typed
            connection.control.ask(make(typed, 0.0, None), monotonic())
        else:
            client, typed = secrets.token_hex(8), 0
        seq: int | None = None
        tries = 0
        while True:
            if connection is None:
                self._pause(_PAUSES_S[min(tries, len(_PAUSES_S) - 1)])
                tries += 1
                control = Control(client=client, typed=typed, now=monotonic())
                connection = self._connected(control, make(typed, monotonic() - self._begun, seq))
                if connection is None:
                    continue
            answer = self._heard(connection)
            if answer is not None:
                self._engine.kept.give(use, connection)
                return answers.checked(self._name, answer)
            seq = connection.control.seq if seq is None else seq
            if monotonic() > connection.begun + _STEADY_S:
                tries = 0
            connection = None

    def _connected(self, control: Control, request: Request) -> Connection | None:
        """A connection on which `request` is asked; None where there was no way to the engine."""
        hello = Hello(client=control.client, author=self._author, person=False)
        first = control.first(request, monotonic())
        if len(first) > EARLY:
            first = ""
            control.ask(request, monotonic())
        attempt = Attempt(lambda: self._opened(hello, first), unwanted=Stream.close)
        late = monotonic() + _ATTEMPT_S
        try:
            while not select.select([attempt], [], [], _WAKE_S)[0]:
                self._heed()
                if monotonic() > late:
                    attempt.close()
                    self._silent_since_ns = time.time_ns()
                    return None
        except BaseException:
            attempt.close()
            raise
        try:
            stream = attempt.result()
        except (NotFound, WrongState):
            self._check()
            raise
        except Unreachable as error:
            self._why = error.message
            return None
        control.opened(monotonic())
        return Connection(stream, control)

    def _opened(self, hello: Hello, first: str) -> Stream:
        """Start a relay in the session. Over a way that has broken, that is mended first."""
        silent_since_ns, self._silent_since_ns = self._silent_since_ns, None
        if silent_since_ns is not None:
            self._engine.mend(silent_since_ns)
        argv, env = session_process.asking_argv(hello), {session_process.REQUESTS: first}
        try:
            return self._engine.exec_stream(self._container, argv, env=env)
        except Unreachable:
            self._engine.ping()  # has the way mended
            return self._engine.exec_stream(self._container, argv, env=env)

    def _heard(self, connection: Connection) -> Answer | None:
        """The answer; None when the connection has ended, or is as good as that: it is closed then."""
        control = connection.control
        opened_ns = time.time_ns()
        try:
            there, answer = True, None
            while there and answer is None:
                self._heed()
                answer, there = connection.turn()
                self.reached |= control.reached
                if control.is_lost(monotonic()):
                    self._silent_since_ns = opened_ns
                    there = False
        except Refused as error:
            connection.close()
            if not control.reached:  # an engine may write on the same stream why there is no relay
                self._refused(connection.complaint or "no program could be started there")
                return None
            raise EngineError(
                f"the terminal of `{self._name}` speaks another language: {error}",
                code="session::not_understood",
                help="use the vibenv that made it: `vibenv list --long` shows its version",
            ) from error
        except BaseException:
            connection.close()
            raise
        if answer is None:
            connection.close()
            if not control.reached and connection.complaint:
                self._refused(connection.complaint)
        return answer

    def _refused(self, said: str) -> None:
        """Take note that the relay, or the engine, did not reach the terminal; raise it when it stays so."""
        self._check(outdated="--requests" in said)
        if self._refused_at is None:
            self._refused_at = monotonic()
        if monotonic() > self._refused_at + _SETTLING_S:
            raise EngineError(
                f"the terminal of `{self._name}` cannot be reached: {said.splitlines()[-1]}",
                code="session::no_terminal",
                help=f"`vibenv stop {self._name}`, then `vibenv start {self._name}` starts it afresh",
            )

    def _check(self, *, outdated: bool = False) -> None:
        """Raise why the session cannot be asked, if that can be told from its container."""
        found = session_plan.find(self._name, self._engine.inspect(self._container))
        session_plan.must_run(self._name, found)
        if outdated or session_process.TOOLS not in found.mounts:
            raise answers.outdated(self._name)

    def _pause(self, seconds: float) -> None:
        end = monotonic() + seconds
        self._heed()
        while (left_s := end - monotonic()) > 0:
            self._cancelled.wait(min(_WAKE_S, left_s))
            self._heed()

    def _heed(self) -> None:
        """Raises: Interrupted, Unreachable (it takes too long)."""
        if self._cancelled.is_set():
            raise Interrupted(f"asking `{self._name}`")
        if self._deadline is not None and monotonic() > self._deadline:
            raise Unreachable(
                self._why, code="session::no_answer", help="`vibenv doctor` looks closer", about="host"
            )
