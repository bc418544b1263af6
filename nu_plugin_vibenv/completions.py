"""What Tab offers: sessions with their state, contexts, images. Quick, and nothing where nobody answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vibenv_core.errors import VibenvError

from . import engines
from .sdk import Suggestion

if TYPE_CHECKING:
    from vibenv_core.engine import Engine

    from .sdk import CompletionRequest

DEADLINE_S = 0.7
"""How long a person who pressed Tab waits for an engine."""


def context_names(request: CompletionRequest) -> Iterator[Suggestion]:
    """Docker's contexts with where they lead; asks no engine."""
    from vibenv_core import hosts

    try:
        known = hosts.contexts(request.engine.environment(*hosts.VARIABLES))
    except VibenvError:
        return
    for context in known:
        if context.url is None:
            continue
        what = f"{context.url} (current)" if context.current else context.url
        yield Suggestion(context.name, description=context.description or what)


def session_names(request: CompletionRequest) -> Iterator[Suggestion]:
    """The sessions of the host that the line names, with their states."""
    from vibenv_core.sessions import list_sessions

    try:
        known = list_sessions(_engine(request))
    except VibenvError:
        return
    for session in known:
        yield Suggestion(session.name, description=session.state.value)


def image_names(request: CompletionRequest) -> Iterator[Suggestion]:
    """The images that the engine of the host has."""
    try:
        known = _engine(request).images()
    except VibenvError:
        return
    for reference in known:
        yield Suggestion(reference)


def _engine(request: CompletionRequest) -> Engine:
    from vibenv_core.reach import reach

    host, env = engines.meant(request.engine, request.flag("host"))
    return reach(host, env=env, cancelled=threading.Event(), reach_s=DEADLINE_S, timeout_s=DEADLINE_S)
