"""Joins a terminal of this machine to a session's: the I/O round an `Attachment`.

One loop, in the caller's thread, reads and writes both sides without blocking on either. Signal handlers
belong to the main thread, which this may not be, so the terminal's size is looked at whenever the loop wakes.
"""

from __future__ import annotations

import contextlib
import enum
import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from . import session_process, sessions
from .attachment import Attachment
from .errors import EngineError, Interrupted, NotFound, Unreachable, UsageError, WrongState
from .model import Session, SessionState
from .reconnect import again, looked_after
from .stream import Stream
from .terminal import Terminal

if TYPE_CHECKING:
    from .engine import Engine

_WAKE_S = 0.1
"""How late a changed window size or a cancelled call may be noticed."""
_BACKLOG = 1 << 16
"""Bytes that may wait for the slower side before the faster one is no longer read."""
_LAST_WORDS_S = 1.0
"""How long, at the end, to wait for an engine to say what happened."""
_POLL_S = 0.01

T = TypeVar("T")


class Reason(enum.StrEnum):
    """Why an attachment ended."""

    DETACHED = "detached"
    ENDED = "ended"
    """The session's program has ended, or the session was stopped."""
    LOST = "lost"
    """The connection broke; how the session is, is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What became of an attachment."""

    name: str
    reason: Reason
    duration: timedelta


def attach(engine: Engine, name: str, *, tty_fd: int, cancelled: threading.Event) -> Attached:
    """Put the terminal `tty_fd` on the session's terminal until ctrl-\\ is typed or either ends.

    A stopped session is started first. Over a link, a connection that is lost is made again, for as long as
    that takes. The terminal's attributes and modes are as before when this returns or raises.

    Raises: UsageError (no terminal), NotFound, Foreign, EngineError, Unreachable, Interrupted (`cancelled`).
    """
    began = time.monotonic()
    if not os.isatty(tty_fd):
        raise UsageError(
            "attach needs a terminal, and there is none here",
            code="attach::no_terminal",
            help=f"type `vibenv attach {name}` at a prompt",
        )
    session = sessions.start(engine, name, cancelled=cancelled)
    stream = engine.exec_stream(session.id, session_process.relay_argv())
    with contextlib.closing(_Shown(engine, session, stream)) as shown:
        with Terminal(tty_fd) as terminal:
            reason = shown.on(terminal, cancelled)
        if cancelled.is_set():
            raise Interrupted(f"attaching to `{name}`")
        if reason is None:
            reason = _reason(engine, session, shown.attachment, shown.stream)
    return Attached(name=name, reason=reason, duration=timedelta(seconds=time.monotonic() - began))


class _Shown:
    """A session while it is shown on a terminal, over one connection after the other."""

    def __init__(self, engine: Engine, session: Session, stream: Stream) -> None:
        self.stream = stream
        self._engine = engine
        self._session = session

    def on(self, terminal: Terminal, cancelled: threading.Event) -> Reason | None:
        """Show it until the user detaches, or the connection ends for a reason that is to be found out.

        A connection over a link is made again, as long as the session runs.
        """
        self.attachment = Attachment(*terminal.size())
        try:
            while self._relay(terminal, cancelled):
                if self._engine.way is None or self._is_at_fault():
                    return None
                came = again(self._engine.host.name, self._another, terminal, cancelled=cancelled)
                if not isinstance(came, Stream):
                    return came or Reason.DETACHED
                self.stream.close()
                self.stream = came
                self.attachment.cut()
            return Reason.DETACHED
        finally:
            self.attachment.leave()
            terminal.write_out(self.attachment.to_screen)

    def _relay(self, terminal: Terminal, cancelled: threading.Event) -> bool:
        with looked_after(self._engine) as replaced:
            return _relay(self.attachment, self.stream, terminal, cancelled, replaced)

    def close(self) -> None:
        """End the connection."""
        self.stream.close()

    def _is_at_fault(self) -> bool:
        """Whether the connection ended for want of a terminal, not by what is between here and there."""
        return not self.attachment.reached and self.attachment.complaint != b""

    def _another(self) -> Stream | Reason:
        """Another connection, or that the session has ended. Raises: Unreachable."""
        try:
            if self.stream.exit_code() == 0:
                _within(_LAST_WORDS_S, lambda: _not_running(self._engine, self._session))
                return Reason.ENDED
            return self._engine.exec_stream(self._session.id, session_process.relay_argv())
        except (NotFound, WrongState):
            return Reason.ENDED


def _relay(
    attachment: Attachment,
    stream: Stream,
    terminal: Terminal,
    cancelled: threading.Event,
    replaced: threading.Event,
) -> bool:
    """Copy both ways; True when the session's side ended, or was `replaced`, False when the user's did."""
    while not cancelled.is_set() and not replaced.is_set():
        typed = terminal in _wait(attachment, stream, terminal)
        now = time.monotonic()
        if typed:
            keys = terminal.read()
            if not keys:
                return False
            attachment.typed(keys, now)
        attachment.resized(*terminal.size())
        attachment.tick(now)
        del attachment.to_session[: stream.send(bytes(attachment.to_session))]
        if attachment.detached:
            return False
        while len(attachment.to_screen) < _BACKLOG:
            received = stream.recv()
            if received is None:
                break
            if not received:
                return True
            attachment.received(received, time.monotonic())
        terminal.write(attachment.to_screen)
    return not cancelled.is_set()


def _wait(attachment: Attachment, stream: Stream, terminal: Terminal) -> Sequence[object]:
    """Wait until there is something to do, and give what can be read."""
    due = attachment.due()
    pause = _WAKE_S if due is None else min(_WAKE_S, max(0.0, due - time.monotonic()))
    reading: list[Terminal | Stream] = []
    writing: list[Terminal | Stream] = []
    if len(attachment.to_session) < _BACKLOG:
        reading.append(terminal)
    if len(attachment.to_screen) < _BACKLOG:
        reading.append(stream)
    if attachment.to_session:
        writing.append(stream)
    if attachment.to_screen:
        writing.append(terminal)
    return select.select(reading, writing, [], pause)[0]


def _reason(engine: Engine, session: Session, attachment: Attachment, stream: Stream) -> Reason:
    """Why the session's side of the connection ended; an ended session no longer runs when this returns.

    Raises: EngineError when there was no terminal to be attached to.
    """
    try:
        code = _within(_LAST_WORDS_S, stream.exit_code)
        if code is None:
            return Reason.LOST
        if not attachment.reached:
            said = attachment.complaint.decode(errors="replace").strip()
            raise EngineError(
                f"the terminal of `{session.name}` cannot be reached: {said}",
                code="attach::no_terminal_there",
                help=f"`vibenv stop {session.name}`, then `vibenv attach {session.name}` starts it afresh",
            )
        _within(_LAST_WORDS_S, lambda: _not_running(engine, session))
    except NotFound:
        return Reason.ENDED
    except Unreachable:
        return Reason.LOST
    return Reason.ENDED


def _not_running(engine: Engine, session: Session) -> bool | None:
    found = engine.inspect(session.id)
    return None if found is not None and found.state is SessionState.RUNNING else True


def _within(seconds: float, ask: Callable[[], T | None]) -> T | None:
    """What `ask` gives once it gives something, or None when it has not by then."""
    deadline = time.monotonic() + seconds
    while (answer := ask()) is None and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return answer
