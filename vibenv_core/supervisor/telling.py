"""When the supervisor says anew how the session is: at each change, but not too often. Pure.

What comes too fast is left out; the latest is said in any case. Times are of a monotonic clock, in seconds.
"""

from __future__ import annotations

from .status import Status, line, moved

_BURST = 10
_PAUSE_S = 0.1
"""Between two lines beyond the burst."""
_DETAIL_S = 1.0
"""Between two lines that differ in details only."""
_KEYS_S = 1.5
"""So long before the keys are free again it is said that they are held for longer."""
_SET_ANEW_S = 0.5
"""By so much the time of day differs once it was set anew; less, and the same time is said of the same."""


class Telling:
    """What was said last, and what of it is still to be written."""

    def __init__(self) -> None:
        self.unsent = memoryview(b"")
        """The rest of a line that nobody reads for now."""
        self.due: float | None = None
        """When something is to be said that has to wait a little."""
        self._told: Status | None = None
        self._told_at = 0.0
        self._ahead = 0.0
        self._free_at = 0.0
        """When as much may be said as ever."""

    def is_news(self, status: Status) -> bool:
        """Whether to say this now; if it has to wait a little, `due` tells for how long."""
        self.due = None
        if self.unsent:
            return False
        if not self._differs(status):
            self.due = status.keys.until if status.keys and status.keys.until > status.at else None
            return False
        now = status.at
        if status.activity.state != "exited":
            at = self._free_at - _BURST * _PAUSE_S
            if self._told and _plain(status) == _plain(self._told):
                at = max(at, self._told_at + _DETAIL_S)
            if at > now:
                self.due = at
                return False
        return True

    def tell(self, status: Status, wall: float) -> None:
        """Say it; `wall` is the time of day, in seconds since 1970."""
        self._told, self._told_at = status, status.at
        self._free_at = max(self._free_at, status.at) + _PAUSE_S
        if abs(wall - status.at - self._ahead) > _SET_ANEW_S:
            self._ahead = wall - status.at
        self.unsent = memoryview(line(moved(status, self._ahead)))

    def _differs(self, status: Status) -> bool:
        told = self._told
        if told is None or status._replace(at=told.at, keys=told.keys) != told:
            return True
        if status.keys is None or told.keys is None:
            return status.keys != told.keys
        who, before = status.keys, told.keys
        if who._replace(until=before.until) != before:
            return True
        return before.until < min(who.until, status.at + _KEYS_S)


def _plain(status: Status) -> tuple[object, ...]:
    """What is said at once."""
    activity = status.activity
    return activity.state, activity.source, activity.id, status.clients, status.keys and status.keys.author
