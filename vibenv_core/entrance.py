"""The way into a session's container, to its terminal.

It is a relay there, by an exec of its own: the engine's attach stream has one standard input and output for
all clients, and one that is stuck would hold up what the session prints.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import labels, session_plan, session_process
from .errors import EngineError, NotFound, Unreachable, WrongState
from .model import Container, SessionState
from .stream import Stream
from .supervisor.frames import Hello

if TYPE_CHECKING:
    from .engine import Engine


@dataclass(frozen=True, slots=True)
class Gone:
    """That the session does not run any more."""

    exit_code: int | None


class Entrance:
    """How to come to the terminal of one session; one thread at a time may ask."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._container = labels.container_name(name)
        self._argv = session_process.relay_argv
        self._opened_ns = 0

    def open(self, hello: Hello) -> Stream:
        """A connection, asked for as if the session ran: if it does not, the engine says so.

        Raises: NotFound, WrongState, EngineError, Unreachable.
        """
        self._opened_ns = time.time_ns()
        return self._engine.exec_stream(self._container, self._argv(hello))

    def again(self, hello: Hello, *, silent: bool, refused: str) -> Stream | Gone:
        """Another connection, or that the session does not run.

        The one before went `silent`, or was `refused` in these words before it was at the terminal.

        Raises: Unreachable; EngineError, Foreign (what refused the first one was no passing trouble).
        """
        try:
            if refused and (gone := self._choose_bridge(refused)):
                return gone
            if silent:
                self._engine.mend(self._opened_ns)
            try:
                return self.open(hello)
            except Unreachable:
                self._engine.ping()  # has the link mended
                return self.open(hello)
        except NotFound:
            return Gone(None)
        except WrongState as error:
            if gone := self.look():
                return gone
            raise Unreachable(error.message, code="session::paused") from error

    def look(self) -> Gone | None:
        """That the session does not run, or None while it does."""
        return _gone(self._engine.inspect(self._container))

    def _choose_bridge(self, refused: str) -> Gone | None:
        """Take the other way, to a session that an older vibenv made.

        Raises: NotFound, Foreign, EngineError.
        """
        found = session_plan.find(self._name, self._engine.inspect(self._container))
        if gone := _gone(found):
            return gone
        if session_process.TOOLS in found.mounts or self._argv is session_process.bridge_argv:
            raise EngineError(
                f"the terminal of `{self._name}` cannot be reached: {refused}",
                code="attach::no_terminal_there",
                help=f"`vibenv stop {self._name}`, then `vibenv attach {self._name}` starts it afresh",
            )
        self._argv = session_process.bridge_argv
        return None


def _gone(found: Container | None) -> Gone | None:
    if found is None:
        return Gone(None)
    ended = found.state in (SessionState.STOPPED, SessionState.CREATED, SessionState.DEAD)
    return Gone(found.exit_code) if ended else None
