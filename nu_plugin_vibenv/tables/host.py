"""A host's stack as rows, its checks, and the steps of what is done to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from vibenv_core.model import Verdict

from ..sdk import Filesize
from . import whole_ms

if TYPE_CHECKING:
    from vibenv_core.launcher import Launcher
    from vibenv_core.model import Check, Component, Step


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
