"""The threads that commands run on: as many as are at work at a time, idle ones used again."""

from __future__ import annotations

import threading
from _queue import SimpleQueue  # `queue` without the heaps that it also imports

from .data import TYPE_CHECKING
from .errors import ConnectionClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Job = Callable[[], object]


class Workers:
    """Does jobs side by side. What one raises is told to `warn`; ConnectionClosed ends its thread quietly."""

    def __init__(self, warn: Callable[[BaseException], None]) -> None:
        self._warn = warn
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._idle = 0
        self._threads: list[threading.Thread] = []

    def submit(self, job: Job) -> None:
        """Do a job on a thread of its own, a new one when all are busy."""
        with self._lock:
            idle = self._idle > 0
            self._idle -= idle
        self._jobs.put(job)
        if not idle:
            thread = threading.Thread(target=self._work_off, name=f"run {len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def leave(self) -> Iterable[threading.Thread]:
        """Have each thread end after its job; the threads, to be waited for."""
        for _ in self._threads:
            self._jobs.put(_leave)
        return self._threads

    def _work_off(self) -> None:
        while (job := self._jobs.get()) is not _leave:
            try:
                job()
            except ConnectionClosed:  # there is nobody left to tell
                return
            except BaseException as error:  # as when a generator that is closed fails to clean up
                self._warn(error)
            with self._lock:
                self._idle += 1


def _leave() -> None:
    """The job that ends a thread."""
