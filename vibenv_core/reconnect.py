"""Asks, in a thread of its own, for another connection to a session: nobody has to wait for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Attempt(Generic[T]):
    """`ask`, begun; for select, readable once it is done. Close it, or what it gives is nobody's."""

    def __init__(self, ask: Callable[[], T], *, unwanted: Callable[[T], object]) -> None:
        """`unwanted` is called with what `ask` gives when this is closed by then."""
        self._future: Future[T] = Future()
        self._unwanted = unwanted
        self._near, self._far = socket.socketpair()
        threading.Thread(target=self._run, args=(ask,), daemon=True).start()

    def fileno(self) -> int:
        """For select."""
        return self._near.fileno()

    def is_done(self) -> bool:
        """Whether `result` gives something now."""
        return self._future.done()

    def result(self) -> T:
        """What came of it, once. Raises: what `ask` raises."""
        self._near.close()
        return self._future.result()

    def close(self) -> None:
        """Have nothing to do with it any more."""
        self._near.close()
        self._future.add_done_callback(self._is_unwanted)

    def _run(self, ask: Callable[[], T]) -> None:
        try:
            self._future.set_result(ask())
        except BaseException as error:  # it is raised where the result is looked at
            self._future.set_exception(error)
        self._far.close()

    def _is_unwanted(self, future: Future[T]) -> None:
        if future.exception() is None:
            self._unwanted(future.result())
