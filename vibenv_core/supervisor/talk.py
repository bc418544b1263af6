"""What a client says, acted on: bytes of a connection to calls of the hub. Pure.

Garbage ends the connection it came from and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from . import dtach, frames, requests
from .frames import LARGEST_FROM_CLIENT, VERSION, Frame, Frames, Hello, Kind, Refused

if TYPE_CHECKING:
    from .client import Client
    from .frames_client import FramesClient
    from .hub import Hub

_LONGEST_NAME = 128


class Talk(Protocol):
    """One side of a conversation with a client."""

    @property
    def client(self) -> Client | None:
        """Who speaks; None before that is said."""

    def receive(self, data: bytes, now: float) -> None:
        """Act on what the client sent. Raises: Refused (close the connection)."""

    @property
    def may_speak(self) -> bool:
        """Whether it is to be read from: not while what it said before waits for others."""


class DtachTalk:
    """With a client that sends dtach's packets."""

    def __init__(self, hub: Hub) -> None:
        self.client = hub.dtach_client()
        self._hub = hub
        self._packets = dtach.Packets()

    def receive(self, data: bytes, now: float) -> None:
        """Act on packets; broken ones are passed over, as dtach does."""
        typed = bytearray()
        for packet in self._packets.feed(data):
            match packet.kind:
                case dtach.Kind.PUSH:
                    typed += packet.typed
                case dtach.Kind.ATTACH:
                    self._hub.attach(self.client, now)
                case dtach.Kind.DETACH:
                    self.client.detach()
                    self._hub.leave(self.client)
                case dtach.Kind.WINCH | dtach.Kind.REDRAW:
                    self._hub.sized(self.client, packet.rows, packet.cols)
        if typed:
            self._hub.typed(self.client, bytes(typed), now)

    @property
    def may_speak(self) -> bool:
        """Not while the program has not read what it typed."""
        return not self._hub.keyboard.is_full(self.client.name)


class FramesTalk:
    """With a client that sends frames, a HELLO first."""

    def __init__(self, hub: Hub) -> None:
        self.client: FramesClient | None = None
        self._hub = hub
        self._frames = Frames(LARGEST_FROM_CLIENT)

    def receive(self, data: bytes, now: float) -> None:
        """Act on frames; those of an unknown kind are passed over. Raises: Refused."""
        for frame in self._frames.feed(data):
            if self.client is None:
                self.client = self._hub.frames_client(_hello(frame))
            elif not self.client.over:
                self._act(self.client, frame, now)

    @property
    def may_speak(self) -> bool:
        """Not while the program has not read what it typed, or it has not read its answers."""
        client = self.client
        return client is None or not (client.is_deaf or self._hub.keyboard.is_full(client.name))

    def _act(self, client: FramesClient, frame: Frame, now: float) -> None:
        match frame.kind:
            case Kind.INPUT:
                at, data = frames.position(frame.payload)
                self._hub.typed(client, data, now, at)
                client.typed()
                if not self.may_speak:
                    client.notice("the program does not read what is typed")
            case Kind.SIZE:
                self._hub.sized(client, *frames.size(frame.payload))
            case Kind.TAKEN:
                if not client.took(frames.position(frame.payload)[0]):
                    raise Refused("more taken than was sent")
            case Kind.REQUEST:
                self._answer(client, frames.plain(frame.payload), now)
            case _:
                pass

    def _answer(self, client: FramesClient, request: dict[str, Any], now: float) -> None:
        identity = request.get("id")
        if client.is_deaf:  # what came with one read is not held back by `may_speak`
            client.answer(identity, requests.Refusal("too many answers wait to be read", "bad_request"))
            return
        if request.get("do") == "state":
            client.say(frames.said(Kind.ANSWER, {"id": identity, **self._hub.state(now)}))
            return
        if request.get("do") == "records":
            client.subscribe(self._hub.doing.records)
            client.say(frames.said(Kind.ANSWER, {"id": identity}))
            return
        try:
            self._hub.ask(client, requests.read(request), identity, now)
        except requests.Wrong as error:
            client.answer(identity, error.refusal)


def _hello(frame: Frame) -> Hello:
    if frame.kind != Kind.HELLO:
        raise Refused("no HELLO")
    told = frames.plain(frame.payload)
    hello = Hello(**({"client": ""} | {name: told[name] for name in Hello._fields if name in told}))
    match hello:
        case Hello(client=str(name), rows=int(rows), cols=int(cols), watching=bool(), history=int()) if (
            0 < len(name) <= _LONGEST_NAME
            and min(rows, cols) >= 0
            and isinstance(hello.author, str)
            and isinstance(hello.person, bool)
            and isinstance(hello.since, int | None)
            and hello.version == VERSION
        ):
            return hello
        case _:
            raise Refused("a HELLO that says something impossible")
