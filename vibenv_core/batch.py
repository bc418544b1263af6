"""One action on many names, side by side: the only place where the library starts threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from .errors import Interrupted, VibenvError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[T]):
    """What became of one name: the action's result, or the error that it ended with."""

    name: str
    result: T | VibenvError


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
                    under_way[pool.submit(act, name)] = name
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
