"""Brings a terminal back to its session when the link to its host broke: the I/O round an `Away`."""

from __future__ import annotations

import contextlib
import select
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from .away import Away
from .errors import Unreachable, VibenvError
from .stream import Stream

if TYPE_CHECKING:
    from .engine import Engine
    from .terminal import Terminal

_WAKE_S = 0.02
_LOOK_S = 5.0
"""How often a link is looked at by which a terminal is shown."""

T = TypeVar("T")


def again(host: str, ask: Callable[[], T], terminal: Terminal, *, cancelled: threading.Event) -> T | None:
    """What `ask` gives: a new connection, or why there can be none. While it raises Unreachable it is asked
    again; all else that it raises is raised.

    None once the user has detached, by the key or by closing the window, or `cancelled` is set: at once,
    whatever `ask` is about; a connection that it makes then is closed.
    """
    away = Away(host, time.monotonic())
    attempt: Future[T] | None = None
    try:
        while not cancelled.is_set():
            now = time.monotonic()
            if attempt is None and away.is_due(now):
                attempt = _started(ask)
            if attempt is not None and attempt.done():
                done, attempt = attempt, None
                try:
                    return done.result()
                except Unreachable as error:
                    away.failed(error.message, now)
            if select.select([terminal], [], [], _WAKE_S)[0]:
                typed = terminal.read()
                away.typed(typed)
                if away.detached or not typed:
                    return None
            away.tick(now, *terminal.size())
            terminal.write(away.to_screen)
        return None
    finally:
        away.over(terminal.size()[0])
        terminal.write_out(away.to_screen)
        if attempt is not None:
            attempt.add_done_callback(_close)


@contextlib.contextmanager
def looked_after(engine: Engine) -> Iterator[threading.Event]:
    """An event that is set when, in the body, the link to the engine was silent and so has been replaced.

    A connection over the old one may never hear of its end. Never set where there is no link.
    """
    replaced, over = threading.Event(), threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_S):
            began = time.monotonic()
            with contextlib.suppress(VibenvError):
                engine.ping()
            if engine.way is not None and time.monotonic() - began >= engine.way.answer_s:
                replaced.set()

    if engine.way is not None:
        threading.Thread(target=look, daemon=True).start()
    try:
        yield replaced
    finally:
        over.set()


def _started(ask: Callable[[], T]) -> Future[T]:
    """`ask`, in a thread of its own that nobody has to wait for."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # it is raised where the future is looked at
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _close(attempt: Future[T]) -> None:
    """Close a connection that came too late."""
    if attempt.exception() is None and isinstance(came := attempt.result(), Stream):
        came.close()
