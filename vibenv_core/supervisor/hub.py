"""Who is there, who leads, and what each is owed: the session as all its clients share it. Pure.

The terminal has the size of who typed last. A client that comes when nobody else is there leads at once; when
the leader goes, the one of the others that typed last does. Who only watches, or has no terminal, never does.
Times are of a monotonic clock, in seconds.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from .client import Client
from .display import Display, bounded
from .doing import Doing
from .dtach_client import DtachClient
from .frames_client import FramesClient
from .keyboard import Keyboard
from .lease import Lease, Typist
from .reading import plain
from .requests import Ask, Send, Shown, Wait
from .screens import Screens
from .sending import Sending
from .status import Keys, Present, Status
from .waiting import Waiting, Within

if TYPE_CHECKING:
    from .frames import Hello
    from .queries import Queries
    from .screen import Screen

_FOCUS = re.compile(rb"(?:\x1b\[[IO])*")
"""Sent by a terminal itself when its window is chosen or left: nobody typed."""
_LONGEST_AUTHOR = 64
"""Characters."""


class Hub:
    """The session's terminal and its clients."""

    def __init__(
        self,
        screen: Screen,
        queries: Queries,
        *,
        rows: int,
        cols: int,
        pid: int,
        now: float,
        within: Within = lambda do: do(),
    ) -> None:
        """`within` ends what takes too long."""
        self.display = Display(screen, queries, rows, cols)
        self.keyboard = Keyboard()
        self.doing = Doing(now)
        self._lease = Lease()
        self._screens = Screens(self.display)
        self._waiting = Waiting(self.display, self._screens, within, now)
        self._sending = Sending(self.display, self.keyboard, self._lease, self._screens, self._sends)
        self.clients: list[Client] = []
        """Those that have said what they want, in the order in which they came."""
        self._pid = pid
        self._leader: Client | None = None
        self._typists: list[Client] = []
        self._active_at = now
        self._number = 0
        self._waited: str | None = None
        """The state that those who wait for one have seen last."""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns that the session's terminal is to have."""
        return self.display.rows, self.display.cols

    def output(self, data: bytes, now: float) -> None:
        """The program has written."""
        self._active_at = now
        self._screens.changes()
        start = self.display.end
        self.keyboard.answer(self.display.feed(data))
        self._waiting.output(start, now)
        self.doing.wrote(self.display.screen.events(), now)

    def notice(self, text: str) -> None:
        """Tell all users something."""
        for client in self.clients:
            client.notice(text)

    def ended(self, exit_code: int, now: float) -> None:
        """The program has ended, and all that it wrote has been said to `output`."""
        self.display.exit_code = exit_code
        self.doing.ended(exit_code, now)
        self._sending.ended()
        self._waiting.tick(now)

    def dtach_client(self) -> DtachClient:
        """A client on dtach's socket; it takes part once it is attached."""
        self._number += 1
        return DtachClient(f"dtach {self._number}", self.display)

    def attach(self, client: DtachClient, now: float) -> None:
        """Show it the terminal from now on."""
        client.attach(now)
        self._add(client)

    def frames_client(self, hello: Hello) -> FramesClient:
        """A client that has said who it is. One of the same name that is still there is over."""
        for other in [other for other in self.clients if other.name == hello.client]:
            other.over = True
            self.leave(other)
        client = FramesClient(hello.client, self.display, self.keyboard)
        client.author, client.person = plain(hello.author)[:_LONGEST_AUTHOR], hello.person
        rows, cols = bounded(hello.rows, hello.cols)
        client.begin(rows=rows, cols=cols, watching=hello.watching, history=hello.history)
        self._add(client)
        client.welcome(hello.since)
        return client

    def leave(self, client: Client) -> None:
        """It is gone, or to be no more shown the terminal."""
        self._sending.leave(client)
        self._waiting.leave(client)
        if client not in self.clients:
            return
        self.clients.remove(client)
        if client in self._typists:
            self._typists.remove(client)
        if client is self._leader:
            able = [other for other in [*self.clients[::-1], *self._typists] if _can_lead(other)]
            self._leader = None
            if able:
                self._lead(able[-1])

    def typed(self, client: Client, data: bytes, now: float, position: int | None = None) -> None:
        """A client has typed; `position` is its own count of what it typed before, where it keeps one."""
        if client.watching:
            return
        new = data if position is None else data[max(0, self.keyboard.taken(client.name) - position) :]
        is_typed = not _FOCUS.fullmatch(new)
        if is_typed:
            self._lease.typed(Typist(client.author, client.person), now)
        if is_typed and client.person:
            self._sending.person_typed(now)
        if position is None:
            self.keyboard.push(client.name, data)
        else:
            self.keyboard.take(client.name, position, data)
        if is_typed:
            self._touched(client, new, now)
            if client in self._typists:
                self._typists.remove(client)
            self._typists.append(client)
            if _can_lead(client):
                self._lead(client)

    def sized(self, client: Client, rows: int, cols: int) -> None:
        """A client's terminal has a size, that may be the one it had."""
        client.resized(*bounded(rows, cols))
        if client is self._leader or (self._leader is None and client in self.clients and _can_lead(client)):
            self._lead(client)

    def ask(self, client: FramesClient, asked: Ask | Send | Wait, identity: object, now: float) -> None:
        """Do what a client asks for; it is answered by that `identity`, now or later."""
        answer = partial(client.answer, identity)
        match asked:
            case Ask():
                answer(self._shown(asked))
            case Wait():
                self._waiting.ask(asked, client, answer, now)
                self.tick(now)
            case Send():
                self._sending.ask(client, asked, answer, now)

    def tick(self, now: float) -> bool:
        """Do what has come due; tells if there is something new to be typed."""
        self._waited = self._state(now)
        self._waiting.tick(now, self._waited)
        return self._sending.tick(now)

    def due(self, now: float) -> float | None:
        """When to `tick`, or to pull from a client, though nothing has happened."""
        if self._state(now) != self._waited:
            return now  # the terminal's foreground was looked at
        times = [self.doing.due(now), self._waiting.due(), self._sending.due(now)]
        times += (client.due(now) for client in self.clients)
        return min((at for at in times if at is not None), default=None)

    def status(self, now: float) -> Status:
        """How the session is; times are of the hub's clock."""
        return Status(
            at=now,
            activity=self.doing.activity(now),
            title=self.doing.title.text,
            clients=self.present(),
            keys=self.keys(now),
        )

    def present(self) -> tuple[Present, ...]:
        """Who is there, in the order in which they came."""
        return tuple(
            Present(
                author=client.author,
                person=client.person,
                kind=client.kind,
                rows=client.rows,
                cols=client.cols,
                watching=client.watching,
                leads=client is self._leader,
            )
            for client in self.clients
        )

    def keys(self, now: float) -> Keys | None:
        """Who holds the keys; None when nobody does."""
        return self._lease.keys(now)

    def typists(self) -> list[Typist]:
        """Who has begun to type since this was asked last, or sent a text."""
        return self._lease.typists()

    def state(self, now: float) -> dict[str, Any]:
        """How things are, as JSON says it."""
        display = self.display
        return {
            "pid": self._pid,
            "running": display.exit_code is None,
            "exit_code": display.exit_code,
            "idle_s": round(now - self._active_at, 3),
            "seq": display.end,
            "rows": display.rows,
            "cols": display.cols,
            "clients": [
                {**present._asdict(), "typed_last": client in self._typists[-1:]}
                for client, present in zip(self.clients, self.present(), strict=True)
            ],
        }

    def _shown(self, asked: Ask) -> Shown:
        display, screen = self.display, self.display.screen
        shot = self._screens.now()
        before = None if asked.since is None else self._screens.at(asked.since)
        changed = shot.changed(before) if before else None
        self._screens.remember(shot)
        wanted = range(len(shot.rows)) if changed is None else changed
        styles = screen.styles() if asked.styled else None
        return Shown(
            rows=display.rows,
            cols=display.cols,
            cursor=screen.cursor,
            title=screen.title,
            alternate=screen.alternate,
            seq=display.end,
            lines=[shot.rows[number].text for number in wanted],
            changed=changed,
            cells=styles and [styles.cells[number] for number in wanted],
            colors=styles and styles.colors,
            cursor_shape=styles and styles.cursor_shape,
        )

    def _state(self, now: float) -> str | None:
        """What the program is doing, for those who wait for that; None where nobody does."""
        return self.doing.activity(now).state if self._waiting.is_asked else None

    def _sends(self, client: Client, data: bytes, now: float) -> None:
        """A program's text is typed from now on."""
        self._lease.typed(Typist(client.author, False, len(data)), now)
        self._touched(client, data, now)

    def _touched(self, client: Client, data: bytes, now: float) -> None:
        self._active_at = now
        self.doing.typed(data, now)
        self._waiting.typed(now)

    def _add(self, client: Client) -> None:
        if client not in self.clients:
            self.clients.append(client)
        if self._leader is None and _can_lead(client):
            self._lead(client)

    def _lead(self, client: Client) -> None:
        self._leader = client
        if not client.rows or (client.rows, client.cols) == self.size:
            return
        self._screens.changes()
        self.keyboard.answer(self.display.resize(client.rows, client.cols))
        self._waiting.resized()
        for other in self.clients:
            other.repaint()


def _can_lead(client: Client) -> bool:
    return bool(client.rows) and not client.watching
