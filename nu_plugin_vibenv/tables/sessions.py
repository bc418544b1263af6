"""Sessions as rows, what they take of their host, and the ways to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vibenv_core.errors import VibenvError

from ..sdk import Filesize
from . import cells, empty, error_record, shown, whole_ms, whole_s

if TYPE_CHECKING:
    from vibenv_core.attach import Attached
    from vibenv_core.batch import Outcome
    from vibenv_core.forward_plan import Forward
    from vibenv_core.model import Session, SessionDetails, Usage
    from vibenv_core.supervisor.status import Keys, Present, Status


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session, in as many columns as fit a terminal."""

    name: str
    state: str
    created: datetime
    uptime: timedelta | None
    image: str


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A session and what it is doing, in as many columns as fit a terminal of 100."""

    name: str
    state: str
    activity: str | None
    since: datetime | None
    clients: int
    created: datetime
    image: str


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One that looks at a session's terminal; `leads`: the terminal has its size."""

    author: str
    person: bool
    kind: str
    rows: int
    cols: int
    watching: bool
    leads: bool


@dataclass(frozen=True, slots=True)
class SessionDetailsRow:
    """A session with all that is known of it; `source`, `app`, `kind`, `progress` and `message` are of its
    activity, `attached` are its clients."""

    name: str
    state: str
    activity: str | None
    since: datetime | None
    source: str | None
    app: str | None
    kind: str | None
    progress: int | None
    message: str | None
    title: str | None
    clients: int
    keys: str | None
    attached: list[ClientRow]
    created: datetime
    uptime: timedelta | None
    image: str
    command: list[str]
    access: str
    size: Filesize
    cpus: float | None
    memory: Filesize | None
    cpu_shares: int | None
    pids_limit: int | None
    started: datetime | None
    ended: datetime | None
    exit_code: int | None
    version: str
    log: str | None
    host: str
    id: str


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What a session takes of its host; `cpu` is in percent of one processor."""

    name: str
    cpu: float
    memory: Filesize
    memory_limit: Filesize
    network_in: Filesize
    network_out: Filesize
    pids: int
    pids_limit: int | None


@dataclass(frozen=True, slots=True)
class AttachedRecord:
    """How a look at a session's terminal ended: `detached`, `ended` or `lost`; `exit_code` where it ended."""

    name: str
    reason: str
    duration: timedelta
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class ForwardRow:
    """A session's port at a port of this machine; `detail` is what there is to be said of it."""

    name: str
    host: str
    port: int
    local: int
    url: str
    since: datetime
    detail: str | None


def session_row(session: Session) -> SessionRow:
    """A session as `vibenv list` shows it."""
    return SessionRow(
        name=session.name,
        state=session.state.value,
        created=session.created,
        uptime=whole_s(session.uptime),
        image=shown(short_image(session.image)),
    )


def listed_row(session: Session, status: Status | None) -> ListedRow:
    """A session as `vibenv list` shows it."""
    return ListedRow(
        name=session.name,
        state=session.state.value,
        activity=status and shown(status.activity.state),
        since=status and moment(status.activity.since),
        clients=len(status.clients) if status else 0,
        created=session.created,
        image=shown(short_image(session.image)),
    )


def moment(seconds: float) -> datetime:
    """A time of a supervisor's."""
    return datetime.fromtimestamp(seconds, UTC)


def holder(keys: Keys | None) -> str | None:
    """Who types, None when nobody does."""
    if keys is None:
        return None
    return shown(keys.author) or ("a person" if keys.person else "a program")


def session_details_row(details: SessionDetails) -> SessionDetailsRow:
    """A session as `vibenv list --long` shows it."""
    session, status = details.session, details.status
    activity = status and status.activity
    return SessionDetailsRow(
        name=session.name,
        state=session.state.value,
        activity=activity and shown(activity.state),
        since=activity and moment(activity.since),
        source=activity and shown(activity.source),
        app=activity and shown_or_none(activity.app),
        kind=activity and shown_or_none(activity.kind),
        progress=activity and activity.progress,
        message=activity and shown_or_none(activity.message),
        title=status and shown_or_none(status.title),
        clients=len(status.clients) if status else 0,
        keys=status and holder(status.keys),
        attached=[_client_row(client) for client in status.clients] if status else [],
        created=session.created,
        uptime=whole_s(session.uptime),
        image=shown(session.image),
        command=[shown(word) for word in session.command],
        access=details.access.value,
        size=Filesize(details.size),
        cpus=details.cpus,
        memory=None if details.memory is None else Filesize(details.memory),
        cpu_shares=details.cpu_shares,
        pids_limit=details.pids_limit,
        started=details.started,
        ended=details.ended,
        exit_code=session.exit_code,
        version=shown(session.version),
        log=details.log,
        host=session.host,
        id=session.id,
    )


def shown_or_none(text: str | None) -> str | None:
    """Text that a program may have said, as it can be shown."""
    return shown(text) if text else None


def _client_row(client: Present) -> ClientRow:
    return ClientRow(**{**client._asdict(), "author": shown(client.author), "kind": shown(client.kind)})


def outcome_row(outcome: Outcome[Session]) -> dict[str, object]:
    """A session, or the error instead, as one of several: the columns of SessionRow and `error`."""
    result = outcome.result
    if isinstance(result, VibenvError):
        return {**empty(SessionRow), "name": outcome.name, "error": error_record(result)}
    return {**cells(session_row(result)), "error": None}


def usage_row(name: str, usage: Usage) -> UsageRow:
    """What a session takes, as `vibenv stats` shows it."""
    return UsageRow(
        name=name,
        cpu=round(usage.cpu * 100, 1),
        memory=Filesize(usage.memory),
        memory_limit=Filesize(usage.memory_limit),
        network_in=Filesize(usage.network_in),
        network_out=Filesize(usage.network_out),
        pids=usage.pids,
        pids_limit=usage.pids_limit,
    )


def short_image(reference: str) -> str:
    """An image's name without its registry and the tag `latest`, which are the same in every row."""
    return reference.rpartition("/")[2].removesuffix(":latest")


def attached_record(attached: Attached) -> AttachedRecord:
    """How a session's terminal was left, as `vibenv attach` shows it."""
    return AttachedRecord(
        name=attached.name,
        reason=attached.reason.value,
        duration=whole_ms(attached.duration),
        exit_code=attached.exit_code,
    )


def forward_row(forward: Forward, detail: str | None) -> ForwardRow:
    """A forward as `vibenv forward` and `vibenv forwards` show it."""
    return ForwardRow(
        name=forward.name,
        host=forward.host,
        port=forward.port,
        local=forward.local,
        url=f"http://127.0.0.1:{forward.local}",
        since=forward.since,
        detail=detail,
    )
