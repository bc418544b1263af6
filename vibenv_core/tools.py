"""The tools volume: what runs inside sessions, on an engine; every session mounts it read-only at `/vibenv`.

The engine fills the volume from the launcher's image as it creates the first container that has it: the
holder, which never runs. Sessions name the holder and not the volume, because an engine silently makes a
volume that is missing, and refuses a holder that is.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from . import labels
from .errors import WrongState
from .model import Image, Progress

if TYPE_CHECKING:
    from .engine import Engine


def holder(launcher: Image) -> str:
    """The name of the container whose volume a session of this launcher has at `/vibenv`.

    Raises: WrongState (the launcher is from before there were tools).
    """
    digest = launcher.labels.get(labels.TOOLS)
    if digest is None:
        raise WrongState(
            "the launcher image has no tools for sessions",
            code="launcher::outdated",
            help="`vibenv create launcher` renews it; sessions that are there go on with theirs",
        )
    return labels.tools_name(digest)


def make(engine: Engine, launcher: Image, *, progress: Progress, cancelled: threading.Event) -> None:
    """Make the tools volume and its holder; of two that do so at once one waits for the other.

    A volume that was left half filled is made anew. Raises: EngineError, Interrupted.
    """
    raise NotImplementedError


def remove_unused(engine: Engine, *, but: str | None = None) -> None:
    """Remove the tools that no session uses, less those of the name `but`."""
    raise NotImplementedError
