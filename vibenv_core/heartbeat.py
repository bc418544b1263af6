"""Notices that a link has gone silent: by an answer that does not come. Pure.

Times are seconds of any one clock that never goes back.
"""

from __future__ import annotations

_PAUSE_S = 3.0
"""After so long without a word something is asked that has to be answered."""
_PATIENCE_S = 1.0
"""How long an answer may take beyond two round trips."""
_FIRST_ROUND_TRIP_S = 0.5
"""What a round trip is taken for until one was measured."""
_FORGETTING = 0.5
"""How far, with each shorter one, what is taken for a round trip comes down."""


class Heartbeat:
    """One connection: what was asked on it, and when it was heard of last."""

    def __init__(self, now: float) -> None:
        self._heard = now
        self._unanswered: float | None = now
        self._asked: float | None = None
        self._round_trip_s = _FIRST_ROUND_TRIP_S

    def asked(self, now: float) -> None:
        """Take note that something was sent that is answered at once."""
        if self._unanswered is None:
            self._unanswered = now
        if self._asked is None:
            self._asked = now

    def heard(self, now: float) -> None:
        """Take note that something came."""
        self._heard = now
        if self._unanswered is not None:
            self._unanswered = now

    def answered(self, now: float) -> None:
        """Take note that an answer came."""
        self._unanswered = None
        if self._asked is not None:
            took_s, self._asked = now - self._asked, None
            shrunk = self._round_trip_s + (took_s - self._round_trip_s) * _FORGETTING
            self._round_trip_s = max(took_s, shrunk)

    def is_due(self, now: float) -> bool:
        """Whether to ask something, as nothing was heard for long."""
        return self._unanswered is None and now >= self._heard + _PAUSE_S

    def is_lost(self, now: float) -> bool:
        """Whether nothing will come any more."""
        return self._unanswered is not None and now >= self._deadline(self._unanswered)

    def due(self) -> float:
        """When one of these two will be so."""
        return self._heard + _PAUSE_S if self._unanswered is None else self._deadline(self._unanswered)

    def _deadline(self, since: float) -> float:
        return since + 2 * self._round_trip_s + _PATIENCE_S
