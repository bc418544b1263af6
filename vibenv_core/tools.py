"""The tools volume: what runs inside sessions, on an engine; every session mounts it read-only at `TOOLS`.

The engine fills the volume from the launcher's image as it creates the first container that has it: the
holder, which never runs. Sessions name the holder and not the volume, because an engine silently makes a
volume that is missing, and refuses a holder that is. Two that fill one volume at once get in each other's
way, so the holder's name is the lock.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from . import labels
from .claim import claim
from .errors import EngineError, Foreign, NotFound, WrongState
from .model import ContainerSpec, Image, Progress, Step, StepState, VolumeMount
from .settings import VERSION
from .supervisor import TOOLS
from .tools_recipe import MARKER

if TYPE_CHECKING:
    from .engine import Engine

STEP = "session tools"
_TRIES = 3
"""Looks at what is there: at first, once it was made, and once a half filled volume was made anew."""


def holder(launcher: Image) -> str:
    """The name of the container whose volume a session of this launcher has at `TOOLS`.

    Raises: WrongState (the launcher is from before there were tools).
    """
    return labels.tools_name(_digest(launcher))


def holder_spec(launcher: Image) -> ContainerSpec:
    """The holder, with the volume that the engine fills as it creates it. Raises: WrongState."""
    name = holder(launcher)
    marks = {labels.TOOLS: _digest(launcher), labels.VERSION: VERSION}
    return ContainerSpec(
        name=name,
        image=launcher.id,  # and not by its name, which may mean another one by now
        labels=marks,
        volumes=(VolumeMount(volume=name, destination=TOOLS, labels=marks),),
    )


def make(engine: Engine, launcher: Image, *, progress: Progress, cancelled: threading.Event) -> None:
    """Have the tools volume of `launcher` and its holder; of two that make them one waits for the other.

    What is there stays as it is, but for a volume that was left half filled, and a holder that keeps an older
    launcher from going.

    Raises: WrongState (the launcher has no tools), NotFound (no such image any more), Foreign (the name is
    taken), EngineError, Interrupted.
    """
    spec, begun = holder_spec(launcher), monotonic()
    for attempt in range(_TRIES):
        there = engine.inspect(spec.name)
        if there is not None:
            _check_ours(there.labels, there.name)
            whole = engine.stat_path(there.id, MARKER) is not None
            if whole and there.image == launcher.id:
                if attempt:
                    took = timedelta(seconds=monotonic() - begun)
                    progress(Step(step=STEP, state=StepState.DONE, took=took))
                return
            _remove_holder(engine, there.id)
            if not whole:
                _check_ours(engine.volume_labels(spec.name), spec.name)
                _remove_volume(engine, spec.name)
        progress(Step(step=STEP, state=StepState.RUNNING))
        claim(engine, spec, cancelled)
    raise EngineError(
        f"the volume {spec.name} could not be filled from the launcher image",
        code="tools::incomplete",
        help="`vibenv create launcher --force` makes the image anew, and with it another volume",
    )


def remove(engine: Engine, *, but: str | None = None) -> None:
    """Remove the tools, less those of the holder `but`, and less what sessions use.

    Sessions need the volume only, and keep it by having it: no holder is kept for them.
    """
    for name in [volume.name for volume in engine.volumes(labels.TOOLS)]:
        if name != but:
            there = engine.inspect(name)
            if there is not None and labels.TOOLS in there.labels:
                _remove_holder(engine, there.id)
            _remove_volume(engine, name)


def _digest(launcher: Image) -> str:
    try:
        return launcher.labels[labels.TOOLS]
    except KeyError:
        raise WrongState(
            "the launcher image has no tools for sessions",
            code="launcher::outdated",
            help="`vibenv create launcher` renews it; sessions that are there go on with theirs",
        ) from None


def _remove_holder(engine: Engine, id: str) -> None:
    with contextlib.suppress(NotFound):
        engine.remove(id, force=True)


def _remove_volume(engine: Engine, name: str) -> None:
    """Remove a volume of tools; one that a container uses stays."""
    with contextlib.suppress(NotFound, EngineError):
        engine.remove_volume(name)


def _check_ours(found: Mapping[str, str] | None, name: str) -> None:
    if found is not None and labels.TOOLS not in found:
        raise Foreign(
            f"the name `{name}` is taken by something that vibenv did not make",
            code="tools::foreign",
            help=f"remove it when nothing needs it: `docker rm -f {name}`, `docker volume rm {name}`",
        )
