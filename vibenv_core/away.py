"""The near side of a session's terminal while its host cannot be reached: when to try again, and the line
that says so. Pure; `reconnect` does the I/O.
"""

from __future__ import annotations

from .detach_key import DetachKey

_PAUSE_S = 0.5, 8.0
"""Between two attempts, at first and at most; each pause is twice the one before."""
_UNNOTICED_S = 0.5
"""What is over within this is not worth a line."""


class Away:
    """One time without a connection. Times are seconds of any one clock that never goes back."""

    def __init__(self, host: str, now: float) -> None:
        self.detached = False
        """Whether the detach key was typed."""
        self.to_screen = bytearray()
        self._host = host
        self._since = now
        self._due = now
        self._pause_s = _PAUSE_S[0]
        self._reason = ""
        self._key = DetachKey()
        self._dropped = 0
        self._shown = ""

    def typed(self, data: bytes) -> None:
        """Drop what was typed, the detach key aside: nobody sees now where it would go."""
        passed, self.detached = self._key.feed(data)
        self._dropped += len(passed)

    def is_due(self, now: float) -> bool:
        """Whether to try to connect."""
        return now >= self._due

    def failed(self, reason: str, now: float) -> None:
        """Take note of an attempt that failed."""
        self._reason = reason
        self._due = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, _PAUSE_S[1])

    def tick(self, now: float, rows: int, cols: int) -> None:
        """Have the last row of the screen say how things are; what it showed, the program paints again."""
        gone_s = now - self._since
        if gone_s < _UNNOTICED_S:
            return
        parts = [f" no connection to {self._host} for {gone_s:.0f} s", "ctrl-\\ detaches"]
        if self._dropped:
            parts.append(f"{self._dropped} typed bytes were dropped")
        if self._reason:
            parts.append(self._reason)
        text = "; ".join(parts)[:cols]
        if text != self._shown:
            self._shown = text
            self.to_screen += b"\x1b7" + _at_row(rows) + b"\x1b[7m" + text.encode() + b"\x1b[m\x1b[K\x1b8"

    def over(self, rows: int) -> None:
        """Take the line away."""
        if self._shown:
            self.to_screen += b"\x1b7" + _at_row(rows) + b"\x1b[m\x1b[K\x1b8"
            self._shown = ""


def _at_row(row: int) -> bytes:
    return b"\x1b[%d;1H" % row
