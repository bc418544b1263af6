"""Who holds the keys: whoever typed last, for a while. A person's typing goes before a program's. Pure.

Times are of a monotonic clock, in seconds.
"""

from __future__ import annotations

from .status import Keys

HELD_S = 3.0
"""So long after its last key nobody else's program may type."""


class Lease:
    """The right to type without being disturbed."""

    def __init__(self) -> None:
        self._keys: Keys | None = None

    def keys(self, now: float) -> Keys | None:
        """Who holds them; None when nobody has typed for a while."""
        return self._keys if self._keys and now < self._keys.until else None

    def person(self, now: float) -> Keys | None:
        """The person that holds them, if one does."""
        keys = self.keys(now)
        return keys if keys and keys.person else None

    def typed(self, author: str, *, person: bool, now: float) -> None:
        """Somebody has typed; a program does not take the keys from a person."""
        if person or not self.person(now):
            self._keys = Keys(author, person, now + HELD_S)
