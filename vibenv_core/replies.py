"""Docker's JSON to what vibenv talks about; pure. With `container_body` the only place that knows its keys.

Each function takes one object of the engine's answer, and raises LookupError, TypeError or ValueError when
that is not what it should be. Docker's times have nanoseconds, ours are cut to microseconds.

Source: Engine API v1.41 and v1.51; samples in tests/data/docker.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from . import labels
from .container_body import NANO
from .model import (
    Access,
    Container,
    EngineInfo,
    Image,
    Session,
    SessionDetails,
    SessionState,
    Usage,
    Volume,
)

Json = Mapping[str, Any]

_NEVER = "0001-01-01T00:00:00Z"
_NO_PIDS_LIMIT = 1 << 62
"""Where there is no limit, an engine says 0 or the largest number that it has."""

_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
_STATUS = re.compile(
    rf"(?:Up|Exited \((\d+)\)) (Less than a|About an?|\d+) ({'|'.join(_UNITS)})s?(?: ago)?(?: \(.*\))?"
)

_PULL_STAGES = {
    "Pulling fs layer": 0.0,
    "Waiting": 0.0,
    "Downloading": 0.0,
    "Verifying Checksum": 0.5,
    "Download complete": 0.5,
    "Extracting": 0.5,
    "Pull complete": 1.0,
    "Already exists": 1.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStat:
    """What a container has at a path."""

    size: int
    modified: datetime
    link_target: str
    """Where a link leads, over all further ones; nothing where it is none."""


def session(summary: Json, *, host: str) -> Session | None:
    """One element of the list of containers as a session, None when it is none of ours."""
    name = _name(summary["Names"][0])
    if not labels.is_session(name, summary["Labels"]):
        return None
    exit_code, passed = status(summary["Status"])
    return Session(
        name=labels.session_of(name),
        id=summary["Id"],
        state=_state(summary["State"]),
        created=datetime.fromtimestamp(summary["Created"], UTC),
        uptime=passed if exit_code is None else None,
        image=summary["Labels"].get(labels.IMAGE, summary["Image"]),
        command=_command(summary["Labels"]),
        version=summary["Labels"].get(labels.VERSION, ""),
        host=host,
        exit_code=exit_code,
        downtime=None if exit_code is None else passed,
    )


def status(text: str) -> tuple[int | None, timedelta | None]:
    """The exit code and the time in the status text of the list of containers, each None where it has none:
    without an exit code it is the time that it has been up.

    Source: docker/go-units, HumanDuration; the text begins with "Up" for what runs or is paused.
    """
    found = _STATUS.fullmatch(text)
    if found is None:
        return None, None
    code, count, unit = found.groups()
    passed = (
        timedelta(0) if count.startswith("Less") else (int(count) if count.isdecimal() else 1) * _UNITS[unit]
    )
    return None if code is None else int(code), passed


def container(inspected: Json) -> Container:
    """A container as it is inspected."""
    state, config, host = inspected["State"], inspected["Config"], inspected["HostConfig"]
    return Container(
        id=inspected["Id"],
        name=_name(inspected["Name"]),
        state=_state(state["Status"]),
        image=config["Image"],
        labels=config["Labels"] or {},
        created=_time(inspected["Created"]),
        started=time(state["StartedAt"]),
        ended=time(state["FinishedAt"]),
        exit_code=state["ExitCode"],
        network=host["NetworkMode"],
        address=_address(inspected["NetworkSettings"]),
        mounts={mount["Destination"]: mount.get("Name") or mount["Source"] for mount in inspected["Mounts"]},
        ports={
            port: f"{bound[0]['HostIp']}:{bound[0]['HostPort']}"
            for port, bound in (host["PortBindings"] or {}).items()
            if bound
        },
        size=inspected.get("SizeRw"),
        cpus=host["NanoCpus"] / NANO or None,
        memory=host["Memory"] or None,
        cpu_shares=host["CpuShares"] or None,
        pids_limit=max(host["PidsLimit"] or 0, 0) or None,
        read_only=host["ReadonlyRootfs"],
        volumes_from=tuple(host["VolumesFrom"] or ()),
    )


def session_of(found: Container, *, host: str, now: datetime) -> Session:
    """A container that is one of our sessions as such; its times are exact."""
    ran = found.started is not None and not _runs(found)
    return Session(
        name=labels.session_of(found.name),
        id=found.id,
        state=found.state,
        created=found.created,
        uptime=now - found.started if _runs(found) and found.started else None,
        image=found.labels.get(labels.IMAGE, found.image),
        command=_command(found.labels),
        version=found.labels.get(labels.VERSION, ""),
        host=host,
        exit_code=found.exit_code if ran else None,
        downtime=now - found.ended if ran and found.ended else None,
    )


def session_details(found: Container, *, host: str, now: datetime) -> SessionDetails:
    """A container that is one of our sessions, inspected with its size, with all that this tells."""
    ran = found.started is not None and not _runs(found)
    return SessionDetails(
        session=session_of(found, host=host, now=now),
        access=_access(found.labels),
        started=found.started,
        ended=found.ended if ran else None,
        size=found.size or 0,
        cpus=found.cpus,
        memory=found.memory,
        cpu_shares=found.cpu_shares,
        pids_limit=found.pids_limit,
        log=found.mounts.get(labels.LOG_MOUNT),
    )


def usage(stats: Json) -> Usage | None:
    """What a container takes, from two samples of its statistics; None for one that does not run.

    Source: docker/cli, cli/command/container/stats_helpers.go, for what is a part of what, on either version
    of control groups.
    """
    if "usage" not in stats["memory_stats"]:
        return None
    memory, processors, networks = stats["memory_stats"], stats["cpu_stats"], stats.get("networks") or {}
    cached = memory["stats"].get("total_inactive_file", memory["stats"].get("inactive_file", 0))
    limit = stats["pids_stats"].get("limit", 0)
    return Usage(
        cpu=_processors(processors, stats["precpu_stats"]),
        memory=max(memory["usage"] - cached, 0),
        memory_limit=memory["limit"],
        network_in=sum(network["rx_bytes"] for network in networks.values()),
        network_out=sum(network["tx_bytes"] for network in networks.values()),
        pids=stats["pids_stats"].get("current", 0),
        pids_limit=limit if 0 < limit < _NO_PIDS_LIMIT else None,
    )


def _processors(now: Json, before: Json) -> float:
    """How many processors were busy with a container between two samples."""
    passed = now["system_cpu_usage"] - before.get("system_cpu_usage", 0)
    busy = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    count = now.get("online_cpus") or len(now["cpu_usage"].get("percpu_usage") or ()) or 1
    return count * busy / passed if passed > 0 else 0.0


def image(inspected: Json, *, reference: str) -> Image:
    """An image as it is inspected, by the name `reference` that it was asked for under."""
    repository = reference.rpartition(":")[0] if ":" in reference.rpartition("/")[2] else reference
    digests = dict(digest.split("@") for digest in inspected["RepoDigests"] or ())
    config = inspected.get("Config") or {}
    return Image(
        reference=reference,
        id=inspected["Id"],
        digest=digests.get(repository),
        size=inspected["Size"],
        created=time(inspected.get("Created") or _NEVER),
        labels=config.get("Labels") or {},
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        user=config.get("User") or "",
        env=dict(variable.partition("=")[::2] for variable in config.get("Env") or ()),
    )


def engine_info(info: Json, *, api_version: str) -> EngineInfo:
    """What the engine says of itself under /info."""
    return EngineInfo(
        version=info["ServerVersion"],
        api_version=api_version,
        name=info["Name"],
        storage_driver=info["Driver"],
        live_restore=info["LiveRestoreEnabled"],
        running=info["ContainersRunning"],
        memory=info["MemTotal"],
        time=_time(info["SystemTime"]),
    )


def volume(listed: Json) -> Volume:
    """One of GET /volumes."""
    return Volume(name=listed["Name"], labels=listed["Labels"] or {}, created=_time(listed["CreatedAt"]))


def volumes_of(summary: Json) -> list[str]:
    """The names of the volumes that one of GET /containers/json has."""
    return [mount["Name"] for mount in summary["Mounts"] if mount["Type"] == "volume"]


def path_stat(header: str) -> PathStat:
    """The header X-Docker-Container-Path-Stat."""
    stat = json.loads(base64.b64decode(header))
    return PathStat(size=stat["size"], modified=_time(stat["mtime"]), link_target=stat.get("linkTarget", ""))


def pulled(layers: dict[str, float], event: Json) -> float | None:
    """Take one event of a pull into `layers` (how far each is, 0.0 to 1.0): how far the whole is.

    None while no layer is known. A layer's download counts for half of it and its extraction for the other.
    """
    reached = _PULL_STAGES.get(event.get("status", ""))
    if reached is not None:
        progress = event.get("progressDetail") or {}
        done = progress.get("current", 0) / progress["total"] if progress.get("total") else 0.0
        layers[event["id"]] = reached + min(done, 1.0) / 2
    return sum(layers.values()) / len(layers) if layers else None


def time(text: str) -> datetime | None:
    """One of Docker's times, None for the zero that it writes for never."""
    return None if text == _NEVER else _time(text)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _name(text: str) -> str:
    return text.removeprefix("/")


def _runs(found: Container) -> bool:
    return found.state in (SessionState.RUNNING, SessionState.PAUSED)


def _state(text: str) -> SessionState:
    return SessionState.STOPPED if text == "exited" else SessionState(text)


def _access(found: Mapping[str, str]) -> Access:
    text = found.get(labels.ACCESS)
    return next((access for access in Access if access == text), Access.NONE)


def _command(found: Mapping[str, str]) -> tuple[str, ...]:
    """The label's list of words; what is none, as it is: anybody can make a container with our labels."""
    text = found.get(labels.COMMAND, "[]")
    try:
        words = json.loads(text)
    except ValueError:
        return (text,)
    return (
        tuple(words) if isinstance(words, list) and all(isinstance(word, str) for word in words) else (text,)
    )


def _address(settings: Json) -> str | None:
    networks = (settings["Networks"] or {}).values()
    return next((found for network in networks if (found := network["IPAddress"])), None)
