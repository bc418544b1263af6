"""Sessions: ask the engine what there is, let `session_plan` decide, do it.

The engine is the only record of them. Nothing is kept here between calls.
"""

from __future__ import annotations

import contextlib
import select
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from . import labels, replies, session_plan
from .errors import AlreadyExists, EngineError, Interrupted, VibenvError
from .model import Access, Container, ContainerSpec, Session, SessionDetails, SessionState, session_name
from .session_process import READY
from .settings import Settings

if TYPE_CHECKING:
    from .engine import Engine
    from .stream import Stream

_READY_S = 30.0
"""How long a terminal may take from its container's start until it accepts clients; 10 ms are usual."""
_WAKE_S = 0.05
"""How late a cancelled launch may be noticed."""
_POLL_S = 0.005
_GRACE_S = 10.0
"""What a program has to end by itself, as Docker's own stop gives it."""
_LOOK_JOBS = 8


def list_sessions(engine: Engine) -> list[Session]:
    """All sessions of the engine's host, oldest first: one call."""
    return engine.sessions()


def details(engine: Engine) -> list[SessionDetails]:
    """All sessions, oldest first, with what only a look at each tells, less those that go meanwhile."""
    # What it imports takes long, and the commands that look at one session need none of it.
    from . import batch

    ids = [session.id for session in engine.sessions()]
    looked: dict[str, Container | None] = {}
    look = partial(engine.inspect, size=True)
    for outcome in batch.each(ids, look, jobs=_LOOK_JOBS, cancelled=threading.Event()):
        if isinstance(outcome.result, VibenvError):
            raise outcome.result
        looked[outcome.name] = outcome.result
    now = datetime.now(UTC)
    found = (looked[id] for id in ids)
    return [replies.session_details(each, host=engine.host.name, now=now) for each in found if each]


def find(engine: Engine, name: str) -> Session:
    """The session `name`. Raises: NotFound, Foreign."""
    return _session(engine, _find(engine, name))


def launch(
    engine: Engine,
    settings: Settings,
    name: str,
    *,
    command: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    cpus: float | None = None,
    memory: int | None = None,
    access: Access = Access.DOCKER,
    reuse: bool = False,
    rows: int = 24,
    cols: int = 80,
    cancelled: threading.Event,
) -> Session:
    """Make the session `name`, and return when its terminal accepts clients.

    `command` is run in the launcher; empty opens the environment's terminal. With `reuse` a session that is
    there is taken as it is, started when it was stopped. One that could not be brought up is removed again.

    Raises: UsageError (a bad name, before anything is asked), AlreadyExists, Foreign, NotFound (no launcher),
    WrongState (an outdated launcher; the program ended at once), Interrupted.
    """
    spec = session_plan.launch(
        session_name(name),
        launcher=engine.image(settings.launcher_image),
        settings=settings,
        command=command,
        env=env or {},
        cpus=cpus,
        memory=memory,
        access=access,
        rows=rows,
        cols=cols,
    )
    made = _claim(engine, spec, cancelled)
    if isinstance(made, Container):
        there = session_plan.reuse(name, made, wished=reuse)
        return _session(engine, _running(engine, name, there, cancelled))
    try:
        return _session(engine, _start(engine, name, made, cancelled))
    except BaseException:
        with contextlib.suppress(VibenvError):
            engine.remove(made, force=True)
        raise


def start(engine: Engine, name: str, *, cancelled: threading.Event) -> Session:
    """Let a stopped session run its program anew, on its files; one that runs is left as it is.

    Returns when its terminal accepts clients. A session that does not come up is stopped again.

    Raises: NotFound, Foreign, WrongState (it is paused; the program ended at once), Interrupted.
    """
    return _session(engine, _running(engine, name, _find(engine, name), cancelled))


def stop(engine: Engine, name: str, *, grace_s: float = _GRACE_S) -> Session:
    """End a session's program, by SIGHUP and after `grace_s` by force; its files stay.

    One that is stopped is left as it is. Raises: NotFound, Foreign.
    """
    found = _find(engine, name)
    if session_plan.must_stop(found):
        engine.stop(found.id, grace_s=grace_s)
        found = _find(engine, name)
    return _session(engine, found)


def remove(engine: Engine, name: str, *, force: bool = False) -> Session:
    """Remove a session with its files: the session as it was. One that runs is removed only with `force`.

    Raises: NotFound, Foreign, WrongState.
    """
    found = _find(engine, name)
    session_plan.check_remove(name, found, force=force)
    engine.remove(found.id, force=force)
    return _session(engine, found)


def rename(engine: Engine, name: str, new: str) -> Session:
    """Give a session another name; it goes on as it is.

    Raises: UsageError, NotFound, Foreign, AlreadyExists.
    """
    found = _find(engine, name)
    try:
        engine.rename(found.id, labels.container_name(session_name(new)))
    except AlreadyExists as error:
        raise session_plan.taken(new, about="new") from error
    return find(engine, new)


def _find(engine: Engine, name: str) -> Container:
    return session_plan.find(name, engine.inspect(labels.container_name(session_name(name))))


def _claim(engine: Engine, spec: ContainerSpec, cancelled: threading.Event) -> str | Container:
    """The id of the container made from `spec`, or the container that has its name already.

    An engine takes the name before others can see the container: the loser of a race asks until it is there.
    """
    deadline = monotonic() + _READY_S
    while True:
        try:
            return engine.create(spec)
        except AlreadyExists:
            if (there := engine.inspect(spec.name)) is not None:
                return there
            if cancelled.wait(_POLL_S) or monotonic() > deadline:
                raise


def _running(engine: Engine, name: str, found: Container, cancelled: threading.Event) -> Container:
    """The session `found`, started unless it runs, and stopped again when that fails."""
    if not session_plan.must_start(name, found):
        return found
    try:
        return _start(engine, name, found.id, cancelled)
    except BaseException:
        with contextlib.suppress(VibenvError):
            engine.stop(found.id, grace_s=0)
        raise


def _start(engine: Engine, name: str, container: str, cancelled: threading.Event) -> Container:
    """Start a container and wait until its terminal accepts clients."""
    with engine.output_stream(container) as output:
        engine.start(container)
        ready = _says_ready(output, name, cancelled)
        found = engine.inspect(container)
        while not ready and found is not None and found.state is SessionState.RUNNING:
            # It has closed its output, and will have ended in a moment.
            if cancelled.wait(_POLL_S):
                raise Interrupted(f"launching `{name}`")
            found = engine.inspect(container)
    if found is None or found.state is not SessionState.RUNNING:
        said = "" if found is None else engine.logs(container, lines=3).strip()
        raise session_plan.ended_at_once(name, found, said)
    return found


def _says_ready(output: Stream, name: str, cancelled: threading.Event) -> bool:
    """Whether the session's process says that its terminal accepts clients, before it ends.

    Raises: Interrupted, EngineError (it says nothing).
    """
    deadline = monotonic() + _READY_S
    said = b""
    while READY not in said:
        if cancelled.is_set():
            raise Interrupted(f"launching `{name}`")
        if monotonic() > deadline:
            raise EngineError(
                f"the terminal of `{name}` did not come up in {_READY_S:.0f} s",
                code="session::not_ready",
                help="see whether the host is short of memory or disk: `docker info`, `docker system df`",
            )
        select.select([output], [], [], _WAKE_S)
        while (received := output.recv()) is not None:
            if not received:
                return False
            said += received
    return True


def _session(engine: Engine, found: Container) -> Session:
    return replies.session_of(found, host=engine.host.name, now=datetime.now(UTC))
