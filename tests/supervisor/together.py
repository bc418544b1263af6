"""A hub with clients, without sockets: what each says goes in, what each is sent comes out."""

from __future__ import annotations

import struct
from typing import Any

from tests.supervisor.plain import PlainQueries, PlainScreen
from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import Frames, Hello, Kind
from vibenv_core.supervisor.hub import Hub
from vibenv_core.supervisor.talk import DtachTalk, FramesTalk

PAINTS = (Kind.OUTPUT, Kind.REPAINT, Kind.VIEW)


def hub(rows: int = 24, cols: int = 80) -> Hub:
    """A session nobody has attached to."""
    return Hub(PlainScreen(), PlainQueries(), rows=rows, cols=cols, pid=1, now=0.0)  # type: ignore[arg-type]


class Frank:
    """A client that speaks frames."""

    def __init__(self, hub: Hub, name: str = "frank", rows: int = 24, cols: int = 80, **more: Any) -> None:
        self.taken = 0
        self._typed = 0
        self._talk = FramesTalk(hub)
        self._frames = Frames()
        self.say(frames.said(Kind.HELLO, Hello(client=name, rows=rows, cols=cols, **more)._asdict()))

    @property
    def may_speak(self) -> bool:
        return self._talk.may_speak

    @property
    def over(self) -> bool:
        return self._talk.client is not None and self._talk.client.over

    def say(self, data: bytes, now: float = 0.0) -> None:
        self._talk.receive(data, now)

    def type(self, data: bytes, now: float = 0.0, at: int | None = None) -> None:
        position = self._typed if at is None else at
        self.say(frames.positioned(Kind.INPUT, position, data), now)
        self._typed = position + len(data)

    def resize(self, rows: int, cols: int) -> None:
        self.say(frames.sized(Kind.SIZE, rows, cols))

    def ask(self, what: str, now: float = 0.0, identity: Any = 1, **more: Any) -> None:
        """Ask for something; what comes of it is in `answers`."""
        self.say(frames.said(Kind.REQUEST, {"id": identity, "do": what, **more}), now)

    def send(self, text: str, now: float = 0.0, at: int = 0, **more: Any) -> None:
        """Ask to type."""
        self.ask("send", now, at=at, parts=[{"text": text}], **more)

    def answers(self, now: float = 0.0) -> list[dict[str, Any]]:
        """What has come of what was asked, since that was heard last."""
        return [what for kind, what in self.hear(now) if kind == Kind.ANSWER]

    def take(self) -> None:
        """Say that all which came is on the terminal."""
        self.say(frames.positioned(Kind.TAKEN, self.taken))

    def due(self, now: float) -> float | None:
        assert self._talk.client
        return self._talk.client.due(now)

    def hear(self, now: float = 0.0, *, takes: bool = True) -> list[tuple[Kind, Any]]:
        """All that is sent: kinds with what they carry, text for what is painted."""
        heard: list[tuple[Kind, Any]] = []
        assert self._talk.client
        while data := self._talk.client.pull(now):
            for frame in self._frames.feed(data):
                kind = Kind(frame.kind)
                if kind in PAINTS:
                    position, painted = frames.position(frame.payload)
                    self.taken += len(painted)
                    heard.append((kind, (position, painted)))
                elif kind == Kind.TYPED:
                    heard.append((kind, frames.position(frame.payload)[0]))
                elif kind == Kind.SESSION_SIZE:
                    heard.append((kind, frames.size(frame.payload)))
                elif kind in (Kind.NOTICE, Kind.RECORD):
                    heard.append((kind, frame.payload.decode()))
                else:
                    heard.append((kind, frames.plain(frame.payload)))
            if takes:
                self.take()
        return heard


class Dora:
    """A client that speaks dtach's packets."""

    def __init__(self, hub: Hub, rows: int = 24, cols: int = 80, *, attaches: bool = True) -> None:
        self.talk = DtachTalk(hub)
        if attaches:
            self.send(1)
            self.send(4, 3, rows, cols)

    def send(self, kind: int, length: int = 0, rows: int = 0, cols: int = 0, now: float = 0.0) -> None:
        self.talk.receive(struct.pack("=BB4H", kind, length, rows, cols, 0, 0), now)

    def type(self, data: bytes) -> None:
        self.talk.receive(struct.pack("=BB8s", 0, len(data), data), 0.0)

    def hear(self, now: float = 0.0) -> bytes:
        return b"".join(iter(lambda: self.talk.client.pull(now), b""))


def read(hub: Hub, most: int = 1 << 30) -> bytes:
    """The program reads all that waits for it, or so many bytes."""
    keys = b""
    while piece := (hub.keyboard.next() or b"")[: most - len(keys)]:
        keys += piece
        hub.keyboard.wrote(len(piece))
    return keys
