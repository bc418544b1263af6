"""The near side of a session's terminal: what is typed and painted, bytes in and bytes out. Pure.

`attach` does the I/O: it feeds an `Attachment` with what it reads and with the time, and writes what has
gathered in `to_session` and `to_screen`. What goes over the connection is `supervisor.frames`.
"""

from __future__ import annotations

from .detach_key import DetachKey
from .heartbeat import Heartbeat
from .keyboard import Keyboard
from .painting import Painting
from .status_query import StatusQuery
from .supervisor import frames
from .supervisor.frames import Frame, Frames, Hello, Kind
from .supervisor.records import below

_KEY_PAUSE_S = 0.02
"""Escape sequences arrive in one piece; after this long, a lone escape is the escape key."""
_KEYS_PAUSE_S = 1.0
"""How long the second of several keys that detach may take."""
_NOTICE_S = 2.0
"""How long a notice is shown, unless something is typed."""
_ACKNOWLEDGED = 8 << 10
"""Bytes that are painted before the session is told so."""
_SEGMENT = 32
"""Characters of a session's name that are the first part of its records' ids: more no part of an id has."""


class LaterVersion(frames.Refused):
    """A session whose frames mean something else."""


class Attachment:
    """One terminal attached to one session. Times are seconds of any one clock that never goes back."""

    def __init__(
        self,
        rows: int,
        cols: int,
        *,
        client: str,
        author: str = "",
        session: str,
        key: DetachKey,
        watching: bool = False,
        history: int = 0,
        linked: bool = False,
    ) -> None:
        """`client` is a name that no other client has, `author` who types; under the `session`'s name its
        records are passed on to a terminal that takes them.

        `history` is how many bytes of scrollback are wanted. `linked` says that the connection is one that
        may go silent: it is then asked for signs of life.
        """
        self.to_session = bytearray()
        self.detached = False
        """Whether the keys that detach were typed."""
        self.reached = False
        """Whether the session has welcomed this client on the connection that there is now."""
        self.was_reached = False
        """Whether it ever has."""
        self.ended = False
        """Whether the program has ended, with `exit_code`."""
        self.exit_code: int | None = None
        self.dropped = 0
        """Bytes that were typed and dropped, and that the user was not told of for long enough."""
        self._client = client
        self._author = author
        self._session = session[:_SEGMENT]
        self._status = StatusQuery()
        self._has_records = False
        self._key = key
        self._watching = watching
        self._history = history
        self._linked = linked
        self._size = self._said_size = rows, cols
        self._keyboard = Keyboard()
        self._painting = Painting()
        self._frames = Frames()
        self._beat: Heartbeat | None = None
        self._told = 0
        self._repaint_comes = False
        self._release_at: float | None = None
        self._uncover_at: float | None = None

    @property
    def to_screen(self) -> bytearray:
        """What is to be painted; `painted` removes what was."""
        return self._painting.to_screen

    def hello(self) -> Hello:
        """What the next connection has to begin with."""
        self._said_size = self._size
        self._repaint_comes = self._painting.at is None
        rows, cols = self._size
        return Hello(
            client=self._client,
            rows=rows,
            cols=cols,
            watching=self._watching,
            since=self._painting.at,
            history=self._history,
            author=self._author,
        )

    def opened(self, now: float) -> None:
        """Begin with a new connection, on which the session was told of `hello`."""
        self._beat = Heartbeat(now) if self._linked else None

    def cut(self) -> None:
        """Take note that there is no connection any more; what the session has not is sent on the next."""
        self.reached = False
        self.to_session.clear()
        self._frames = Frames()
        self._beat = self._uncover_at = None
        self._told = 0
        self._painting.connected()

    def resized(self, rows: int, cols: int) -> None:
        """Take note of the terminal's size, and pass it on when it is another."""
        self._size = rows, cols
        if self.reached and self._size != self._said_size:
            self._ask_for_repaint()

    def typed(self, data: bytes, now: float) -> None:
        """Pass on what was typed, up to the keys that detach.

        While a line says that there is no connection it is dropped: nobody sees now where it would go.
        """
        was_answered = self._status.is_answered
        self._typed(self._status.feed(data, now), now)
        if self._status.is_answered and not was_answered and self.reached:
            self._subscribe()

    def received(self, data: bytes, now: float) -> None:
        """Take what came over the connection. Raises: Refused (no frames, or a later vibenv's)."""
        if self._beat:
            self._beat.heard(now)
        for frame in self._frames.feed(data):
            self._take(frame, now)

    def painted(self, count: int) -> None:
        """Take note that the terminal has taken so many bytes of `to_screen`, and remove them."""
        self._painting.painted(count)
        if self.reached and self._painting.taken >= self._told + _ACKNOWLEDGED:
            self._told = self._painting.taken
            self.to_session += frames.positioned(Kind.TAKEN, self._told)

    def say(self, text: str) -> None:
        """Have the last row of the screen say `text` until the connection is back."""
        if not self.reached:
            self._clear_records()
        self._painting.cover(text, *self._size)

    def awaits_answers(self, now: float) -> bool:
        """Whether the terminal is about to answer what it was asked: that is not for who reads it next."""
        return self._status.is_awaited(now)

    def tick(self, now: float) -> None:
        """Do what has come due."""
        if self._release_at is not None and now >= self._release_at:
            self._release(now)
        if not self.reached:
            return
        if self.dropped and not self._repaint_comes:
            self._notice(f"{self.dropped} typed bytes were dropped", now)
            self.dropped = 0
        if self._uncover_at is not None and now >= self._uncover_at:
            self._uncover_at = None
            self._ask_for_repaint()
        if self._beat and self._beat.is_due(now):
            self.to_session += self._keyboard.probe()
            self._beat.asked(now)

    def is_lost(self, now: float) -> bool:
        """Whether the connection is as good as cut: what has to be answered was not."""
        return self._beat is not None and self._beat.is_lost(now)

    def due(self) -> float | None:
        """When `tick` has something to do next, or `is_lost` changes."""
        times = (self._release_at, self._uncover_at, self._beat.due() if self._beat else None)
        return min((at for at in times if at is not None), default=None)

    def leave(self) -> None:
        """End with the terminal's modes as they were, and a fresh line for whoever writes next.

        What is still to be painted is dropped, so that this does not have to wait for it.
        """
        self._painting.leave()
        self._clear_records()

    def _typed(self, keys: bytes, now: float) -> None:
        passed, self.detached = self._key.feed(keys)
        pause = _KEYS_PAUSE_S if self._key.begun else _KEY_PAUSE_S
        key_at = now + pause if self._key.held else None
        times = (key_at, self._status.release_in(_KEY_PAUSE_S, now))
        self._release_at = min((at for at in times if at is not None), default=None)
        self._pass_on(passed, now)

    def _release(self, now: float) -> None:
        """Pass on what was held back, as nothing has followed that it could have been the beginning of."""
        self._release_at = None
        if held := self._status.release():
            self._typed(held, now)
            if self.detached or (self._key.held and self._key.begun):
                return
        self._release_at = None
        passed, self.detached = self._key.release()
        self._pass_on(passed, now)

    def _pass_on(self, keys: bytes, now: float) -> None:
        if self._watching or not keys:
            return
        if self._painting.line and not self.reached:
            self.dropped += len(keys)
            return
        self.dropped += self._keyboard.typed(keys)
        self._send_typed(now)
        if self._uncover_at is not None:
            self._uncover_at = now

    def _send_typed(self, now: float) -> None:
        sent = self._keyboard.frames() if self.reached else b""
        if sent:
            self.to_session += sent
            if self._beat:
                self._beat.asked(now)

    def _take(self, frame: Frame, now: float) -> None:
        match frame.kind:
            case Kind.WELCOME:
                self._welcome(frame.payload, now)
            case Kind.OUTPUT | Kind.REPAINT | Kind.VIEW:
                self._paint(frame.kind, *frames.position(frame.payload), now)
            case Kind.TYPED:
                self._keyboard.had(frames.position(frame.payload)[0])
                if self._beat:
                    self._beat.answered(now)
                self._send_typed(now)
            case Kind.NOTICE:
                self._notice(frame.payload.decode(errors="replace"), now)
            case Kind.RECORD:
                self._record(frame.payload.decode(errors="replace"))
            case Kind.ENDED:
                self.ended = True
                self.exit_code = frames.plain(frame.payload).get("exit_code")
            case _:
                pass

    def _welcome(self, payload: bytes, now: float) -> None:
        said = frames.plain(payload)
        if said.get("version") != frames.VERSION or not isinstance(said.get("typed"), int):
            raise LaterVersion("a session of a later vibenv")
        self._painting.begin(self._size[0])
        if not self.was_reached:
            self.to_screen.extend(self._status.ask(now))
        elif self._status.is_answered:
            self._subscribe()
        self.reached = self.was_reached = True
        if self._beat:
            self._beat.answered(now)
        self.dropped += self._keyboard.connected(said["typed"])
        if self._size != self._said_size or (self._painting.line and not self._repaint_comes):
            self._ask_for_repaint()
        self._send_typed(now)

    def _paint(self, kind: int, position: int, data: bytes, now: float) -> None:
        if kind == Kind.OUTPUT:
            self._painting.output(position, data)
            return
        if self._painting.line and not self._repaint_comes:
            self._painting.pass_over(data)
            return
        self._repaint_comes, self._history = False, 0
        if kind == Kind.REPAINT:
            self._painting.repaint(position, data)
        else:
            self._painting.view(data)

    def _subscribe(self) -> None:
        self.to_session += frames.said(Kind.REQUEST, {"id": "records", "do": "records"})

    def _record(self, pairs: str) -> None:
        """Pass a record on; one that has no place below the session's name is left out."""
        if (report := below(self._session, pairs)) and self._status.is_answered:
            self._has_records = True
            self._painting.report(report)

    def _clear_records(self) -> None:
        if self._has_records:
            self._has_records = False
            self._painting.report(f"state=clear:id={self._session}")

    def _notice(self, text: str, now: float) -> None:
        """Show a line for a while."""
        self.say(f" {text}")
        self._uncover_at = now + _NOTICE_S

    def _ask_for_repaint(self) -> None:
        """Say the size, be it the same: the answer is a repaint."""
        self._said_size, self._repaint_comes = self._size, True
        self.to_session += frames.sized(Kind.SIZE, *self._size)
