"""Makes the link to a host, and mends it: runs ssh, and moves the sockets it made to where they are used.

A link is made under names that nobody uses yet and then renamed, the control socket last: whoever is using
the one that was there before goes on, and what an end at any point leaves is the old link or the new one.
The old master ends by itself once the last connection through it does.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import process
from ..address import SshAddress
from ..errors import EngineError, Unreachable
from . import plan, runtime

_ASK_S = 5.0
"""How long a master may take to do what it is asked for; it does so without its host."""
_ENDING_S = 1.0
"""How long a master may take to end once its connection has."""
_TICK_S = 0.01
_ANSWER_S = 2.0
"""How long a link may take that is in use, but not stalled."""
_CLOSED_PAUSE_S = 0.2, 2.0
"""How long to wait, at first and at most, before a host is asked again that closed the connection (sshd does
so to more at once than its MaxStartups)."""
_LIBRARY = str(Path(__file__).resolve().parent.parent.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link that stood when this was made: `connect` and `mend` give it."""

    docker: Path
    """The socket by which the engine is spoken to; another link has it at the same path."""
    made: int
    """When it was made, in `time_ns`."""
    relayed: bool
    """Whether the engine is spoken to by the host's own Docker CLI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Whose link is to be made, by when, and on which terminal ssh may ask the user (None: not at all)."""

    address: SshAddress
    env: Mapping[str, str]
    deadline: float
    cancelled: threading.Event
    tty: int | None = None

    @property
    def folder(self) -> Path:
        """The link's folder."""
        return runtime.folder(self.address.url, self.env)


def standing(address: SshAddress, env: Mapping[str, str]) -> Link | None:
    """The link to `address`, if its processes run; asks nothing of the host. Well below 1 ms."""
    folder = runtime.folder(address.url, env)
    docker = folder / plan.DOCKER
    try:
        made = docker.lstat().st_ctime_ns
        relayed = docker.is_symlink()
    except OSError:
        return None
    if not listens(folder / plan.CONTROL) or (relayed and not listens(docker)):
        return None
    return Link(docker=docker, made=made, relayed=relayed)


def connect(attempt: Attempt) -> Link:
    """The link to the address, made if there is none; whether the host answers on it is not known yet.

    Raises: NeedsTerminal (ssh has something to ask), Unreachable, NotFound (a program that is missing),
    UsageError (the user's ssh configuration), WrongState (the runtime folder), Interrupted.
    """
    found = standing(attempt.address, attempt.env)
    if found is not None:
        return found
    folder = attempt.folder
    runtime.make(folder)
    with runtime.locked(folder, deadline=attempt.deadline, cancelled=attempt.cancelled):
        return standing(attempt.address, attempt.env) or _made(attempt)


def mend(attempt: Attempt, *, silent: bool, since_ns: int) -> None:
    """Make another link, when the engine did not answer since `since_ns` by the one that was there then.

    It was `silent`, or else the connection was lost. Raises: as `connect`; Unreachable also where the host's
    own Docker CLI does not reach the engine.
    """
    folder = attempt.folder
    runtime.make(folder)
    with runtime.locked(folder, deadline=attempt.deadline, cancelled=attempt.cancelled):
        found = standing(attempt.address, attempt.env)
        if found is not None and found.made > since_ns:
            return  # somebody else has mended it
        if found is None:
            _made(attempt)
        elif silent:
            # Where it answers, the engine was slow, and its link is in use.
            if not _answers(found.docker, min(_ANSWER_S, _left(attempt) / 3)):
                _made(attempt, own=True)
        elif found.relayed:
            found.docker.unlink()  # what is wrong may be mended by the next time, and forwarding serve again
            raise plan.failure(attempt.address, _said(folder))
        elif _is_ending(folder, attempt):
            _made(attempt)
        else:
            _relayed(attempt)


def _is_ending(folder: Path, attempt: Attempt) -> bool:
    """Whether the master ends, which takes it a moment: no reason why it did not forward has been told."""
    deadline = time.monotonic() + _ENDING_S
    while not plan.is_refusal(_said(folder)) and time.monotonic() < deadline:
        if not listens(folder / plan.CONTROL):
            return True
        attempt.cancelled.wait(_TICK_S)
    return False


def _made(attempt: Attempt, *, own: bool = False) -> Link:
    """A new link; by the user's own master where there is one, unless it is to be vibenv's `own`."""
    folder = attempt.folder
    control = folder / f"{plan.CONTROL}{plan.NEW}"
    with runtime.told(folder):
        (folder / plan.LOG).write_bytes(b"")
    if own or not _borrowed(attempt, control):
        _start_master(attempt, control)
        forwarding = ask(attempt, control, "forward", *plan.forwards(attempt.address, folder))
        if forwarding.exit_code:
            raise plan.failure(attempt.address, forwarding.stderr + _said(folder))
    with runtime.told(folder):
        for name in (plan.DOCKER, plan.DAGGER):
            (folder / f"{name}{plan.NEW}").chmod(0o600)  # the user's StreamLocalBindMask outdoes a flag's
        for name in (plan.DOCKER, plan.DAGGER, plan.CONTROL):
            (folder / f"{name}{plan.NEW}").rename(folder / name)
    return _standing_now(attempt)


def _borrowed(attempt: Attempt, control: Path) -> bool:
    """Whether the user's own master of this host runs, and forwards the sockets."""
    asked = process.run(
        plan.config_argv(attempt.address),
        env=attempt.env,
        timeout_s=_left(attempt),
        cancelled=attempt.cancelled,
    )
    if asked.exit_code:
        raise plan.failure(attempt.address, asked.stderr)
    own = plan.own_control(asked.stdout)
    if own is None or not listens(Path(own)):
        return False
    _clear(attempt.folder)
    control.symlink_to(own)
    try:
        forwards = plan.forwards(attempt.address, attempt.folder)
        return ask(attempt, control, "forward", *forwards).exit_code == 0
    except EngineError:  # it did not answer
        return False


def _start_master(attempt: Attempt, control: Path) -> None:
    """Log in. A host that closes the connection at once is asked again, until the deadline."""
    pause, longest = _CLOSED_PAUSE_S
    while True:
        _clear(attempt.folder)
        if _login(attempt) == 0 and listens(control):
            return
        said = _said(attempt.folder)
        if plan.is_unexplained(said):
            said = _explained(attempt) or said
        failed = plan.failure(attempt.address, said)
        if failed.code != plan.CLOSED or attempt.tty is not None or _left(attempt) < 2 * pause:
            raise failed
        attempt.cancelled.wait(pause)
        pause = min(2 * pause, longest)


def _login(attempt: Attempt) -> int:
    """Run ssh until it is in the background: its exit code."""
    wait_s = _left(attempt)
    argv = plan.master_argv(attempt.address, attempt.folder, wait_s=wait_s, ask=attempt.tty is not None)
    if attempt.tty is not None:
        return process.on_terminal(argv, env=attempt.env, tty=attempt.tty)
    log = attempt.folder / plan.LOG
    try:
        with runtime.told(attempt.folder):
            return process.background(
                argv, env=attempt.env, log=log, timeout_s=wait_s, cancelled=attempt.cancelled
            )
    except EngineError as error:
        raise _too_late(attempt, f"did not let vibenv in within {wait_s:.0f} s") from error


def _explained(attempt: Attempt) -> str:
    """What a login says that is not meant for the background; nothing where it succeeds."""
    argv = plan.login_argv(attempt.address, wait_s=_left(attempt))
    try:
        asked = process.run(argv, env=attempt.env, timeout_s=_left(attempt), cancelled=attempt.cancelled)
    except EngineError:
        return ""
    return asked.stderr if asked.exit_code else ""


def _relayed(attempt: Attempt) -> None:
    """Let the link stand, with the host's own Docker CLI for what ssh does not forward."""
    folder = attempt.folder
    dial = plan.dial_argv(attempt.address, folder / plan.CONTROL)
    argv = [sys.executable, "-m", f"{__package__}.relay", str(folder / plan.RELAY), *dial]
    new = folder / f"{plan.DOCKER}{plan.NEW}"
    with runtime.told(folder):
        (folder / plan.LOG).write_bytes(b"")
        process.background(
            argv,
            env={**attempt.env, "PYTHONPATH": _LIBRARY},
            log=folder / plan.LOG,
            timeout_s=_left(attempt),
            cancelled=attempt.cancelled,
        )
        new.unlink(missing_ok=True)
        new.symlink_to(plan.RELAY)
        new.rename(folder / plan.DOCKER)


def _standing_now(attempt: Attempt) -> Link:
    """The link that was made just now. Raises: Unreachable, when it has ended already."""
    found = standing(attempt.address, attempt.env)
    if found is None:
        raise plan.failure(attempt.address, _said(attempt.folder))
    return found


def ask(attempt: Attempt, control: Path, command: str, *more: str) -> process.Finished:
    """Have a master do something. Raises: EngineError (it does not answer)."""
    argv = plan.control_argv(attempt.address, control, command, *more)
    return process.run(argv, env=attempt.env, timeout_s=_ASK_S, cancelled=attempt.cancelled)


def _clear(folder: Path) -> None:
    """Take away what an attempt left that did not come to its end."""
    with runtime.told(folder):
        for name in (plan.CONTROL, plan.DOCKER, plan.DAGGER):
            (folder / f"{name}{plan.NEW}").unlink(missing_ok=True)


def listens(path: Path) -> bool:
    """Whether a process accepts connections at a socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_ASK_S)
        with contextlib.suppress(OSError):
            probe.connect(str(path))
            return True
    return False


def _answers(docker: Path, within_s: float) -> bool:
    """Whether an engine answers the least of questions."""
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
        connection.settimeout(within_s)
        connection.connect(str(docker))
        connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        return connection.recv(1) != b""
    return False


def _said(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return (folder / plan.LOG).read_text(errors="replace")
    return ""


def _left(attempt: Attempt) -> float:
    """The seconds that are left. Raises: Unreachable, when none are."""
    left = attempt.deadline - time.monotonic()
    if left <= 0:
        raise _too_late(attempt, "did not answer in time")
    return left


def _too_late(attempt: Attempt, what: str) -> Unreachable:
    return Unreachable(
        f"{attempt.address.url} {what}",
        code="ssh::timeout",
        help=f"`ssh {attempt.address.host}` tells whether it can be reached",
        about="host",
    )
