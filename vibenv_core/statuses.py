"""How a session is: from its container's state, and from what its supervisor said last. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from .model import Session, SessionState
from .supervisor.status import Activity, Status, parse

EXITED = "exited"
_RUNS = (SessionState.RUNNING, SessionState.PAUSED)


def status(session: Session, said: bytes, now: datetime) -> Status | None:
    """How `session` is, when `said` is the last line of its supervisor; None where that is not known.

    Nobody is attached to one that has ended, whatever was said before.
    """
    known = parse(said)
    has_ended = known is not None and known.activity.state == EXITED
    if session.state in _RUNS:
        return None if has_ended else known  # it has said nothing since it was started again
    if session.exit_code is None:
        return None
    if known is not None and has_ended:
        ended = known.activity._replace(exit_code=session.exit_code)
    else:  # it was killed, or is of an older vibenv
        since = (now - (session.downtime or timedelta(0))).timestamp()
        ended = Activity(EXITED, since, source="exit", exit_code=session.exit_code)
    title = "" if known is None else known.title
    return Status(at=ended.since, activity=ended, title=title)
