"""Joins a terminal of this machine to a session's: the I/O round an `Attachment`.

One loop, in the caller's thread, reads and writes both sides without blocking on either. Signal handlers
belong to the main thread, which this may not be, so the terminal's size is looked at whenever the loop wakes.
"""

from __future__ import annotations

import contextlib
import enum
import os
import secrets
import select
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from . import sessions
from .attachment import Attachment, LaterVersion
from .author import user_name
from .away import Away
from .detach_key import DetachKey
from .entrance import Entrance, Gone
from .errors import EngineError, Interrupted, NotFound, Unreachable, UsageError, WrongState
from .model import session_name
from .multiplexed import Multiplexed
from .reconnect import Attempt
from .stream import Stream
from .supervisor.frames import Refused
from .terminal import Terminal

if TYPE_CHECKING:
    from .engine import Engine

_WAKE_S = 0.1
"""How late a changed window size or a cancelled call may be noticed."""
_BACKLOG = 1 << 18
"""Bytes that may wait to be painted before the connection is no longer read."""
_LAST_WORDS_S = 1.0
"""How long, at the end, to wait for an engine to say what happened."""
_ANSWERS_S = 0.3
"""How long, at the end, to wait for a terminal to answer."""
_POLL_S = 0.01
_GIVEN_UP_S = 10.0
"""After so long without it, an engine that no link leads to is lost."""
_ATTEMPT_S = 15.0
"""How long an attempt to connect may take before another is made."""
_HISTORY = 1 << 16
_HISTORY_OVER_A_LINK = 1 << 14
"""Bytes of scrollback that are painted first."""

T = TypeVar("T")


class Reason(enum.StrEnum):
    """Why an attachment ended."""

    DETACHED = "detached"
    ENDED = "ended"
    """The session's program has ended, or the session was stopped or removed."""
    LOST = "lost"
    """The engine went away; how the session is, is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What became of an attachment."""

    name: str
    reason: Reason
    duration: timedelta
    exit_code: int | None
    """The program's, 128 and the number of the signal that ended it; None unless it ended."""


def attach(
    engine: Engine,
    name: str,
    *,
    tty_fd: int,
    key: DetachKey | None = None,
    watching: bool = False,
    cancelled: threading.Event,
) -> Attached:
    """Put the terminal `tty_fd` on the session's terminal until `key` is typed or either ends.

    A stopped session is started first. A connection that is lost is made again: over a link for as long as
    that takes. Who is `watching` neither types nor resizes. The terminal's attributes and modes are as before
    when this returns or raises.

    Raises: UsageError (no terminal), NotFound, Foreign, WrongState (it is paused, or ended at
    once), EngineError, Unreachable, Interrupted (`cancelled`).
    """
    began = time.monotonic()
    key = key or DetachKey()
    if not os.isatty(tty_fd):
        raise UsageError(
            "attach needs a terminal, and there is none here",
            code="attach::no_terminal",
            help=f"type `vibenv attach {name}` at a prompt",
        )
    terminal = Terminal(tty_fd)
    attachment = Attachment(
        *terminal.size(),
        client=secrets.token_hex(8),
        author=user_name(),
        session=name,
        key=key,
        watching=watching,
        history=_HISTORY if engine.way is None else _HISTORY_OVER_A_LINK,
        linked=engine.way is not None,
    )
    with contextlib.closing(_Shown(engine, session_name(name), attachment, key)) as shown:
        shown.connect(cancelled)
        with terminal:
            reason = shown.on(terminal, cancelled)
        if cancelled.is_set():
            raise Interrupted(f"attaching to `{name}`")
        exit_code = shown.exit_code() if reason is Reason.ENDED else None
    duration = timedelta(seconds=time.monotonic() - began)
    return Attached(name=name, reason=reason, duration=duration, exit_code=exit_code)


class _Shown:
    """A session while it is shown on a terminal, over one connection after the other."""

    def __init__(self, engine: Engine, name: str, attachment: Attachment, key: DetachKey) -> None:
        self._engine = engine
        self._name = name
        self._entrance = Entrance(engine, name)
        self._attachment = attachment
        self._keys = key.keys
        self._stream: Stream | None = None
        self._attempt_began = 0.0
        self._silent = False
        self._output = Multiplexed()
        self._said = b""
        self._away: Away | None = None
        self._attempt: Attempt[Stream | Gone] | None = None
        self._gone: Gone | None = None

    def connect(self, cancelled: threading.Event) -> None:
        """Make the first connection: at once, as if the session ran; if not so, the engine says that."""
        hello = self._attachment.hello()
        try:
            stream = self._entrance.open(hello)
        except (NotFound, WrongState):
            sessions.start(self._engine, self._name, cancelled=cancelled)
            stream = self._entrance.open(hello)
        self._open(stream)

    def on(self, terminal: Terminal, cancelled: threading.Event) -> Reason:
        """Show it until the user detaches, or the session ends, or the engine is lost."""
        attachment = self._attachment
        try:
            while not cancelled.is_set():
                ready = self._wait(terminal)
                now = time.monotonic()
                if terminal in ready:
                    keys = terminal.read()
                    if not keys:  # its window was closed
                        return Reason.DETACHED
                    attachment.typed(keys, now)
                attachment.resized(*terminal.size())
                self._receive(now)
                self._come_back(now)
                attachment.tick(now)
                self._send()
                if attachment.detached:
                    return Reason.DETACHED
                if attachment.ended or self._gone:
                    terminal.write_out(attachment.to_screen, attachment.painted)
                    return Reason.ENDED
                if self._is_given_up(now):
                    return Reason.LOST
                attachment.painted(terminal.write(attachment.to_screen))
            return Reason.DETACHED
        finally:
            attachment.leave()
            terminal.write_out(attachment.to_screen, attachment.painted)
            _take_answers(terminal, attachment)

    def exit_code(self) -> int | None:
        """Of the session that has ended; it no longer runs when this returns."""
        if self._gone is not None:
            return self._gone.exit_code
        with contextlib.suppress(Unreachable):
            gone = _within(_LAST_WORDS_S, self._entrance.look)
            if gone is not None and self._attachment.exit_code is None:
                return gone.exit_code
        return self._attachment.exit_code

    def close(self) -> None:
        """End the connection."""
        if self._stream is not None:
            self._stream.close()
        if self._attempt is not None:
            self._attempt.close()

    def _wait(self, terminal: Terminal) -> Sequence[object]:
        """Wait until there is something to do, and give what can be read."""
        attachment = self._attachment
        reading: list[Terminal | Stream | Attempt[Stream | Gone]] = [terminal]
        writing: list[Terminal | Stream] = []
        if self._attempt is not None:
            reading.append(self._attempt)
        if self._stream is not None:
            if len(attachment.to_screen) < _BACKLOG:
                reading.append(self._stream)
            if attachment.to_session:
                writing.append(self._stream)
        if attachment.to_screen:
            writing.append(terminal)
        due = attachment.due()
        pause = _WAKE_S if due is None else min(_WAKE_S, max(0.0, due - time.monotonic()))
        return select.select(reading, writing, [], pause)[0]

    def _receive(self, now: float) -> None:
        attachment = self._attachment
        while self._stream is not None and len(attachment.to_screen) < _BACKLOG:
            received = self._stream.recv()
            if received is None:
                break
            if not received:
                self._cut(now)
                break
            output = self._output.feed(received)
            try:
                attachment.received(output, now)
            except Refused as error:
                if not attachment.reached and not isinstance(error, LaterVersion):
                    self._said += output  # the engine could not start the relay, and says why
                    continue
                raise EngineError(
                    f"the terminal of `{self._name}` speaks another language: {error}",
                    code="attach::not_understood",
                    help="attach with the vibenv that made it: `vibenv list --long` shows its version",
                ) from error
        if attachment.reached:
            self._away = None
        if attachment.is_lost(now):
            self._cut(now, silent=True)

    def _send(self) -> None:
        if self._stream is not None and self._attachment.to_session:
            del self._attachment.to_session[: self._stream.send(self._attachment.to_session)]

    def _cut(self, now: float, *, silent: bool = False) -> None:
        """Have no connection any more."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._attachment.ended:
            return
        if self._away is None:
            self._away = Away(self._engine.host.name, now, keys=self._keys)
        elif not self._attachment.reached:
            self._away.failed(_last_line(self._complaint()), now)
        self._silent = silent
        self._attachment.cut()

    def _come_back(self, now: float) -> None:
        """Connect again, while there is no connection, and say so on the screen."""
        if self._away is None:
            return
        if self._stream is None and self._attempt is None and self._away.is_due(now):
            self._attempt_began = now
            hello, silent, refused = self._attachment.hello(), self._silent, self._refused()
            self._attempt = Attempt(
                lambda: self._entrance.again(hello, silent=silent, refused=refused), unwanted=_close
            )
        elif self._attempt is not None and self._attempt.is_done():
            attempt, self._attempt = self._attempt, None
            try:
                came = attempt.result()
            except Unreachable as error:
                self._away.failed(error.message, now)
            else:
                if isinstance(came, Gone):
                    self._gone = came
                else:
                    self._open(came)
        elif self._attempt is not None and now - self._attempt_began > _ATTEMPT_S:
            self._attempt.close()
            self._attempt, self._silent = None, True
            self._away.failed("it does not answer", now)
        if line := self._away.line(now, dropped=self._attachment.dropped):
            self._attachment.say(line)

    def _is_given_up(self, now: float) -> bool:
        return self._engine.way is None and self._away is not None and self._away.lasts(now) > _GIVEN_UP_S

    def _open(self, stream: Stream) -> None:
        self._stream = stream
        self._output, self._said = Multiplexed(), b""
        self._attachment.opened(time.monotonic())

    def _complaint(self) -> str:
        """What the far side, or the engine in its place, said of itself outside the terminal."""
        return (self._said + self._output.stderr).decode(errors="replace").strip()

    def _refused(self) -> str:
        """The same, when it never was at the terminal."""
        return "" if self._attachment.was_reached else self._complaint()


def _take_answers(terminal: Terminal, attachment: Attachment) -> None:
    """Have the terminal's late answers taken by who asked, not by what reads its keys next."""
    deadline = time.monotonic() + _ANSWERS_S
    while attachment.awaits_answers(now := time.monotonic()) and now < deadline:
        if select.select([terminal], [], [], deadline - now)[0]:
            if not (typed := terminal.read()):
                return
            attachment.typed(typed, now)


def _close(came: Stream | Gone) -> None:
    """Close a connection that came too late."""
    if isinstance(came, Stream):
        came.close()


def _last_line(said: str) -> str:
    return said.rpartition("\n")[2]


def _within(seconds: float, ask: Callable[[], T | None]) -> T | None:
    """What `ask` gives once it gives something, or None when it has not by then."""
    deadline = time.monotonic() + seconds
    while (answer := ask()) is None and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return answer
