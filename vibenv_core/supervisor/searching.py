"""Ends what takes too long, such as to look for somebody's pattern. Python's `re` sees signals meanwhile.

It is processor time that counts, so that a busy machine makes no pattern a bad one.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TypeVar

LIMIT_S = 0.02
"""What is searched at once takes a tenth of a millisecond with any usual pattern."""

T = TypeVar("T")


def within(do: Callable[[], T]) -> T:
    """What `do` gives. Only for the main thread. Raises: TimeoutError (it took longer than `LIMIT_S`)."""
    before = signal.signal(signal.SIGVTALRM, _end)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S)
        return do()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _end(*_: object) -> None:
    raise TimeoutError
