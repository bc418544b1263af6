"""Several actions side by side: one on many names, or two that have nothing to do with each other.

Those of `each` and `merged` end before it does; those of `each_within` may be left behind, and end by
themselves.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
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
_AHEAD = 256
"""What streams that are merged may have given that was not taken yet."""


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


def merged(
    names: Collection[str],
    stream: Callable[[str], Generator[T]],
    *,
    jobs: int,
) -> Iterator[Outcome[T]]:
    """What the streams of all names give, at most `jobs` of them at a time, as it comes.

    An error ends its own stream only. Leaving the iterator early waits for those under way, which end at the
    next that they give, or when whatever event they heed is set. An error that is no VibenvError is a fault
    of `stream`, and raised.
    """
    given: queue.Queue[Outcome[T] | Exception | None] = queue.Queue(_AHEAD)
    left = threading.Event()

    def put(item: Outcome[T] | Exception | None) -> None:
        while not left.is_set():
            with contextlib.suppress(queue.Full):
                given.put(item, timeout=_TICK_S)
                return

    def work(name: str) -> None:
        try:
            with contextlib.closing(stream(name)) as items:
                for item in items:
                    put(Outcome(name=name, result=item))
                    if left.is_set():
                        break
        except VibenvError as error:
            put(Outcome(name=name, result=error))
        except Exception as error:
            put(error)
        put(None)

    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="vibenv-merged") as pool:
        try:
            for name in names:
                pool.submit(copy_context().run, work, name)
            ended = 0
            while ended < len(names):
                item = given.get()
                if isinstance(item, Exception):
                    raise item
                if item is None:
                    ended += 1
                else:
                    yield item
        finally:
            left.set()
            pool.shutdown(cancel_futures=True)
