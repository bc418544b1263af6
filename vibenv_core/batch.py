"""Several actions side by side: one on many names, or two that have nothing to do with each other.

Those of `each` end before it does; those of `each_within` may be left behind, and end by themselves.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from .errors import Interrupted, Unreachable, VibenvError

T = TypeVar("T")
U = TypeVar("U")

_TICK_S = 0.05
"""How often a waiting call looks at `cancelled`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[T]):
    """What became of one name: the action's result, or the error that it ended with."""

    name: str
    result: T | VibenvError


def together(first: Callable[[], T], second: Callable[[], U]) -> tuple[T, U]:
    """Do both at once. Raises: what they raise, of two errors that of `first`."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="vibenv-beside") as pool:
        beside = pool.submit(copy_context().run, first)  # in it, too, it is known who the caller is
        try:
            result = second()
        except VibenvError:
            beside.result()
            raise
        return beside.result(), result


def each(
    names: Iterable[str], act: Callable[[str], T], *, jobs: int, cancelled: threading.Event
) -> Iterator[Outcome[T]]:
    """Do `act` for every name, at most `jobs` at a time, and give the outcomes in the order they finish.

    `names` is read as places come free. Once `cancelled` is set no further name is begun, those under way are
    waited for (they end early by themselves when `act` heeds the same event) and their outcomes given; then
    Interrupted is raised unless `names` had been read to its end. Leaving the iterator early waits likewise.
    An error that is no VibenvError is a fault of `act`, and raised.
    """
    waiting = iter(names)
    all_begun = False
    under_way: dict[Future[T], str] = {}
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="vibenv-batch") as pool:
        while True:
            while len(under_way) < jobs and not all_begun and not cancelled.is_set():
                if (name := next(waiting, None)) is None:
                    all_begun = True
                else:
                    under_way[pool.submit(copy_context().run, act, name)] = name
            if not under_way:
                break
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                yield _outcome(under_way.pop(future), future)
    if not all_begun:
        raise Interrupted("the rest")


def _outcome(name: str, future: Future[T]) -> Outcome[T]:
    try:
        return Outcome(name=name, result=future.result())
    except VibenvError as error:
        return Outcome(name=name, result=error)


def each_within(
    names: Collection[str],
    act: Callable[[str, threading.Event], T],
    *,
    deadline_s: float,
    cancelled: threading.Event,
) -> Iterator[Outcome[T]]:
    """Do `act` for all names at once, and give the outcomes in the order they finish.

    What has not finished after `deadline_s` is Unreachable, and goes on unheard: the event that `act` is
    given is set when nobody waits for it any longer. Raises: Interrupted, once `cancelled` is set. An error
    that is no VibenvError is a fault of `act`, and raised.
    """
    left = threading.Event()
    finished: queue.SimpleQueue[Outcome[T] | Exception] = queue.SimpleQueue()
    deadline = time.monotonic() + deadline_s
    waiting = dict.fromkeys(names)
    for name in waiting:
        work = partial(_finish, name, act, left, finished)
        threading.Thread(target=work, name=f"vibenv-host-{name}", daemon=True).start()
    try:
        while waiting:
            if cancelled.is_set():
                raise Interrupted("asking the hosts")
            rest_s = max(deadline - time.monotonic(), 0)
            try:
                outcome = finished.get(timeout=min(rest_s, _TICK_S))
            except queue.Empty:
                if not rest_s:
                    break
                continue
            if isinstance(outcome, Exception):
                raise outcome
            del waiting[outcome.name]
            yield outcome
        for name in waiting:
            late = Unreachable(
                f"`{name}` did not answer within {deadline_s:g} s",
                code="host::timeout",
                help=f"`vibenv doctor --host {name}` looks closer",
                about="host",
            )
            yield Outcome(name=name, result=late)
    finally:
        left.set()


def _finish(
    name: str,
    act: Callable[[str, threading.Event], T],
    left: threading.Event,
    finished: queue.SimpleQueue[Outcome[T] | Exception],
) -> None:
    try:
        finished.put(Outcome(name=name, result=act(name, left)))
    except VibenvError as error:
        finished.put(Outcome(name=name, result=error))
    except Exception as error:
        finished.put(error)
