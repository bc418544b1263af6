"""What works and what does not, one look at a time, each with the line that mends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from . import address, labels, stack
from .errors import Interrupted, VibenvError
from .hosts import Host
from .local_checks import local_checks
from .model import Check, Component, ComponentState, EngineInfo, Verdict
from .reach import reach
from .settings import Settings

_LEAST_API = (1, 41)
"""Docker 20.10's: the oldest that vibenv is tested with."""
_LEAST_FREE = 0.2
"""The share of the disk that the Dagger engine keeps free, by dropping its cache."""
_SLOW, _SLOW_BY_SSH = timedelta(milliseconds=50), timedelta(milliseconds=300)
_SKEWED = timedelta(seconds=2)
"""How far two clocks may be apart before the times in a table mislead."""
_CONNECT_S = 10.0
_LEAST_SESSIONS = 8
"""How many connections to an engine vibenv has at once when it works on several sessions."""


def checks(
    host: Host, settings: Settings, env: Mapping[str, str], *, cancelled: threading.Event
) -> Iterator[Check]:
    """The checks in a useful order, each as soon as it is made.

    What could not be asked is a check that failed, and what depends on it is left out. Raises: Interrupted.
    """
    yield from local_checks(host, env, cancelled)
    try:
        yield from _engine_checks(host, settings, env, cancelled)
    except Interrupted:
        raise
    except VibenvError as error:
        yield Check(check="docker", verdict=Verdict.FAIL, detail=error.message, fix=error.help)


def _engine_checks(
    host: Host, settings: Settings, env: Mapping[str, str], cancelled: threading.Event
) -> Iterator[Check]:
    engine = reach(host, env=env, cancelled=cancelled, timeout_s=_CONNECT_S)
    if host.url.startswith("ssh://"):
        yield from _link(host, env, cancelled)
    info = engine.info()
    now = datetime.now(UTC)
    yield _version(info, host)
    yield round_trip(engine.ping(), host)
    yield clock(info.time - now)
    yield _live_restore(info)
    for component in stack.status(engine, settings)[1:]:
        yield _component(component)
        if component.component == labels.DAGGER and component.state is ComponentState.RUNNING:
            container = labels.dagger_container(settings.dagger_version)
            yield disk(engine.exec_output(container, ["df", "-P", "/var/lib/dagger"]))


def disk(df: str) -> Check:
    """The check of the disk that the Dagger engine's cache is on, from what `df -P` says of it."""
    _, total, _, free, *_ = df.splitlines()[1].split()
    share = int(free) / int(total)
    detail = f"{int(free) // 1024 // 1024} GiB, {share:.0%}, are free"
    if share >= _LEAST_FREE:
        return Check(check="disk", verdict=Verdict.OK, detail=detail, fix=None)
    return Check(
        check="disk",
        verdict=Verdict.WARN,
        detail=f"{detail}; below {_LEAST_FREE:.0%} Dagger forgets what it built",
        fix="docker system df",
    )


def _version(info: EngineInfo, host: Host) -> Check:
    major, minor = info.api_version.split(".")
    if (int(major), int(minor)) >= _LEAST_API:
        return Check(
            check="docker", verdict=Verdict.OK, detail=f"version {info.version} at {host.url}", fix=None
        )
    return Check(
        check="docker",
        verdict=Verdict.FAIL,
        detail=f"version {info.version} is older than vibenv is made for",
        fix="install Docker 20.10 or newer",
    )


def _link(host: Host, env: Mapping[str, str], cancelled: threading.Event) -> Iterator[Check]:
    from .link import limits, master

    there = address.ssh(host.url)
    if found := master.standing(there, env):
        age = timedelta(microseconds=(time.time_ns() - found.made) // 1000)
        yield link(timedelta(seconds=age // timedelta(seconds=1)), relayed=found.relayed)
        yield sessions_at_once(limits.sessions(there, env, cancelled), limits.SESSIONS, relayed=found.relayed)
        let_in = limits.logins(there, env, cancelled)
        if let_in is not None:
            yield logins_at_once(let_in, limits.LOGINS)


def sessions_at_once(carried: int, tried: int, *, relayed: bool) -> Check:
    """The check of sshd's MaxSessions, which counts programs and no forwarded sockets."""
    count = f"{carried} or more" if carried == tried else f"{carried}"
    if not relayed:
        detail = f"{count} programs at once; the link takes none of them"
        return Check(check="MaxSessions", verdict=Verdict.OK, detail=detail, fix=None)
    detail = f"{count} programs at once, and each connection to the engine takes one"
    if carried >= _LEAST_SESSIONS:
        return Check(check="MaxSessions", verdict=Verdict.OK, detail=detail, fix=None)
    return Check(check="MaxSessions", verdict=Verdict.WARN, detail=detail, fix=_sshd_fix("MaxSessions 64"))


def logins_at_once(let_in: int, tried: int) -> Check:
    """The check of sshd's MaxStartups, above which it closes connections unheard."""
    if let_in == tried:
        detail = f"{tried} logins at once are let in"
        return Check(check="MaxStartups", verdict=Verdict.OK, detail=detail, fix=None)
    return Check(
        check="MaxStartups",
        verdict=Verdict.WARN,
        detail=f"of {tried} logins at once, {let_in} were let in; who is not has to try again",
        fix=_sshd_fix("MaxStartups 10:30:100"),
    )


def _sshd_fix(line: str) -> str:
    return f"put `{line}` into the host's /etc/ssh/sshd_config, then `sudo systemctl reload ssh` there"


def link(age: timedelta, *, relayed: bool) -> Check:
    """The check of the way to a host that ssh leads to."""
    if not relayed:
        return Check(check="link", verdict=Verdict.OK, detail=f"up for {age}, forwards the sockets", fix=None)
    return Check(
        check="link",
        verdict=Verdict.WARN,
        detail=f"up for {age}; the host forwards no sockets: each connection takes a program there",
        fix=_sshd_fix("AllowStreamLocalForwarding yes"),
    )


def round_trip(took: timedelta, host: Host) -> Check:
    """The check of how long the least of calls takes; more is expected where ssh leads."""
    slow = _SLOW_BY_SSH if host.url.startswith("ssh://") else _SLOW
    verdict = Verdict.OK if took < slow else Verdict.WARN
    detail = f"{took.total_seconds() * 1000:.1f} ms"
    return Check(check="round trip", verdict=verdict, detail=detail, fix=None)


def clock(ahead: timedelta) -> Check:
    """The check of the host's clock, which is `ahead` of the one here."""
    apart_s = abs(ahead).total_seconds()
    if abs(ahead) < _SKEWED:
        return Check(check="clock", verdict=Verdict.OK, detail=f"{apart_s:.1f} s apart from here", fix=None)
    way = "ahead of" if ahead > timedelta() else "behind"
    return Check(
        check="clock",
        verdict=Verdict.WARN,
        detail=f"{apart_s:.0f} s {way} the one here; by that much are the times in tables off",
        fix="sudo timedatectl set-ntp true, on whichever of the two is wrong",
    )


def _live_restore(info: EngineInfo) -> Check:
    if info.live_restore:
        return Check(
            check="live-restore",
            verdict=Verdict.OK,
            detail="sessions outlive a restart of the Docker engine",
            fix=None,
        )
    return Check(
        check="live-restore",
        verdict=Verdict.WARN,
        detail="a restart of the Docker engine stops every session",
        fix='put `"live-restore": true` into /etc/docker/daemon.json, then `sudo systemctl reload docker`',
    )


def _component(row: Component) -> Check:
    match row.state:
        case ComponentState.RUNNING if row.detail is None:
            return Check(
                check=row.component, verdict=Verdict.OK, detail=row.version or row.address or "", fix=None
            )
        case ComponentState.FOREIGN:
            verdict = Verdict.FAIL
        case _:
            verdict = Verdict.WARN
    fix = "vibenv create launcher" if row.component == "launcher" else "vibenv up"
    return Check(check=row.component, verdict=verdict, detail=f"{row.state}: {row.detail}", fix=fix)
