"""What the commands answer with: the columns of each table, and the model's objects as such rows.

The classes are also what the signatures promise. What one command alone answers may be beside that command.
Sizes are file sizes, times are dates, spans of time are durations rounded to what a person reads.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from vibenv_core.errors import Unreachable, VibenvError
from vibenv_core.model import Verdict

from .sdk import Filesize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from _typeshed import DataclassInstance

    from vibenv_core.attach import Attached
    from vibenv_core.batch import Outcome
    from vibenv_core.forward_plan import Forward
    from vibenv_core.hosts import Context
    from vibenv_core.launcher import Launcher
    from vibenv_core.model import Check, Component, Session, SessionDetails, Step, Usage
    from vibenv_core.ssh_files import Edit


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session, in as many columns as fit a terminal."""

    name: str
    state: str
    created: datetime
    uptime: timedelta | None
    image: str


@dataclass(frozen=True, slots=True)
class SessionDetailsRow:
    """A session with all that is known of it."""

    name: str
    state: str
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
class ErrorRecord:
    """Why one of several names failed; `code` is what a script compares."""

    code: str
    msg: str
    help: str | None


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """One part of a host's stack."""

    component: str
    state: str
    version: str | None
    address: str | None
    since: datetime | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of `vibenv doctor`; `ok` is null where it is a warning."""

    check: str
    ok: bool | None
    detail: str
    fix: str | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """One report of a long command; `progress` counts from 0 to 1."""

    step: str
    state: str
    detail: str
    progress: float | None
    took: timedelta | None


@dataclass(frozen=True, slots=True)
class LauncherRecord:
    """The image that sessions run in."""

    image: str
    digest: str | None
    size: Filesize
    created: datetime | None
    cached: bool
    took: timedelta


@dataclass(frozen=True, slots=True)
class OverviewRecord:
    """A host at a glance; what serves it by its state, what it has by its version."""

    host: str
    docker: str
    registry: str
    dagger: str
    launcher: str
    sessions: int
    running: int
    next: str


@dataclass(frozen=True, slots=True)
class ContextRow:
    """One of Docker's contexts; `current` is what a command without `--host` uses."""

    name: str
    current: bool
    host: str | None
    tls: str | None
    description: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ContextRecord:
    """A context after a command about it; `changed` says whether that had anything to do."""

    name: str
    current: bool
    host: str | None
    tls: str | None
    description: str | None
    changed: bool
    detail: str | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line that was `added` to a file or `removed` from it; `line` counts from 1, where the line is."""

    line: int
    change: str
    text: str


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What was changed in a file of the user's, or would be; `backup` is the file as it was."""

    file: str
    changed: bool
    backup: str | None
    diff: list[LineRow]
    detail: str | None


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
        uptime=_whole_s(session.uptime),
        image=shown(short_image(session.image)),
    )


def session_details_row(details: SessionDetails) -> SessionDetailsRow:
    """A session as `vibenv list --long` shows it."""
    session = details.session
    return SessionDetailsRow(
        name=session.name,
        state=session.state.value,
        created=session.created,
        uptime=_whole_s(session.uptime),
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
        exit_code=details.exit_code,
        version=shown(session.version),
        log=details.log,
        host=session.host,
        id=session.id,
    )


def shown(text: str) -> str:
    """Text of labels, which anybody may have written, with what would steer a terminal spelt out."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else ascii(sign)[1:-1] for sign in text)


def usage_row(session: Session, usage: Usage) -> UsageRow:
    """What a session takes, as `vibenv stats` shows it."""
    return UsageRow(
        name=session.name,
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


def component_row(component: Component) -> ComponentRow:
    """A part of the stack as `vibenv up`, `down` and `status` show it."""
    return ComponentRow(
        component=component.component,
        state=component.state.value,
        version=component.version,
        address=component.address,
        since=component.since,
        detail=component.detail,
    )


def check_row(check: Check) -> CheckRow:
    """A check as `vibenv doctor` shows it."""
    ok = None if check.verdict is Verdict.WARN else check.verdict is Verdict.OK
    return CheckRow(check=check.check, ok=ok, detail=check.detail, fix=check.fix)


def step_row(step: Step) -> StepRow:
    """A step as `--stream` shows it."""
    return StepRow(
        step=step.step,
        state=step.state.value,
        detail=step.detail,
        progress=None if step.fraction is None else round(step.fraction, 3),
        took=None if step.took is None else whole_ms(step.took),
    )


def launcher_record(launcher: Launcher) -> LauncherRecord:
    """The launcher as `vibenv create launcher` shows it."""
    return LauncherRecord(
        image=launcher.image,
        digest=launcher.digest,
        size=Filesize(launcher.size),
        created=launcher.created,
        cached=launcher.cached,
        took=whole_ms(launcher.took),
    )


def context_row(context: Context) -> ContextRow:
    """A context as `vibenv context list` shows it."""
    return ContextRow(
        name=context.name,
        current=context.current,
        host=context.url,
        tls=_tls(context),
        description=context.description or None,
        error=None if context.error is None else context.error.message,
    )


def context_record(context: Context, *, changed: bool, detail: str | None = None) -> ContextRecord:
    """A context as the commands show it that make it or use it."""
    return ContextRecord(
        name=context.name,
        current=context.current,
        host=context.url,
        tls=_tls(context),
        description=context.description or None,
        changed=changed,
        detail=detail,
    )


def _tls(context: Context) -> str | None:
    if context.tls is None:
        return None
    return "verified" if context.tls.verify else "unverified"


def file_record(edit: Edit, *, detail: str | None) -> FileRecord:
    """What `vibenv ssh-config` did, or would do."""
    return FileRecord(
        file=str(edit.file),
        changed=bool(edit.changes),
        backup=None if edit.backup is None else str(edit.backup),
        diff=[
            LineRow(line=change.line, change="added" if change.added else "removed", text=change.text)
            for change in edit.changes
        ],
        detail=detail,
    )


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


def outcome_row(outcome: Outcome[Session]) -> dict[str, object]:
    """A session, or the error instead, as one of several: the columns of SessionRow and `error`."""
    result = outcome.result
    if isinstance(result, VibenvError):
        return {**_empty(SessionRow), "name": outcome.name, "error": error_record(result)}
    return {**_as_dict(session_row(result)), "error": None}


def host_rows(
    outcome: Outcome[Sequence[DataclassInstance]], columns: type[DataclassInstance]
) -> Iterator[dict[str, object]]:
    """The rows of one of several hosts with `host`, `columns` and `error`, or one of its error alone.

    Its `state` is `unreachable` where nothing is known of the host.
    """
    if isinstance(outcome.result, VibenvError):
        state = "unreachable" if isinstance(outcome.result, Unreachable) else None
        error = error_record(outcome.result)
        yield {"host": None, **_empty(columns)} | {"host": outcome.name, "state": state, "error": error}
        return
    for row in outcome.result:
        yield {"host": None, **_as_dict(row)} | {"host": outcome.name, "error": None}


def _empty(columns: type[DataclassInstance]) -> dict[str, object]:
    return dict.fromkeys(_names(columns))


def _as_dict(row: DataclassInstance) -> dict[str, object]:
    return {name: getattr(row, name) for name in _names(type(row))}


@cache
def _names(columns: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(columns))


def error_record(error: VibenvError) -> ErrorRecord:
    """An error as a row of several names carries it."""
    return ErrorRecord(code=error.code, msg=error.message, help=error.help)


def _whole_s(span: timedelta | None) -> timedelta | None:
    return None if span is None else timedelta(seconds=span // timedelta(seconds=1))


def whole_ms(span: timedelta) -> timedelta:
    """A measured time without the digits that nobody reads."""
    return timedelta(milliseconds=round(span / timedelta(milliseconds=1)))
