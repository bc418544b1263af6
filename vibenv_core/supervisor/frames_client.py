"""What a client is owed that speaks in frames: it says what it took, and is told how far its typing is."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .client import Client
from .frames import OUTPUT_WINDOW, Kind, Welcome, frame, positioned, said, sized
from .records import Subscription

if TYPE_CHECKING:
    from .display import Display
    from .keyboard import Keyboard
    from .records import Records
    from .requests import Answer

_MOST_HISTORY = 1 << 19
_MOST_NOTICES = 16
_RECORDS = 16
_RECORDS_S = 0.25
"""So many records are told at most at once, and so long after others."""
_MOST_WATCHED = 1 << 18
"""Bytes of answers that may wait for a client, before it is not read from."""


class FramesClient(Client):
    """A client that says how much it has taken, and is told how far its typing is."""

    kind = "frames"

    def __init__(self, name: str, display: Display, keyboard: Keyboard) -> None:
        super().__init__(name, display)
        self._keyboard = keyboard
        self._sent = 0
        self._taken = 0
        self._told: tuple[int, int] | None = None
        self._owes_typed = False
        self._typed = 0
        self._words: deque[bytes] = deque()
        self._words_size = 0
        self._notices = 0
        self._records: Subscription | None = None
        self._records_at = 0.0

    def begin(self, *, rows: int, cols: int, watching: bool, history: int) -> None:
        """It has said who it is."""
        self.rows, self.cols, self.watching = rows, cols, watching
        self._shows = bool(rows)
        self._history = max(0, min(history, _MOST_HISTORY))

    def welcome(self, since: int | None) -> None:
        """Greet it, once it is settled who leads. With a `since` that is still good it goes on from there."""
        display = self._display
        size = (display.rows, display.cols)
        oldest = max(display.start, display.resized_at)
        if since is not None and oldest <= since <= display.end and size == (self.rows, self.cols):
            self._painted, self._at = True, since
        self._told = size
        self._typed = self._keyboard.position(self.name)
        self.say(said(Kind.WELCOME, Welcome(typed=self._typed, rows=size[0], cols=size[1])._asdict()))

    def took(self, count: int) -> bool:
        """It has brought that many bytes onto its terminal; False if that cannot be."""
        possible = self._taken <= count <= self._sent
        if possible:
            self._taken = count
        return possible

    def typed(self) -> None:
        """It has typed, so it is told how far that is."""
        self._owes_typed = True

    def notice(self, text: str) -> None:
        """Tell its user something; left out where much of that waits already."""
        if self._shows and self._notices < _MOST_NOTICES:
            self._notices += 1
            plain = "".join(character if character.isprintable() else " " for character in text)
            self.say(frame(Kind.NOTICE, plain.encode()))

    def subscribe(self, records: Records) -> None:
        """It wants to know of programs' records from now on."""
        self._records = Subscription(records)

    def pull(self, now: float) -> bytes:
        """As for each client; records come last, where they are amid nothing else on its terminal."""
        piece = super().pull(now)
        if piece or self.over or not self._records or not self._records.is_behind or now < self._records_at:
            return piece
        if self._shows and not (
            self._has_all() and (self._view or self._display.screen.is_between_sequences)
        ):
            return b""
        self._records_at = now + _RECORDS_S
        reports = self._records.news(_RECORDS)
        return b"".join(frame(Kind.RECORD, report.encoded().encode()) for report in reports)

    def due(self, now: float) -> float | None:
        """As for each client."""
        due = super().due(now)
        if self._records and self._records.is_behind and self._records_at > now:
            return min(self._records_at, due or self._records_at)
        return due

    def answer(self, identity: object, what: Answer) -> None:
        """Say what came of its request."""
        self.say(said(Kind.ANSWER, {"id": identity, **what._asdict()}))

    def say(self, word: bytes) -> None:
        """Send it a frame, before any output."""
        self._words.append(word)
        self._words_size += len(word)

    @property
    def is_deaf(self) -> bool:
        """Whether so many answers wait for it that it should not be asked for more questions."""
        return self._words_size > _MOST_WATCHED

    def _word(self) -> bytes:
        words = b"".join(self._words)
        self._words.clear()
        self._words_size = self._notices = 0
        position = self._keyboard.position(self.name)
        if self._owes_typed or position != self._typed:
            self._owes_typed, self._typed = False, position
            words += positioned(Kind.TYPED, position)
        size = (self._display.rows, self._display.cols)
        if self._shows and self._told not in (None, size):
            self._told = size
            words += sized(Kind.SESSION_SIZE, *size)
        return words

    def _last_word(self, exit_code: int) -> bytes:
        return said(Kind.ENDED, {"exit_code": exit_code})

    def _outstanding(self) -> int:
        return self._sent - self._taken

    def _room(self) -> int:
        return max(0, OUTPUT_WINDOW - self._outstanding())

    def _wrap(self, kind: Kind, position: int, data: bytes) -> bytes:
        self._sent += len(data)
        return positioned(kind, position, data)
