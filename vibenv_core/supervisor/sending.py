"""What programs type: each `send` as one piece, one after the other, and none while a person types. Pure.

Times are of a monotonic clock, in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import keys
from .requests import Answer, Refusal, Send, Sent

if TYPE_CHECKING:
    from .client import Client
    from .display import Display
    from .keyboard import Keyboard
    from .lease import Lease
    from .screens import Screens

_UNREAD_S = 2.0
"""A program that has read nothing for so long does not read."""
_MOST = 256
_ANY_KEY = keys.Modes(other_keys=True)
"""With these each key can be sent that there is."""


class _Sending:
    """One `send`."""

    def __init__(self, client: Client, send: Send, answer: Callable[[Answer], None], now: float) -> None:
        self.client = client
        self.send = send
        self.asked = _asked(send)
        self.answer: Callable[[Answer], None] | None = answer
        """None when whoever asked for it has gone."""
        self.deadline = now + send.wait_s
        self.pieces: list[keys.Piece] = []
        self.end = self.seq = 0
        """Where it ends among what its client typed, and the position in the output when it began."""
        self.result: Answer | None = None
        self.read = 0
        self.read_at = now
        """How far the program has read, and since when it has not read on."""


class Sending:
    """Those that wait, the one that is typed, and what came of each client's last."""

    def __init__(
        self, display: Display, keyboard: Keyboard, lease: Lease, screens: Screens, typed: Callable[..., None]
    ) -> None:
        """`typed` is told of each that begins: its client, how many bytes, and when."""
        self._display = display
        self._keyboard = keyboard
        self._lease = lease
        self._screens = screens
        self._typed = typed
        self._waiting: list[_Sending] = []
        self._now: _Sending | None = None
        self._last: dict[str, _Sending] = {}

    def ask(self, client: Client, send: Send, answer: Callable[[Answer], None], now: float) -> None:
        """Type, as soon as that may be. What comes of it is answered once."""
        try:
            keys.typed(send.parts, _ANY_KEY)
        except keys.BadKey as error:
            return answer(Refusal(str(error), "bad_key"))
        except UnicodeError:
            return answer(Refusal("there is something in the text that is no character", "bad_request"))
        if self._display.exit_code is not None:
            return answer(_ENDED)
        last = self._last.get(client.name)
        if send.at < self._keyboard.taken(client.name):
            if last is None or last.asked != _asked(send):
                return answer(Refusal("something else was typed there already", "bad_request"))
            last.answer = answer
            return self._tell(last)
        if len(self._waiting) >= _MOST:
            return answer(Refusal(f"{_MOST} others wait to type", "bad_request"))
        self._waiting = [other for other in self._waiting if other.client is not client]
        self._waiting.append(_Sending(client, send, answer, now))
        self.tick(now)
        return None

    def person_typed(self, now: float) -> None:
        """A person types next: what the program has not of what is being sent is given up before that."""
        self._progress(now)
        if sending := self._now:
            self._give_up(sending, self._held(now))

    def leave(self, client: Client) -> None:
        """It has gone. What it has begun to send is still typed, as it may come again to ask for that."""
        self._waiting = [other for other in self._waiting if other.client is not client]
        if self._now and self._now.client is client:
            self._now.answer = None

    def tick(self, now: float) -> bool:
        """Answer what is typed, and begin what may be; tells if there is something new to be typed."""
        begun = False
        self._progress(now)
        while self._waiting and not self._now and not self._lease.person(now):
            self._begin(self._waiting.pop(0), now)
            begun = self._now is not None
        if self._lease.person(now):
            for sending in [each for each in self._waiting if now >= each.deadline]:
                self._waiting.remove(sending)
                self._finish(sending, self._held(now))
        if stuck := self._now:
            for sending in [each for each in self._waiting if now >= self._unread_at(stuck, each)]:
                self._waiting.remove(sending)
                self._finish(sending, _UNREAD)
        return begun

    def ended(self) -> None:
        """There is no program any more."""
        for sending in [*self._waiting, *([self._now] if self._now else [])]:
            self._finish(sending, _ENDED)
        self._waiting, self._now = [], None

    def due(self, now: float) -> float | None:
        """When to `tick` though nothing has happened."""
        typed = self._now
        times = [self._unread_at(typed, each) for each in (typed, *self._waiting)] if typed else []
        if self._waiting and (person := self._lease.person(now)):
            times += [person.until, *(each.deadline for each in self._waiting)]
        return min(times, default=None)

    def _begin(self, sending: _Sending, now: float) -> None:
        client, send = sending.client, sending.send
        try:
            sending.pieces = keys.typed(send.parts, self._display.screen.typing)
        except keys.BadKey as error:
            return self._finish(sending, Refusal(str(error), "bad_key"))
        data = b"".join(piece.data for piece in sending.pieces)
        sending.seq = self._display.end
        self._screens.told()
        self._keyboard.take(client.name, send.at, data, withdrawable=True)
        sending.end = self._keyboard.taken(client.name)
        sending.read, sending.read_at = send.at, now
        self._last.pop(client.name, None)
        self._last[client.name] = self._now = sending
        if len(self._last) > _MOST:
            del self._last[next(iter(self._last))]
        self._typed(client, data, now)
        return self._progress(now)

    def _progress(self, now: float) -> None:
        """See how far the one is that is typed."""
        sending = self._now
        if sending is None:
            return
        read = self._keyboard.position(sending.client.name)
        if read > sending.read:
            sending.read, sending.read_at = read, now
        if read >= sending.end:
            self._now = None
            self._finish(sending, Sent(typed=sending.end, seq=sending.seq))
        elif now >= self._unread_at(sending, sending):
            self._give_up(sending, _UNREAD)

    @staticmethod
    def _unread_at(typed: _Sending, sending: _Sending) -> float:
        """When `sending` is given up if the program reads no more of what is `typed`."""
        return max(typed.read_at + _UNREAD_S, sending.deadline)

    def _give_up(self, sending: _Sending, why: Refusal) -> None:
        """Take back what the program has not of it, but for the end of what it has in part."""
        typed, rest = self._keyboard.position(sending.client.name) - sending.send.at, b""
        for piece in sending.pieces:
            if 0 < typed < len(piece.data):
                rest = piece.rest(typed)
            typed -= len(piece.data)
        self._now = None
        self._keyboard.withdraw(rest)
        self._finish(sending, why._replace(typed=self._keyboard.taken(sending.client.name)))

    def _held(self, now: float) -> Refusal:
        person = self._lease.person(now)
        who = (person.author if person else "") or "somebody"
        for_s = round(person.until - now, 3) if person else 0.0
        return Refusal(f"{who} is typing", "keys_held", holder=who, for_s=for_s)

    def _finish(self, sending: _Sending, result: Answer) -> None:
        sending.result, sending.pieces = result, []
        sending.send = sending.send._replace(parts=[])  # it may have been long, and many are remembered
        self._tell(sending)

    @staticmethod
    def _tell(sending: _Sending) -> None:
        if sending.result and sending.answer:
            sending.answer(sending.result)
            sending.answer = None


def _asked(send: Send) -> int:
    """The same for the same text at the same position."""
    return hash((send.at, *(pair for part in send.parts for pair in part.items())))


_UNREAD = Refusal("the program does not read what is typed", "unread")
_ENDED = Refusal("the session's program has ended", "ended")
