"""How a long command shows how far it is: one line on the terminal, or the steps as rows.

One painter serves the whole plugin, because commands that run side by side share one terminal. It writes only
where stderr is a terminal, and never for a background job, whose line would land in what is being typed. It
begins when a command has taken a while, and wipes its line before anything is answered. Its thread,
`vibenv-progress`, lives while a command reports; `_lock` guards the tasks and the line.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from vibenv_core.model import Progress, Step, StepState

if TYPE_CHECKING:
    from .sdk import Engine

BEGIN_AFTER_S = 0.3
INTERVAL_S = 0.1
ROW_INTERVAL_S = 1.0
"""A step that still runs gives `--stream` one row at most this often, so that an agent can read them all."""

_WIPE = "\r\x1b[2K"


class _Task:
    """One command that reports; `step` is what it said last."""

    def __init__(self, what: str, began: float) -> None:
        self.step = Step(step=what, state=StepState.RUNNING)
        self.began = began


class Painter:
    """The one line; every method may be called from any thread."""

    def __init__(self, write: Callable[[str], object], columns: Callable[[], int]) -> None:
        self._write = write
        self._columns = columns
        self._lock = threading.Lock()
        self._tasks: list[_Task] = []
        self._painted = False
        self._idle = threading.Event()

    @contextmanager
    def task(self, what: str) -> Iterator[Progress]:
        """Show what is reported to the function given, until the block is left: the line is gone then."""
        task = _Task(what, time.monotonic())
        with self._lock:
            self._tasks.append(task)
            if len(self._tasks) == 1:
                self._idle = threading.Event()
                paint = partial(self._paint_until, self._idle)
                threading.Thread(target=paint, name="vibenv-progress", daemon=True).start()

        def report(step: Step) -> None:
            task.step = step

        try:
            yield report
        finally:
            with self._lock:
                self._tasks.remove(task)
                if not self._tasks:
                    self._idle.set()
                self._wipe()

    def _paint_until(self, idle: threading.Event) -> None:
        while not idle.wait(INTERVAL_S):
            with self._lock:
                now = time.monotonic()
                late = [task for task in self._tasks if now - task.began >= BEGIN_AFTER_S]
                if late and not idle.is_set():
                    shown = [(task.step, now - task.began) for task in late]
                    self._write(_WIPE + line(shown, self._columns()))
                    self._painted = True

    def _wipe(self) -> None:
        """Take the line away; with `_lock` held."""
        if self._painted:
            self._write(_WIPE)
            self._painted = False


def line(shown: Sequence[tuple[Step, float]], columns: int) -> str:
    """One line for what runs now, each with the seconds since its command began; the oldest is spelt out."""
    step, seconds = shown[0]
    percent = "" if step.fraction is None else f" {step.fraction:.0%}"
    detail = f": {step.detail}" if step.detail else ""
    more = f" (and {len(shown) - 1} more)" if len(shown) > 1 else ""
    end = f"{percent} · {seconds:.0f} s{more}"
    printable = "".join(sign if sign.isprintable() else " " for sign in f"{step.step}{detail}")
    text = " ".join(printable.split())
    room = columns - 1 - len(end)
    if len(text) > room:
        text = text[: max(room - 1, 0)] + "…"
    return (text + end)[: max(columns - 1, 0)]


@contextmanager
def shown(what: str, nu: Engine) -> Iterator[Progress]:
    """Report to the terminal's line where `nu` has one and no prompt beside it, else to nobody."""
    if not os.isatty(2) or nu.job_id():
        yield lambda _step: None
        return
    with _PAINTER.task(what) as progress:
        yield progress


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _columns() -> int:
    try:
        return os.get_terminal_size(2).columns
    except OSError:
        return 80


_PAINTER = Painter(_write, _columns)


def steps(work: Callable[[Progress], object], cancelled: threading.Event) -> Iterator[Step]:
    """Do `work` in a thread and give what it reports as it comes; its error, if any, is raised at the end.

    When the reader has gone, `cancelled` is set for the work to see, and it is waited for: what it has
    begun is then taken back, or done.
    """
    reports: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
    last: tuple[str, float] = ("", 0.0)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="vibenv-steps") as executor:
        done = executor.submit(work, reports.put)
        done.add_done_callback(lambda _done: reports.put(None))
        try:
            while (step := reports.get()) is not None:
                now = time.monotonic()
                same = step.state is StepState.RUNNING and step.step == last[0]
                if not same or now - last[1] >= ROW_INTERVAL_S:
                    last = (step.step, now)
                    yield step
        except GeneratorExit:
            cancelled.set()
            raise
        done.result()
