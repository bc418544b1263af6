"""What vibenv talks about, as small frozen data.

Times are aware UTC datetimes, durations are timedeltas, sizes are bytes. None of these objects does I/O.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from .errors import UsageError
from .supervisor.status import Status

PIDS_LIMIT = 4096
"""Processes and threads of a session, unless it is wished otherwise: more than any build starts, and an
eighth of what Linux numbers by default."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}", re.ASCII)


def session_name(text: str) -> str:
    """`text`, when it may name a session: 1 to 63 of a-z, 0-9 and `_.-`, the first a letter or a digit.

    Raises: UsageError, before anything is asked of an engine.
    """
    if _NAME.fullmatch(text):
        return text
    raise UsageError(
        f"`{text}` cannot name a session",
        code="session::bad_name",
        help="a name is 1 to 63 of a-z, 0-9, `_`, `.` and `-`, and begins with a letter or a digit",
        about="name",
    )


class SessionState(enum.StrEnum):
    """A session's state; the engine's `exited` is shown as `stopped`, its other words are kept."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    REMOVING = "removing"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A vibenv: one container of ours and the terminal in it. `id` is the container's."""

    name: str
    id: str
    state: SessionState
    created: datetime
    uptime: timedelta | None
    """Time since its program started, while it runs; as exact as the engine's own list is: to the second
    below a minute, to the minute below an hour, to the hour below two days, then to the day, the week, the
    month (`docker ps` shows the same figure)."""
    exit_code: int | None = None
    """None while it runs, and when it never was started."""
    downtime: timedelta | None = None
    """Time since its program ended, unless it runs; as exact as `uptime`."""
    image: str
    command: tuple[str, ...]
    """What the user asked to run; empty for the environment's own terminal."""
    version: str
    """The vibenv that made it."""
    host: str


class Access(enum.StrEnum):
    """What a session may do to the host that it runs on; either socket is as good as being root there."""

    DOCKER = "docker"
    """Docker's socket and the Dagger engine's."""
    DAGGER = "dagger"
    """The Dagger engine's socket only."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new session is to be, as far as its user says so."""

    image: str | None = None
    """None: the launcher."""
    command: tuple[str, ...] = ()
    """Empty: the environment's terminal in the launcher, in another image what that runs by itself."""
    env: Mapping[str, str] = field(default_factory=dict)
    cpus: float | None = None
    memory: int | None = None
    """0 is no limit, None the settings' or else the default one."""
    pids_limit: int = PIDS_LIMIT
    """0 is no limit."""
    access: Access | None = None
    """None: `docker` for the launcher, `none` for any other image."""
    read_only: bool = False
    """Whether its program can write to nothing but /tmp, which is then in memory."""
    new_privileges: bool = False
    """Whether a program may have more rights than the one that started it, as `sudo` has, and all those that
    Docker gives by default."""
    rows: int = 24
    cols: int = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetails:
    """What only looking at each container tells; the times are exact."""

    session: Session
    access: Access
    started: datetime | None
    """None when it never was."""
    ended: datetime | None
    """None while it runs, and when it never was started."""
    size: int
    """What it wrote into its own file system."""
    cpus: float | None
    memory: int | None
    cpu_shares: int | None
    pids_limit: int | None
    log: str | None
    """The volume that its terminal is recorded on; None for one that an older vibenv made."""
    status: Status | None = None
    """None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a container takes of its host at a moment."""

    cpu: float
    """Of one processor: 1.5 are one and a half."""
    memory: int
    """Without what is only kept of files as long as there is room."""
    memory_limit: int
    """The host's memory, where the container has no limit."""
    network_in: int
    """Bytes since its start, as is `network_out`."""
    network_out: int
    pids: int
    pids_limit: int | None


class ComponentState(enum.StrEnum):
    """The state of one part of a host's stack."""

    RUNNING = "running"
    STOPPED = "stopped"
    MISSING = "missing"
    STALE = "stale"
    """There, but cut off from another part that was replaced or restarted after it: `vibenv up` mends it."""
    FOREIGN = "foreign"
    """The name is taken by something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a host's stack: `docker`, `registry`, `dagger` or `launcher`."""

    component: str
    state: ComponentState
    version: str | None
    address: str | None
    since: datetime | None
    detail: str | None
    """Why it is not `running`, or what `vibenv up` did to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image on an engine. `digest` is the registry's; None when it was never pushed or pulled."""

    reference: str
    id: str
    digest: str | None
    size: int
    created: datetime | None
    """None when the image does not say."""
    labels: dict[str, str]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    """What a container of it runs unless told otherwise: `entrypoint`, and `command` behind it."""
    user: str = ""
    """As whom, as the image says it: empty for root, a name or a number, with or without `:GROUP`."""
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container as the engine describes it, ours or not."""

    id: str
    name: str
    state: SessionState
    image: str
    """As it was named when the container was made."""
    labels: dict[str, str]
    created: datetime
    started: datetime | None
    ended: datetime | None
    exit_code: int
    network: str
    """Its network mode; `container:ID` when it lives in another container's network."""
    address: str | None
    """Its own address in its network, while it runs and has one."""
    mounts: dict[str, str]
    """What is mounted in it, by destination: a volume's name, or the host's path."""
    ports: dict[str, str]
    """What it publishes: `5000/tcp` to `127.0.0.1:5000`, the first binding of each."""
    size: int | None
    """What it wrote into its own file system, where that was asked for."""
    cpus: float | None
    memory: int | None
    cpu_shares: int | None = None
    pids_limit: int | None = None
    read_only: bool = False
    volumes_from: tuple[str, ...] = ()
    """As ContainerSpec.volumes_from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeMount:
    """A named volume in a container; the engine makes it, with `labels`, where there is none of that name."""

    volume: str
    destination: str
    labels: dict[str, str] = field(default_factory=dict)
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A named volume as an engine has it."""

    name: str
    labels: dict[str, str]
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """What a container is made from."""

    name: str
    image: str
    labels: dict[str, str]
    entrypoint: tuple[str, ...] | None = None
    """None leaves the image's own entry point and command."""
    user: str | None = None
    """As Image.user; None leaves it to the image."""
    env: dict[str, str] = field(default_factory=dict)
    binds: tuple[str, ...] = ()
    """`SOURCE:DESTINATION`, where the source is a path of the host or a volume's name."""
    volumes: tuple[VolumeMount, ...] = ()
    volumes_from: tuple[str, ...] = ()
    """Containers whose volumes this one has too; `NAME:ro`: without writing to them."""
    tmpfs: dict[str, str] = field(default_factory=dict)
    """Folders in memory, with the options of their mounts, such as `mode=1777`."""
    read_only: bool = False
    """Whether all but what is mounted can only be read."""
    ports: dict[str, str] = field(default_factory=dict)
    """As Container.ports."""
    network: str | None = None
    """None is the engine's default network."""
    hostname: str | None = None
    init: bool = False
    privileged: bool = False
    cap_drop: tuple[str, ...] = ()
    """Capabilities that its processes do without, such as `NET_RAW`."""
    security_opt: tuple[str, ...] = ()
    """Docker's own words, such as `no-new-privileges`."""
    log_driver: str | None = None
    """What keeps the output of its first process; None is the engine's default."""
    log_options: dict[str, str] = field(default_factory=dict)
    """What that driver is told, in Docker's own words, such as `max-size`."""
    oom_score_adj: int = 0
    """The higher, the rather one of its processes is killed when the host has no memory left."""
    cpus: float | None = None
    memory: int | None = None
    """Swap included."""
    cpu_shares: int | None = None
    """Its weight where processors are short; every container's is 1024 unless told otherwise."""
    pids_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that a container is to have before it starts; one that is there gets `mode`.

    What is no folder, such as a link to one, stays as it is.
    """

    path: PurePosixPath
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """What a Docker engine says of itself."""

    version: str
    api_version: str
    name: str
    """The host's name, as the host has it."""
    storage_driver: str
    live_restore: bool
    """Whether containers outlive a restart of the engine."""
    running: int
    """Containers that run, ours or not."""
    memory: int
    """The host's."""
    time: datetime
    """What the host's clock said."""


class Verdict(enum.StrEnum):
    """What a check of `vibenv doctor` came to."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row of `vibenv doctor`. `fix` is the line to type, None where nothing is to be mended."""

    check: str
    verdict: Verdict
    detail: str
    fix: str | None


class StepState(enum.StrEnum):
    """How far one step of a long command is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A report of progress. `fraction` is 0.0 to 1.0 where it is known; `took` only when done or failed."""

    step: str
    state: StepState
    detail: str = ""
    fraction: float | None = None
    took: timedelta | None = None


Progress = Callable[[Step], None]
"""Where long commands report to; called from the command's own thread, must not block."""
