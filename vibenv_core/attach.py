"""Joins a terminal of this machine to a session's: the I/O round an `Attachment`.

One loop, in the caller's thread, reads and writes both sides without blocking on either. Signal handlers
belong to the main thread, which this may not be, so the terminal's size is looked at whenever the loop wakes.
"""

from __future__ import annotations

import enum
import os
import select
import termios
import threading
import time
import tty
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from . import session_process, sessions
from .attachment import Attachment
from .errors import EngineError, Interrupted, NotFound, Unreachable, UsageError
from .model import Session, SessionState

if TYPE_CHECKING:
    from .engine import Engine
    from .stream import Stream

_WAKE_S = 0.1
"""How late a changed window size or a cancelled call may be noticed."""
_BACKLOG = 1 << 16
"""Bytes that may wait for the slower side before the faster one is no longer read."""
_USUAL_SIZE = 24, 80
_LAST_WORDS_S = 1.0
"""How long, at the end, to wait for a terminal that takes no output, or an engine to say what happened."""


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

    A stopped session is started first. The terminal's attributes and modes are as before when this returns or
    raises.

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
    with engine.exec_stream(session.id, session_process.relay_argv()) as stream:
        with Terminal(tty_fd) as terminal:
            attachment = Attachment(*terminal.size())
            try:
                ended = _relay(attachment, stream, terminal, cancelled)
            finally:
                attachment.leave()
                terminal.write_out(attachment.to_screen)
        if cancelled.is_set():
            raise Interrupted(f"attaching to `{name}`")
        reason = _reason(engine, session, attachment, stream) if ended else Reason.DETACHED
    return Attached(name=name, reason=reason, duration=timedelta(seconds=time.monotonic() - began))


def _relay(attachment: Attachment, stream: Stream, terminal: Terminal, cancelled: threading.Event) -> bool:
    """Copy both ways; True when the session's side ended, False when the user's did."""
    while not cancelled.is_set():
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
    return False


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
