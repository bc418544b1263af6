"""Programs that type, look and wait over a bad link: a real supervisor, behind an engine of a few lines."""

from __future__ import annotations

import contextlib
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.link import far
from tests.link.exec_engine import NAME
from tests.nu.shell import eventually
from vibenv_core.errors import Interrupted
from vibenv_core.screen import screen
from vibenv_core.send import Typed, parts, send
from vibenv_core.supervisor.requests import Wait
from vibenv_core.wait import Met, wait

COUNTING = (sys.executable, "-IS", str(Path(__file__).with_name("counting.py")))
ROUND_TRIP_S = 0.4
"""So long that all else in between is little."""
NEVER = threading.Event()


class Far(far.Far):
    """One that a program asks."""

    def send(self, text: str, *keys: str, wait_s: float = 0.0) -> Typed:
        typed = parts(text, keys=keys)
        return send(self.engine, NAME, typed, author="bot", wait_s=wait_s, cancelled=NEVER)

    def wait(self, cancelled: threading.Event = NEVER, **wish: object) -> Met:
        return wait(self.engine, NAME, Wait(**wish), cancelled=cancelled)  # type: ignore[arg-type]


Reach: TypeAlias = Callable[..., Far]


@pytest.fixture
def reach() -> Iterator[Reach]:
    """Starts sessions and reaches for them: `reach("sh", "-c", …)`."""
    with ExitStack() as stack:
        yield lambda *program: Far.started(program, stack)


def took(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def test_a_first_question_takes_two_round_trips_and_the_next_one(reach: Reach) -> None:
    far = reach("cat")
    far.send("hello", "Enter")
    far.link.set(latency_s=ROUND_TRIP_S / 2)
    for question in (
        lambda: far.send("hello", "Enter"),
        lambda: screen(far.engine, NAME, cancelled=NEVER),
        lambda: far.wait(text="hello"),
    ):
        far.engine.kept.close()
        assert 2 * ROUND_TRIP_S <= took(question) < 3 * ROUND_TRIP_S
        assert ROUND_TRIP_S <= took(question) < 2 * ROUND_TRIP_S


def test_through_cuts_each_text_is_typed_once_and_in_order(reach: Reach, tmp_path: Path) -> None:
    far = reach(*COUNTING, str(tmp_path / "typed"), "50")
    far.link.set(latency_s=0.002)
    numbers = range(1, 21)
    with ThreadPoolExecutor(1) as pool:
        for number in numbers:
            sending = pool.submit(far.send, str(number), "Enter")
            time.sleep(random.uniform(0, 0.01))
            far.link.cut()
            sending.result()
    eventually(lambda: typed(tmp_path / "typed") == [*numbers], "all of it to be typed", within_s=5)
    assert len(far.there.execs) > 5


def typed(path: Path) -> list[int]:
    return [int(number) for number in path.read_bytes().split(b"\r")[:-1]]


def test_what_is_written_while_the_link_is_cut_ends_a_wait(reach: Reach) -> None:
    far = reach("sh", "-c", "read go; echo needle; yes | head -1000; cat")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(far.wait, text="needle", timeout_s=20)
        eventually(lambda: len(far.there.execs) == 1 and far.link.seen().down > 500, "the wait")
        far.link.set(refused=True)
        far.link.cut()
        near = far.session.attach()
        near.type(b"go\r")
        near.until(lambda: b"y\r\ny" in near.output or b"y" in near.painted, "the flood")
        far.link.set(refused=False)
        met = waiting.result()
    assert (met.reason, met.match, met.line) == ("text", "needle", "needle")


def test_a_link_that_goes_silent_in_a_wait_is_noticed(reach: Reach) -> None:
    far = reach("sh", "-c", "read go; echo needle; cat")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(far.wait, text="needle", timeout_s=30)
        eventually(lambda: far.link.seen().down > 500, "the wait")
        far.link.lose()
        far.session.attach().type(b"go\r")
        assert waiting.result().reason == "text"
    assert len(far.there.execs) == 2


def test_ctrl_c_ends_a_wait_at_once_even_where_the_link_is_stalled(reach: Reach) -> None:
    far = reach("cat")
    for stalled in (False, True):
        far.engine.kept.close()
        far.link.set(stalled=stalled)
        cancelled = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(far.wait, cancelled, exit=True)
            with contextlib.suppress(TimeoutError):
                waiting.result(0.5)
            cancelled.set()
            with pytest.raises(Interrupted):
                waiting.result(0.3)


def test_the_end_of_a_session_ends_a_wait_over_a_cut_too(reach: Reach) -> None:
    far = reach("sh", "-c", "read go; exit 7")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(far.wait, exit=True, timeout_s=20)
        eventually(lambda: far.link.seen().down > 500, "the wait")
        far.link.set(refused=True)
        far.link.cut()
        far.session.attach().type(b"go\r")
        far.session.process.wait(10)
        far.link.set(refused=False)
        met = waiting.result()
    assert (met.reason, met.exit_code) == ("exit", 7)
