"""Recordings of sessions that are no more: volumes that no session has. The engine alone knows of them."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Generator
from typing import TYPE_CHECKING

from . import labels
from .errors import NotFound, VibenvError
from .model import ContainerSpec, Volume, VolumeMount

if TYPE_CHECKING:
    from .engine import Engine

_TOKEN_BYTES = 4


def kept(engine: Engine) -> list[Volume]:
    """The recordings that no session has, oldest first; `labels.LOG` of each is what its session was called.

    That is the name which it was launched under.
    """
    there = engine.volumes(labels.LOG)  # first: a session that is launched meanwhile has its own
    of_sessions = engine.mounted(labels.SESSION)
    found = (volume for volume in there if volume.name not in of_sessions)
    return sorted(found, key=lambda volume: (volume.created, volume.name))


def find(engine: Engine, name: str, *, volume: str | None = None) -> Volume:
    """The newest of those that sessions called `name` left; or the one on `volume`. Raises: NotFound."""
    found = [each for each in kept(engine) if each.labels[labels.LOG] == name]
    if volume is not None:
        found = [each for each in found if each.name == volume]
    if not found:
        where = "" if volume is None else f" on the volume {volume}"
        raise NotFound(
            f"no recording of a removed session `{name}` is kept{where}",
            code="log::not_found",
            help="`vibenv logs` shows the recordings that are kept, `vibenv list` the sessions",
            about="name" if volume is None else "volume",
        )
    return found[-1]


@contextlib.contextmanager
def reader(engine: Engine, volume: str) -> Generator[str]:
    """The id of a container that has a recording's volume, for the engine to read it by; it never runs.

    Raises: NotFound (the engine has no image at all to make it of).
    """
    images = engine.images()
    if not images:
        raise NotFound(
            "the engine has no image, and needs one, whichever, to read a volume",
            code="log::no_image",
            help="`docker pull busybox`, or any other",
        )
    spec = ContainerSpec(
        name=labels.log_reader(secrets.token_hex(_TOKEN_BYTES)),
        image=images[0],
        labels={labels.LOG_READER: volume},
        entrypoint=("true",),
        volumes=(VolumeMount(volume=volume, destination=labels.LOG_MOUNT, read_only=True),),
        network="none",
    )
    made = engine.create(spec)
    try:
        yield made
    finally:
        with contextlib.suppress(VibenvError):
            engine.remove(made, force=True)


def remove(engine: Engine, volume: Volume) -> None:
    """Remove a kept recording, also from under those that read it. Raises: NotFound, EngineError."""
    for container in engine.mounted(labels.LOG_READER).get(volume.name, ()):
        with contextlib.suppress(NotFound):
            engine.remove(container, force=True)
    engine.remove_volume(volume.name)
