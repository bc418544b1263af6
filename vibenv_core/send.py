"""Types into a session's terminal, for programs."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import answers
from .asking import Asking
from .errors import UsageError
from .supervisor.frames import LARGEST_FROM_CLIENT
from .supervisor.requests import Send, Sent

if TYPE_CHECKING:
    from .engine import Engine

_ANSWER_S = 30.0
_MOST = LARGEST_FROM_CLIENT - (1 << 10)
"""Bytes of all parts as JSON."""

Parts = list[dict[str, str]]
"""As `Send.parts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed: its length in bytes, and the position in the program's output before it."""

    bytes: int
    seq: int


def parts(text: str | None, *, keys: Sequence[str] = (), paste: bool = False) -> Parts:
    """The text, and then keys by their names. Raises: UsageError (nothing, or too much)."""
    typed: Parts = [{"paste" if paste else "text": text}] if text else []
    typed += [{"key": key} for key in keys]
    if not typed:
        raise UsageError(
            "there is nothing to type",
            code="send::nothing",
            help="vibenv send NAME TEXT --keys [Enter], or text by the pipeline: … | vibenv send NAME",
        )
    if len(json.dumps(typed)) > _MOST:
        raise UsageError(
            f"more than {_MOST >> 10} KiB cannot be typed at once",
            code="send::too_much",
            help="`vibenv write` puts it into a file of the session",
            about="text",
        )
    return typed


def send(
    engine: Engine, name: str, parts: Parts, *, author: str, wait_s: float = 0.0, cancelled: threading.Event
) -> Typed:
    """Type `parts` into the terminal of the session `name`, as one piece and each once, whatever is cut.

    While a person types it waits for up to `wait_s`, and so it does where the program does not read.

    Raises: UsageError (a bad name, a key that there is not), NotFound, Foreign, WrongState (a person types;
    the program does not read; it does not run; an older vibenv made it), EngineError, Unreachable (how much
    was typed is not known), Interrupted (likewise).
    """
    begun_at = 0

    def request(typed: int, elapsed_s: float, _seq: int | None) -> Send:
        nonlocal begun_at
        begun_at = typed
        return Send(at=typed, parts=parts, wait_s=max(0.0, wait_s - elapsed_s))

    asking = Asking(engine, name, author=author, within_s=_ANSWER_S + wait_s, cancelled=cancelled)
    sent = answers.read(name, Sent, asking.answer(request))
    return Typed(bytes=sent.typed - begun_at, seq=sent.seq)
