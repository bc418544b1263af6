"""A terminal without a connection to its session: when to try again, and the line that says so. Pure."""

from __future__ import annotations

_PAUSE_S = 0.5, 8.0
"""Between two attempts, at first and at most; each pause is twice the one before."""
_UNNOTICED_S = 0.5
"""What is over within this is not worth a line."""


class Away:
    """One time without a connection. Times are seconds of any one clock that never goes back."""

    def __init__(self, host: str, now: float, *, keys: str) -> None:
        """`keys` are those that detach, as the user knows them."""
        self._host = host
        self._keys = keys
        self._since = now
        self._due = now
        self._pause_s = _PAUSE_S[0]
        self._reason = ""

    def is_due(self, now: float) -> bool:
        """Whether to try to connect: the first time at once."""
        return now >= self._due

    def failed(self, reason: str, now: float) -> None:
        """Take note of an attempt that failed."""
        self._reason = reason
        self._due = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, _PAUSE_S[1])

    def lasts(self, now: float) -> float:
        """For how many seconds there has been no connection."""
        return now - self._since

    def line(self, now: float, *, dropped: int) -> str:
        """What the screen is to say, with how many bytes were typed and dropped; "" for nothing yet."""
        if self.lasts(now) < _UNNOTICED_S:
            return ""
        parts = [f" no connection to {self._host} for {self.lasts(now):.0f} s", f"{self._keys} detaches"]
        if dropped:
            parts.append(f"{dropped} typed bytes were dropped")
        if self._reason:
            parts.append(self._reason)
        return "; ".join(parts)
