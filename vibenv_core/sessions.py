"""Sessions: ask the engine what there is, let `session_plan` decide, do it.

The engine is the only record of them. Nothing is kept here between calls.
"""

from __future__ import annotations

import contextlib
import secrets
import select
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from . import labels, replies, session_plan, tools
from .claim import claim
from .errors import AlreadyExists, Interrupted, NotFound, Unreachable, VibenvError
from .model import (
    Container,
    ContainerSpec,
    Folder,
    Image,
    Progress,
    Session,
    SessionState,
    Wish,
    session_name,
)
from .session_plan import Basis
from .settings import Settings
from .supervisor import READY

if TYPE_CHECKING:
    from .engine import Engine
    from .starting import Starter
    from .stream import Stream

_READY = (READY, b"serving the terminal\n")
"""What the first process of a session says when its terminal accepts clients; the other of vibenv 0.1.0."""
_READY_S = 30.0
"""How long a terminal may take from its container's start until it accepts clients; 10 ms are usual."""
_ENDING_S = 10.0
"""How long a container may run on whose output has ended; some milliseconds are usual."""
_WAKE_S = 0.05
"""How late a cancelled launch may be noticed."""
_POLL_S = 0.005
_GRACE_S = 10.0
"""What a program has to end by itself, as Docker's own stop gives it."""
_LAST_LINES = 3
_TOKEN_BYTES = 4


def list_sessions(engine: Engine) -> list[Session]:
    """All sessions of the engine's host, oldest first: one call."""
    return engine.sessions()


def find(engine: Engine, name: str) -> Session:
    """The session `name`. Raises: NotFound, Foreign."""
    return _session(engine, _find(engine, name))


def look(
    engine: Engine,
    settings: Settings,
    *,
    image: str | None = None,
    progress: Progress,
    cancelled: threading.Event,
) -> Basis:
    """What new sessions are made from: asked once for all that are launched at a time, in one round trip.

    `image` is pulled where the engine lacks it. Raises: NotFound (no launcher, no such image), WrongState
    (an outdated launcher), EngineError (the image's registry cannot be reached), Interrupted.
    """
    # What it imports takes long, and the commands that ask one thing need none of it.
    from . import batch

    def images() -> tuple[Image | None, Image | None]:
        if image is None:
            return engine.image(settings.launcher_image), None
        return batch.together(lambda: engine.image(settings.launcher_image), lambda: engine.image(image))

    (found, wished), memory = batch.together(images, engine.memory)
    launcher = session_plan.launcher(found, settings)
    if image is not None and wished is None:
        wished = _pulled(engine, image, progress, cancelled)
    return Basis(
        settings=settings,
        launcher=launcher,
        image=wished or launcher,
        holder=tools.holder(launcher),
        host_memory=memory,
    )


def _pulled(engine: Engine, image: str, progress: Progress, cancelled: threading.Event) -> Image:
    try:
        engine.pull(image, progress=progress, cancelled=cancelled)
    except NotFound as error:
        raise session_plan.no_image(image, error) from error
    if (found := engine.image(image)) is None:
        raise session_plan.no_image(image)
    return found


def launch(
    engine: Engine,
    basis: Basis,
    name: str,
    wish: Wish,
    *,
    reuse: bool = False,
    progress: Progress,
    cancelled: threading.Event,
) -> Session:
    """Make the session `name` as it is wished on `basis`, and return when its terminal accepts clients.

    With `reuse` a session that is there is taken as it is, started when it was stopped. One that could not be
    brought up is removed again.

    Raises: UsageError (a bad name, before anything is asked), AlreadyExists, Foreign, NotFound (an image that
    is gone), WrongState (the program ended at once), Interrupted.
    """
    spec = session_plan.launch(session_name(name), wish, basis, token=secrets.token_hex(_TOKEN_BYTES))
    with engine.starter() as starter:
        made = _claim(engine, basis, spec, progress, cancelled)
        if isinstance(made, Container):
            there = session_plan.reuse(name, made, wished=reuse)
            return _session(engine, _running(engine, name, there, cancelled))
        folders = session_plan.folders(basis.image, read_only=wish.read_only)
        try:
            found = _start(engine, starter, name, made, cancelled, folders=folders, first=True)
        except BaseException:
            with contextlib.suppress(VibenvError):
                _remove(engine, made, spec.volumes[0].volume, force=True)
            raise
    return _session(engine, found)


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


def remove(engine: Engine, name: str, *, force: bool = False, keep_log: bool = False) -> Session:
    """Remove a session with its files and, unless it is to be kept, its recording: the session as it was.

    One that runs is removed only with `force`. Raises: NotFound, Foreign, WrongState.
    """
    found = _find(engine, name)
    session_plan.check_remove(name, found, force=force)
    _remove(engine, found.id, None if keep_log else found.mounts.get(labels.LOG_MOUNT), force=force)
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


def _claim(
    engine: Engine, basis: Basis, spec: ContainerSpec, progress: Progress, cancelled: threading.Event
) -> str | Container:
    """As `claim`; what the engine lacks of what runs inside sessions, it has then."""
    try:
        return claim(engine, spec, cancelled)
    except NotFound as error:
        if basis.holder not in error.message:
            raise
    tools.make(engine, basis.launcher, progress=progress, cancelled=cancelled)
    return claim(engine, spec, cancelled)


def _remove(engine: Engine, container: str, log: str | None, *, force: bool) -> None:
    """Remove a container and the volume of its recording, also where the link breaks in between."""
    _surely(lambda: engine.remove(container, force=force), lambda: engine.inspect(container) is not None)
    if log is not None:
        with contextlib.suppress(NotFound):
            _surely(lambda: engine.remove_volume(log), lambda: engine.volume_labels(log) is not None)


def _surely(remove: Callable[[], None], is_there: Callable[[], bool]) -> None:
    """Do `remove`, and once more where it is not known whether it was done, and it was not."""
    try:
        remove()
    except Unreachable:
        if is_there():  # to ask mends the link
            remove()


def _running(engine: Engine, name: str, found: Container, cancelled: threading.Event) -> Container:
    """The session `found`, started unless it runs, and stopped again when that fails."""
    if not session_plan.must_start(name, found):
        return found
    try:
        with engine.starter() as starter:
            return _start(engine, starter, name, found.id, cancelled, first=False)
    except BaseException:
        with contextlib.suppress(VibenvError):
            engine.stop(found.id, grace_s=0)
        raise


def _start(
    engine: Engine,
    starter: Starter,
    name: str,
    container: str,
    cancelled: threading.Event,
    *,
    folders: Sequence[Folder] = (),
    first: bool,
) -> Container:
    """Start a container and wait until its terminal accepts clients."""
    output, started = engine.start_watched(starter, container, folders=folders, first=first)
    if _says_ready(output, name, cancelled):
        return started
    deadline = monotonic() + _ENDING_S
    while (found := engine.inspect(container)) is not None and found.state is SessionState.RUNNING:
        # It has closed its output, and will have ended in a moment; unless it was the connection that ended.
        if cancelled.wait(_POLL_S):
            raise Interrupted(f"launching `{name}`")
        if monotonic() > deadline:
            raise session_plan.not_ready(name, _ENDING_S)
    said = "" if found is None else engine.logs(container, lines=_LAST_LINES, stdout=False).strip()
    raise session_plan.ended_at_once(name, found, said)


def _says_ready(output: Stream, name: str, cancelled: threading.Event) -> bool:
    """Whether a session's process says that its terminal accepts clients, before it ends.

    Raises: Interrupted, EngineError (it says nothing).
    """
    deadline = monotonic() + _READY_S
    said = b""
    while not any(word in said for word in _READY):
        if cancelled.is_set():
            raise Interrupted(f"launching `{name}`")
        if monotonic() > deadline:
            raise session_plan.not_ready(name, _READY_S)
        select.select([output], [], [], _WAKE_S)
        while (received := output.recv()) is not None:
            if not received:
                return False
            said += received
    return True


def _session(engine: Engine, found: Container) -> Session:
    return replies.session_of(found, host=engine.host.name, now=datetime.now(UTC))
