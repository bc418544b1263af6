"""The user's terminal: how large it is, and a session shown on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from vibenv_core.errors import UsageError

from .sdk import NoTerminal

if TYPE_CHECKING:
    from vibenv_core.attach import Attached
    from vibenv_core.detach_key import DetachKey
    from vibenv_core.engine import Engine

    from .sdk import Call

_DEFAULT_SIZE = (24, 80)


def size() -> tuple[int, int]:
    """Rows and columns of the terminal that stderr is, or else what a terminal has had since the VT100."""
    try:
        columns, rows = os.get_terminal_size(2)
    except OSError:
        return _DEFAULT_SIZE
    return (rows, columns) if rows and columns else _DEFAULT_SIZE


def show(
    call: Call, engine: Engine, name: str, *, key: DetachKey | None = None, watching: bool = False
) -> Attached:
    """Give the terminal to a session until its user detaches, its program ends or the engine is lost.

    Raises: UsageError (there is no terminal), and what `attach.attach` raises.
    """
    from vibenv_core import attach

    with taken(call) as tty:
        return attach.attach(engine, name, tty_fd=tty, key=key, watching=watching, cancelled=call.cancelled)


@contextmanager
def taken(call: Call) -> Iterator[int]:
    """The terminal, for as long as the context lasts. Raises: UsageError (there is none)."""
    with ExitStack() as stack:
        try:
            tty = stack.enter_context(call.engine.foreground())
        except NoTerminal as error:
            raise UsageError(
                "this needs a terminal, and there is none here",
                code="attach::no_terminal",
                help="type it at a prompt, or in a script that was started at one",
            ) from error
        yield tty
