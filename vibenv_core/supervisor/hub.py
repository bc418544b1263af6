"""Who is there, who leads, and what each is owed: the session as all its clients share it. Pure.

The terminal has the size of who typed last. A client that comes when nobody else is there leads at once; when
the leader goes, the one of the others that typed last does. Who only watches, or has no terminal, never does.
Times are of a monotonic clock, in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .client import Client
from .display import Display, bounded
from .doing import Doing
from .dtach_client import DtachClient
from .frames_client import FramesClient
from .keyboard import Keyboard
from .status import Keys, Present, Status

if TYPE_CHECKING:
    from .frames import Hello
    from .queries import Queries
    from .screen import Screen

_FOCUS = (b"\x1b[I", b"\x1b[O")
"""Sent by a terminal itself when its window is chosen or left: nobody typed."""


class Hub:
    """The session's terminal and its clients."""

    def __init__(
        self, screen: Screen, queries: Queries, *, rows: int, cols: int, pid: int, now: float
    ) -> None:
        self.display = Display(screen, queries, rows, cols)
        self.keyboard = Keyboard()
        self.doing = Doing(now)
        self.clients: list[Client] = []
        """Those that have said what they want, in the order in which they came."""
        self._pid = pid
        self._leader: Client | None = None
        self._typists: list[Client] = []
        self._active_at = now
        self._number = 0

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns that the session's terminal is to have."""
        return self.display.rows, self.display.cols

    def output(self, data: bytes, now: float) -> None:
        """The program has written."""
        self._active_at = now
        self.keyboard.answer(self.display.feed(data))
        self.doing.wrote(self.display.screen.events(), now)

    def notice(self, text: str) -> None:
        """Tell all users something."""
        for client in self.clients:
            client.notice(text)

    def ended(self, exit_code: int, now: float) -> None:
        """The program has ended, and all that it wrote has been said to `output`."""
        self.display.exit_code = exit_code
        self.doing.ended(exit_code, now)

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
        rows, cols = bounded(hello.rows, hello.cols)
        client.begin(rows=rows, cols=cols, watching=hello.watching, history=hello.history)
        self._add(client)
        client.welcome(hello.since)
        return client

    def leave(self, client: Client) -> None:
        """It is gone, or to be no more shown the terminal."""
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
        if position is None:
            self.keyboard.push(client.name, data)
        else:
            data = self.keyboard.take(client.name, position, data)
        if data and data not in _FOCUS:
            self._active_at = now
            self.doing.typed(data, now)
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

    def due(self, now: float) -> float | None:
        """When a client is to be pulled from next though nothing has happened."""
        times = [self.doing.due(now), *(client.due(now) for client in self.clients)]
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
        return None

    def state(self, now: float) -> dict[str, Any]:
        """How things are, as JSON says it."""
        display = self.display
        return {
            "pid": self._pid,
            "running": display.exit_code is None,
            "exit_code": display.exit_code,
            "idle_s": round(now - self._active_at, 3),
            "rows": display.rows,
            "cols": display.cols,
            "clients": list(self._described()),
        }

    def screen(self) -> dict[str, Any]:
        """What the terminal shows, as JSON says it."""
        display = self.display
        return {
            "rows": display.rows,
            "cols": display.cols,
            "cursor": display.screen.cursor,
            "title": display.screen.title,
            "alternate": display.screen.alternate,
            "lines": display.screen.lines(),
            "seq": display.end,
        }

    def _described(self) -> Iterator[dict[str, Any]]:
        for client in self.clients:
            yield {
                "kind": client.kind,
                "rows": client.rows,
                "cols": client.cols,
                "watching": client.watching,
                "leads": client is self._leader,
                "typed_last": client in self._typists[-1:],
            }

    def _add(self, client: Client) -> None:
        if client not in self.clients:
            self.clients.append(client)
        if self._leader is None and _can_lead(client):
            self._lead(client)

    def _lead(self, client: Client) -> None:
        self._leader = client
        if not client.rows or (client.rows, client.cols) == self.size:
            return
        self.keyboard.answer(self.display.resize(client.rows, client.cols))
        for other in self.clients:
            other.repaint()


def _can_lead(client: Client) -> bool:
    return bool(client.rows) and not client.watching
