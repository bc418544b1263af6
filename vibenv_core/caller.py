"""Who a thread works for: so that what waits below can end when its caller does not want it any longer.

An engine is shared by many calls, and so is the link to it; what mends that does so for one of them.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from typing import NoReturn, TypeVar

from .errors import Interrupted

T = TypeVar("T")

_NEVER = threading.Event()
_cancelled = contextvars.ContextVar("cancelled", default=_NEVER)
_TICK_S = 0.05


def is_heeded(cancelled: threading.Event) -> None:
    """From now on this thread works for somebody who sets `cancelled` when it is to end."""
    _cancelled.set(cancelled)


def cancelled() -> threading.Event:
    """What is set when this thread is to end; never set where nobody said."""
    return _cancelled.get()


def waiting(what: str, act: Callable[[], T]) -> T:
    """What `act` gives. Once the caller does not want it any longer, it goes on unheard.

    What begins only then is waited for: it is done to clean up. Raises: what `act` raises, Interrupted.
    """
    wanted_no_more = cancelled()
    if wanted_no_more is _NEVER or wanted_no_more.is_set():
        return act()
    answers: queue.SimpleQueue[Callable[[], T]] = queue.SimpleQueue()

    def work() -> None:
        try:
            result = act()
        except BaseException as error:
            failed = error
            answers.put(lambda: _raised(failed))
        else:
            answers.put(lambda: result)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name="vibenv-waiting", daemon=True).start()
    while not wanted_no_more.is_set():
        try:
            return answers.get(timeout=_TICK_S)()
        except queue.Empty:
            continue
    raise Interrupted(what)


def _raised(error: BaseException) -> NoReturn:
    raise error
