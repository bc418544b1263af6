"""Sessions' ports at ports of this machine: made, found again, ended.

Each is a file in the folder of its link, `forward-LOCAL`, written before it is made: it counts for as long as
the master that forwards it runs, or the relay that has it locked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from . import address, forward_plan, hosts, inside_programs, labels, process, session_plan
from .errors import EngineError, VibenvError
from .forward_plan import HERE, Forward, Heard
from .hosts import Host
from .link import master, plan, ports, runtime
from .model import Container, session_name

if TYPE_CHECKING:
    from .engine import Engine

_LOCK_S = 25.0
"""Somebody may be making the link anew."""
_START_S = 10.0
_END_S = 5.0
_TICK_S = 0.01
_REFUSAL_TRIPS, _REFUSAL_S = 2, 0.2
"""A refused connection is told after one round trip, and the host's own try to connect."""
_RELAY_LOG = "relay.log"
_LIBRARY = str(Path(__file__).resolve().parent.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A host's folder, locked by this call, and what the call may use."""

    folder: Path
    env: Mapping[str, str]
    cancelled: threading.Event


def forward(
    engine: Engine,
    name: str,
    port: int,
    *,
    local: int | None = None,
    env: Mapping[str, str],
    cancelled: threading.Event,
) -> tuple[Forward, str | None]:
    """Serve the port of a session at the port `local` of this machine, where that is free, else at another:
    the forward, and what there is to be said of it.

    One that is there already is given as it is. Without `local` it is the same port that is asked for.

    Raises: UsageError (no such port), NotFound, Foreign, WrongState (the session does not run, the folder of
    the links), Interrupted.
    """
    forward_plan.checked_port(port, about="port")
    wish = port if local is None else forward_plan.checked_port(local, about="local")
    found = session_plan.find(name, engine.inspect(labels.container_name(session_name(name))))
    session_plan.must_run(name, found)
    python = inside_programs.python(found.mounts)
    heard = forward_plan.heard(engine.exec_output(found.id, inside_programs.argv(python, "listening")))
    url = address.checked(engine.host.url)
    # Before the link is locked: whoever asks may have to mend it.
    trip_s = engine.ping().total_seconds() if url.startswith("ssh://") else 0.0
    with _changed(url, env, cancelled) as place:
        for each in _standing_in(place.folder):
            if (each.container, each.port) != (found.id, port) or local not in (None, each.local):
                continue
            if forward_plan.detail(each, found) is None:
                return each, forward_plan.made_detail(each, each.local, heard)
            _end(each, place)
            wish = each.local
        wanted = Forward(
            name=name,
            host=engine.host.name,
            url=url,
            container=found.id,
            python=python,
            port=port,
            local=wish,
            since=datetime.now(UTC),
        )
        made = _by_ssh(wanted, found, heard, trip_s, place) or _by_relay(wanted, place)
        return made, forward_plan.made_detail(made, wish, heard)


def standing(env: Mapping[str, str]) -> list[Forward]:
    """The forwards of all hosts that work as far as this machine knows, the oldest first; asks no host."""
    folders = runtime.folders(env)
    found = (
        [each for folder in folders.iterdir() for each in _standing_in(folder)] if folders.is_dir() else []
    )
    return sorted(found, key=lambda each: each.since)


def host_of(forward: Forward, env: Mapping[str, str]) -> Host:
    """The forward's host: what its name means, where that is at the same address still."""
    with contextlib.suppress(VibenvError):
        named = hosts.resolve(forward.host, env)
        if address.checked(named.url) == forward.url:
            return named
    return hosts.resolve(forward.url, env)


def end(forward: Forward, *, env: Mapping[str, str], cancelled: threading.Event) -> None:
    """Have the local port free again; connections that ssh carries go on. One that has ended is left so.

    Raises: WrongState (a relay does not end), EngineError (the master does not answer), Interrupted.
    """
    with _changed(forward.url, env, cancelled) as place:
        if forward in _standing_in(place.folder):
            _end(forward, place)


def write(forward: Forward, folder: Path) -> Path:
    """Write down a forward, whole or not at all; locked by this process where it is its relay."""
    place = _file(folder, forward.local)
    new = place.with_name(f"{place.name}{plan.NEW}")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, forward_plan.to_text(forward).encode())
        if forward.pid is not None:
            fcntl.flock(os.dup(descriptor), fcntl.LOCK_EX)  # held by that until the process ends
    finally:
        os.close(descriptor)
    return new.rename(place)


@contextlib.contextmanager
def _changed(url: str, env: Mapping[str, str], cancelled: threading.Event) -> Iterator[_Place]:
    """Nobody else changes the link to `url`, or its forwards, in the body."""
    folder = runtime.folder(url, env)
    runtime.make(folder)
    with runtime.locked(folder, deadline=time.monotonic() + _LOCK_S, cancelled=cancelled):
        yield _Place(folder=folder, env=env, cancelled=cancelled)


def _standing_in(folder: Path) -> list[Forward]:
    read = (_read(path) for path in folder.glob("forward-*") if path.suffix != plan.NEW)
    there = [each for each in read if each is not None]
    if not there:
        return []
    master_now = ports.master_of(folder)
    return [each for each in there if _stands(each, folder, master_now)]


def _read(path: Path) -> Forward | None:
    with contextlib.suppress(OSError):
        return forward_plan.from_text(path.read_text())
    return None


def _stands(forward: Forward, folder: Path, master_now: str | None) -> bool:
    if forward.pid is not None:
        return _is_locked(_file(folder, forward.local))
    return forward.master == master_now and not _is_free(forward.local)


def _by_ssh(wanted: Forward, found: Container, heard: Heard, trip_s: float, place: _Place) -> Forward | None:
    """The forward by the master of the link; None where there is none, or it would lead nowhere."""
    is_heard = found.address and forward_plan.is_heard_at(found.address, wanted.port, heard)
    master_now = ports.master_of(place.folder) if is_heard and wanted.url.startswith("ssh://") else None
    if found.address is None or master_now is None:
        return None
    refusal_s = _REFUSAL_TRIPS * trip_s + _REFUSAL_S
    local = _free_port(wanted.local)
    made = dataclasses.replace(wanted, local=local, address=found.address, master=master_now)
    with contextlib.ExitStack() as undo, runtime.told(place.folder):
        undo.callback(write(made, place.folder).unlink)
        attempt = _attempt(made, place)
        if not ports.forward(attempt, local, found.address, made.port, refusal_s=refusal_s):
            return None
        undo.pop_all()
    return made


def _by_relay(wanted: Forward, place: _Place) -> Forward:
    """The forward by a process of vibenv's own, which finds a free port itself."""
    argv = [
        sys.executable,
        "-m",
        f"{__package__}.forward_relay",
        str(place.folder),
        forward_plan.to_text(wanted),
    ]
    log = place.folder / _RELAY_LOG
    with runtime.told(place.folder):
        log.write_bytes(b"")
        exit_code = process.background(
            argv,
            env={**place.env, "PYTHONPATH": _LIBRARY},
            log=log,
            timeout_s=_START_S,
            cancelled=place.cancelled,
        )
        for each in _standing_in(place.folder):
            if (each.container, each.port, each.since) == (wanted.container, wanted.port, wanted.since):
                return each
        said = log.read_text(errors="replace").strip().splitlines()
    raise EngineError(
        f"the relay to port {wanted.port} of `{wanted.name}` did not start: "
        + (said[-1] if said else f"it ended with exit code {exit_code}"),
        code="forward::relay",
        help=f"see whether there is room for it: `df {place.folder}`",
    )


def _end(forward: Forward, place: _Place) -> None:
    file = _file(place.folder, forward.local)
    if forward.address is not None:
        ports.cancel(_attempt(forward, place), forward.local, forward.address, forward.port)
    elif forward.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(forward.pid, signal.SIGTERM)
        deadline = time.monotonic() + _END_S
        while _is_locked(file):
            if time.monotonic() > deadline:
                raise EngineError(
                    f"the relay at port {forward.local} does not end",
                    code="forward::relay",
                    help=f"kill -9 {forward.pid}",
                )
            time.sleep(_TICK_S)
    file.unlink(missing_ok=True)


def _attempt(forward: Forward, place: _Place) -> master.Attempt:
    return master.Attempt(
        address=address.ssh(forward.url),
        env=place.env,
        deadline=time.monotonic() + _START_S,
        cancelled=place.cancelled,
    )


def listener(wish: int) -> socket.socket:
    """A socket that listens at the port `wish`, or at a free one where that cannot be had."""
    found = _bound(wish) or _bound(0)
    assert found is not None
    found.listen()
    return found


def _is_free(port: int) -> bool:
    found = _bound(port)
    if found is not None:
        found.close()
    return found is not None


def _free_port(wish: int) -> int:
    found = _bound(wish) or _bound(0)
    assert found is not None
    with found:
        local: int = found.getsockname()[1]
        return local


def _bound(port: int) -> socket.socket | None:
    """A socket at a local port; None where somebody listens there, or one has to be root for it."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HERE, port))
    except OSError:
        found.close()
        return None
    return found


def _file(folder: Path, local: int) -> Path:
    return folder / f"forward-{local}"


def _is_locked(path: Path) -> bool:
    """Whether a process holds the file locked, as a relay does while it runs."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
