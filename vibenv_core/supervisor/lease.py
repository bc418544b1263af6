"""Who holds the keys: whoever typed last, for a while. A person's typing goes before a program's. Pure.

Times are of a monotonic clock, in seconds.
"""

from __future__ import annotations

from typing import NamedTuple

from .status import Keys

HELD_S = 3.0
"""So long after its last key nobody else's program may type."""


class Typist(NamedTuple):
    """Who types."""

    author: str
    person: bool
    size: int | None = None
    """Bytes of a text that a program sends."""


class Lease:
    """The right to type without being disturbed, and who has made use of it."""

    def __init__(self) -> None:
        self._keys: Keys | None = None
        self._last: Keys | None = None
        self._typists: list[Typist] = []

    def keys(self, now: float) -> Keys | None:
        """Who holds them; None when nobody has typed for a while."""
        return self._keys if self._keys and now < self._keys.until else None

    def person(self, now: float) -> Keys | None:
        """The person that holds them, if one does."""
        keys = self.keys(now)
        return keys if keys and keys.person else None

    def typed(self, typist: Typist, now: float) -> None:
        """Somebody has typed; a program does not take the keys from a person."""
        last, self._last = self._last, Keys(typist.author, typist.person, now + HELD_S)
        goes_on = last and last[:2] == self._last[:2] and now < last.until
        if typist.size is not None or not goes_on:
            self._typists.append(typist)
        if typist.person or not self.person(now):
            self._keys = self._last

    def typists(self) -> list[Typist]:
        """Who has begun to type or sent a text since this was asked last, in their order."""
        typists, self._typists = self._typists, []
        return typists
