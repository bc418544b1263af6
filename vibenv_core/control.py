"""A program's side of a connection to a session's supervisor, frames in and out. Pure.

`asking` does the I/O. Times are seconds of any one clock that never goes back.
"""

from __future__ import annotations

import json
from typing import Any

from .heartbeat import Heartbeat
from .supervisor import frames
from .supervisor.frames import Frames, Kind
from .supervisor.requests import Ask, Send, Wait

Request = Ask | Send | Wait
Answer = dict[str, Any]
"""As it came: the fields of what `supervisor.requests` says, or of a Refusal."""

_DO = {Ask: "screen", Send: "send", Wait: "wait"}
_STATE = "state"
"""The id of the question beside a request that may wait: its answer tells that the session has heard."""


class Control:
    """One connection, on which one thing is asked after the other."""

    def __init__(self, *, client: str, typed: int, now: float) -> None:
        """`client` is a name that no other client has, and `typed` how far it is."""
        self.client = client
        self.typed = typed
        self.reached = False
        """Whether the session has welcomed it."""
        self.ended = False
        """Whether the session's program has."""
        self.seq: int | None = None
        """The position in the program's output when the request came there; None until that is told."""
        self.to_session = bytearray()
        self._beat = Heartbeat(now)
        self._frames = Frames()
        self._number = 0

    def ask(self, request: Request, now: float) -> None:
        """Ask something."""
        self.to_session += b"".join(frames.said(Kind.REQUEST, each) for each in self._said(request, now))

    def first(self, request: Request, now: float) -> str:
        """Ask something with the HELLO, instead: as lines of JSON."""
        return "\n".join(json.dumps(each, separators=(",", ":")) for each in self._said(request, now))

    def opened(self, now: float) -> None:
        """The session is told HELLO."""
        self._beat = Heartbeat(now)

    def received(self, data: bytes, now: float) -> Answer | None:
        """Take what came: the answer to what was asked last, if that is in it. Raises: Refused."""
        if data:
            self._beat.heard(now)
        answer = None
        for frame in self._frames.feed(data):
            match frame.kind:
                case Kind.WELCOME:
                    self._welcome(frame.payload)
                case Kind.ANSWER:
                    answer = self._answer(frames.plain(frame.payload)) or answer
                case Kind.TYPED:
                    pass
                case Kind.ENDED:
                    self.ended = True
                case _:
                    continue
            self._beat.answered(now)
        return answer

    def tick(self, now: float) -> None:
        """After a long silence, have the session say something: INPUT of nothing is answered by TYPED."""
        if self.reached and self._beat.is_due(now):
            self.to_session += frames.positioned(Kind.INPUT, self.typed)
            self._beat.asked(now)

    def is_lost(self, now: float) -> bool:
        """Whether nothing will come any more."""
        return self._beat.is_lost(now)

    def due(self) -> float:
        """When `tick` has something to do next, or `is_lost` changes."""
        return self._beat.due()

    def _said(self, request: Request, now: float) -> list[dict[str, Any]]:
        self._number += 1
        self.seq, self._beat = None, Heartbeat(now)
        given = {name: value for name, value in request._asdict().items() if value is not None}
        said = [{"id": self._number, "do": _DO[type(request)], **given}]
        return said if isinstance(request, Ask) else [{"id": _STATE, "do": _STATE}, *said]

    def _welcome(self, payload: bytes) -> None:
        said = frames.plain(payload)
        self.reached = True
        if said.get("version") != frames.VERSION:
            raise frames.Refused("a session of a later vibenv")

    def _answer(self, said: Answer) -> Answer | None:
        if said.get("id") == _STATE:
            self.seq = said.get("seq")
        if said.pop("id", None) != self._number:
            return None
        if isinstance(typed := said.get("typed"), int):
            self.typed = typed
        return said
