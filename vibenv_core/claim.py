"""Creating a container by its name is the lock on that name: one gets to make it, others find it."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING

from .errors import AlreadyExists, Interrupted
from .model import Container, ContainerSpec

if TYPE_CHECKING:
    from .engine import Engine

_WAIT_S = 60.0
"""How long an engine may take to make another's container, whose volumes it may have to fill."""
_POLL_S = 0.005


def claim(engine: Engine, spec: ContainerSpec, cancelled: threading.Event) -> str | Container:
    """The id of the container made from `spec`, or the container that has its name already.

    An engine takes the name before others can see the container: the loser of a race asks until it is there.

    Raises: AlreadyExists (it never shows), NotFound (no such image or holder), EngineError, Interrupted.
    """
    deadline = monotonic() + _WAIT_S
    while True:
        try:
            return engine.create(spec)
        except AlreadyExists:
            if (there := engine.inspect(spec.name)) is not None:
                return there
            if monotonic() > deadline:
                raise
        if cancelled.wait(_POLL_S):
            raise Interrupted(f"making `{spec.name}`")
