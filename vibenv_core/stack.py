"""A host's stack of registry and Dagger engine: ask what there is, let `stack_plan` decide, do it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from . import labels, stack_plan, tools
from .errors import EngineError, Interrupted, VibenvError
from .model import Component, ComponentState, Progress, SessionState, Step, StepState
from .settings import Settings
from .stack_plan import (
    DAGGER_SOCKET,
    Create,
    CreateVolume,
    Part,
    Pull,
    Remove,
    RemoveVolume,
    Restart,
    Stack,
    Start,
    Stop,
)

if TYPE_CHECKING:
    from .engine import Engine

_SERVES_S = 60.0
"""How long a component may take from its start until it serves; below a second is usual."""
_POLL_S = 0.02
_GRACE_S = 10.0
"""How long a component may take to end by itself. The Dagger engine notes within two seconds that its cache
is whole; without that note it empties the cache when it starts again."""
_LAST_LINES = 200


def up(
    engine: Engine, settings: Settings, *, progress: Progress, cancelled: threading.Event
) -> list[Component]:
    """Make the registry and the Dagger engine run and serve: made, started, mended or simply found.

    `detail` says what was done to each, None for one that ran. What is made and does not come up is removed.

    Raises: Foreign, WrongState (both before anything is changed), NotFound (no such image), EngineError,
    Interrupted.
    """
    registry, dagger = stack_plan.up(_found(engine, settings), settings)
    _bring_up(engine, registry, lambda: _registry_answers(engine, settings), progress, cancelled)
    _bring_up(engine, dagger, lambda: _dagger_serves(engine, settings), progress, cancelled)
    now = _found(engine, settings)
    rows = (stack_plan.registry_row(now.registry, settings), stack_plan.dagger_row(now, settings))
    return [_said(row, part.done) for row, part in zip(rows, (registry, dagger), strict=True)]


def down(engine: Engine, settings: Settings, *, volumes: bool = False) -> list[Component]:
    """Take away what `up` made, and with `volumes` the Dagger engine's cache.

    `detail` says what became of each. What was made by hand, and every session with its tools, is left as it
    is; tools that no session uses go, because the next launch makes them from the launcher image in a moment.
    """
    dagger, registry = stack_plan.down(_found(engine, settings), settings, volumes=volumes)
    for part in (dagger, registry):
        _carry_out(engine, part, progress=lambda step: None, cancelled=threading.Event(), made=[])
    tools.remove(engine)
    now = _found(engine, settings)
    return [
        _said(stack_plan.registry_row(now.registry, settings), registry.done),
        _said(stack_plan.dagger_row(now, settings), dagger.done),
    ]


def status(engine: Engine, settings: Settings) -> list[Component]:
    """How the engine itself, the registry, the Dagger engine and the launcher are, in this order."""
    info = engine.info()
    docker = Component(
        component="docker",
        state=ComponentState.RUNNING,
        version=info.version,
        address=engine.host.url,
        since=None,
        detail=None,
    )
    found = _found(engine, settings)
    registry = stack_plan.registry_row(found.registry, settings)
    if registry.state is ComponentState.RUNNING:
        registry = _said(registry, engine.why_no_registry(settings.registry_address))
    launcher = stack_plan.launcher_row(engine.image(settings.launcher_image), settings)
    return [docker, registry, stack_plan.dagger_row(found, settings), launcher]


def registry_trouble(engine: Engine) -> VibenvError | None:
    """Why the registry failed to take an image, as far as its log tells; None when it says nothing of use."""
    if engine.inspect(labels.REGISTRY) is None:
        return None
    if "no space left on device" not in engine.logs(labels.REGISTRY, lines=_LAST_LINES):
        return None
    return EngineError(
        "the registry has no space left for the image",
        code="registry::disk_full",
        help="make room on the engine's host: `docker system df` shows what takes it; "
        "`vibenv down` and `vibenv up` empty the registry",
    )


def _found(engine: Engine, settings: Settings) -> Stack:
    cache = engine.volume_labels(labels.DAGGER_CACHE)
    return Stack(
        registry=engine.inspect(labels.REGISTRY),
        dagger=engine.inspect(labels.dagger_container(settings.dagger_version)),
        images=frozenset(
            image for image in (settings.registry_image, settings.engine_image) if engine.image(image)
        ),
        cache_is_ours=cache is not None and labels.STACK in cache,
    )


def _said(row: Component, detail: str | None) -> Component:
    return row if detail is None else replace(row, detail=detail)


def _bring_up(
    engine: Engine,
    part: Part,
    serves: Callable[[], str | None],
    progress: Progress,
    cancelled: threading.Event,
) -> None:
    """Do `part`, wait until it serves, and remove what was made for it when either fails."""
    begun = monotonic()
    progress(Step(step=part.component, state=StepState.RUNNING))
    made: list[str] = []
    try:
        _carry_out(engine, part, progress=progress, cancelled=cancelled, made=made)
        _wait_for(part.component, serves, cancelled)
    except BaseException:
        progress(Step(step=part.component, state=StepState.FAILED, took=_since(begun)))
        for container in made:
            with contextlib.suppress(VibenvError):
                engine.remove(container, force=True)
        raise
    progress(Step(step=part.component, state=StepState.DONE, detail=part.done or "", took=_since(begun)))


def _carry_out(
    engine: Engine, part: Part, *, progress: Progress, cancelled: threading.Event, made: list[str]
) -> None:
    """Do the actions of `part` in order; the ids of the containers it creates are added to `made`."""
    for action in part.actions:
        if cancelled.is_set():
            raise Interrupted(f"the work on the {part.component}")
        match action:
            case Pull(image):
                engine.pull(image, progress=progress, cancelled=cancelled)
            case CreateVolume(name, volume_labels):
                engine.create_volume(name, volume_labels)
            case Create(spec):
                made.append(engine.create(spec))
                engine.start(made[-1])
            case Start(id):
                engine.start(id)
            case Restart(id):
                engine.restart(id, grace_s=_GRACE_S)
            case Stop(id):
                engine.stop(id, grace_s=_GRACE_S)
            case Remove(id):
                engine.remove(id, force=True)
            case RemoveVolume(name):
                engine.remove_volume(name)


def _wait_for(component: str, serves: Callable[[], str | None], cancelled: threading.Event) -> None:
    """Wait until `serves` gives no reason any more why `component` does not."""
    deadline = monotonic() + _SERVES_S
    while (reason := serves()) is not None:
        if cancelled.is_set():
            raise Interrupted(f"starting the {component}")
        if monotonic() > deadline:
            raise EngineError(
                f"the {component} runs, and did not serve within {_SERVES_S:.0f} s: {reason}",
                code=f"{component}::silent",
                help="its log may tell why: `docker logs` of its container (`vibenv status` names it)",
            )
        cancelled.wait(_POLL_S)


def _registry_answers(engine: Engine, settings: Settings) -> str | None:
    """Why the registry does not answer the engine, None when it does. Raises: EngineError (it has ended)."""
    reason = engine.why_no_registry(settings.registry_address)
    if reason is not None:
        _started(engine, labels.REGISTRY, labels.REGISTRY)
    return reason


def _dagger_serves(engine: Engine, settings: Settings) -> str | None:
    """As `_registry_answers`, of the Dagger engine: a socket from before its start is another's."""
    container = labels.dagger_container(settings.dagger_version)
    started = _started(engine, labels.DAGGER, container)
    socket = engine.stat_path(container, DAGGER_SOCKET)
    return None if socket is not None and socket.modified >= started else "its socket is not there"


def _started(engine: Engine, component: str, container: str) -> datetime:
    """When the container of `component` was started. Raises: EngineError (it runs no more)."""
    found = engine.inspect(container)
    if found is not None and found.state is SessionState.RUNNING and found.started is not None:
        return found.started
    said = ""
    with contextlib.suppress(VibenvError):
        said = engine.logs(container, lines=1).strip()
    raise EngineError(
        f"the {component} ended as soon as it was started: {said}",
        code=f"{component}::ended",
        help="the image may be another than it should be: `vibenv doctor`",
    )


def _since(begun: float) -> timedelta:
    return timedelta(seconds=monotonic() - begun)
