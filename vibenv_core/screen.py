"""What a session's terminal shows, for programs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from . import answers
from .asking import Asking
from .author import user_name
from .supervisor.requests import Ask, Shown

if TYPE_CHECKING:
    from .engine import Engine

_ANSWER_S = 30.0


def screen(
    engine: Engine, name: str, *, since: int | None = None, styled: bool = False, cancelled: threading.Event
) -> Shown:
    """What the terminal of the session `name` shows now; with `since`, the rows that have changed after that.

    Raises: UsageError (a bad name), NotFound, Foreign, WrongState (it does not run; an older vibenv made it),
    EngineError, Unreachable, Interrupted.
    """
    asking = Asking(engine, name, author=user_name(), within_s=_ANSWER_S, cancelled=cancelled)
    answer = asking.answer(lambda _typed, _s, _seq: Ask(since=since, styled=styled))
    return answers.read(name, Shown, answer)
