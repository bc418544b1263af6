"""A session's terminal over a bad link: a real supervisor, behind an engine that is a few lines long."""

from __future__ import annotations

import os
import pty
import random
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.link import shown
from tests.link.exec_engine import NAME
from tests.link.far import Far
from tests.link.shown import DETACH, Shown
from tests.nu.shell import eventually
from vibenv_core.attach import Reason, attach
from vibenv_core.errors import EngineError
from vibenv_core.supervisor.ghostty import GhosttyScreen

COUNTING = (sys.executable, "-IS", str(Path(__file__).with_name("counting.py")))
FLOODING = (sys.executable, "-IS", str(Path(__file__).with_name("flooding.py")))


Reach: TypeAlias = Callable[..., Far]


@pytest.fixture
def reach() -> Iterator[Reach]:
    """Starts sessions and reaches for them: `reach("sh", "-c", …)`."""
    with ExitStack() as stack:
        yield lambda *program: Far.started(program, stack)


def typed(path: Path) -> list[int]:
    """The numbers that COUNTING was typed, in order."""
    return [int(number) for number in path.read_bytes().split(b"\r")[:-1] if number != b"stop"]


def screen(far: Far) -> list[str]:
    """What the session's screen shows."""
    client = far.session.attach(rows=0, cols=0)
    lines: list[str] = client.ask("screen")["lines"]
    client.close()
    return lines


def test_through_200_cuts_no_key_is_lost_or_comes_twice_and_no_output_is_missing(
    reach: Reach, tmp_path: Path
) -> None:
    far = reach(*COUNTING, str(tmp_path / "typed"), "200")
    far.link.set(latency_s=0.001)
    number = 0
    with shown.showing(far.engine, NAME) as terminal:
        terminal.until(rb"tick \d+")
        for _ in range(200):
            far.link.cut()
            for _ in range(random.randrange(1, 4)):
                number += 1
                terminal.type(b"%d\r" % number)
                time.sleep(random.uniform(0, 0.01))
            terminal.until(rb"got %d\." % number)
        terminal.type(DETACH)
        assert terminal.ended().reason is Reason.DETACHED
    assert len(far.there.execs) > 200
    assert typed(tmp_path / "typed") == list(range(1, number + 1))
    ticks = [int(tick) for tick in re.findall(rb"tick (\d+)\r", far.session.recording.output)]
    assert ticks == list(range(1, len(ticks) + 1))


def emulated(shown: Shown, rows: int = 24, cols: int = 80) -> list[str]:
    """What a terminal shows that was painted all that `shown` was."""
    terminal = GhosttyScreen(rows, cols)
    terminal.feed(bytes(shown.seen))
    return [row.text for row in terminal.rows()]


def test_after_cuts_amid_full_screen_output_the_screen_is_exact(reach: Reach, tmp_path: Path) -> None:
    far = reach(*COUNTING, str(tmp_path / "typed"), "500")
    far.link.set(latency_s=0.001)
    with shown.showing(far.engine, NAME) as terminal:
        terminal.until(rb"tick \d+")
        for number in range(10):
            far.link.cut()
            time.sleep(random.uniform(0, 0.02))
            terminal.type(b"%d\r" % number)
            terminal.until(rb"got %d\." % number)
        terminal.type(b"stop\r")
        terminal.until(rb"got stop\.\r\n")
        assert emulated(terminal) == screen(far)


def test_what_is_typed_while_the_screen_says_that_there_is_no_connection_is_dropped_and_counted(
    reach: Reach, tmp_path: Path
) -> None:
    far = reach(*COUNTING, str(tmp_path / "typed"))
    with shown.showing(far.engine, NAME) as terminal:
        terminal.type(b"1\r")
        terminal.until(rb"got 1\.")
        far.link.set(refused=True)
        far.link.cut()
        terminal.type(b"2\r")
        terminal.until(rb"no connection to box for \d+ s; ctrl-\\ detaches")
        terminal.type(b"dropped\r")
        terminal.until(rb"8 typed bytes were dropped")
        far.link.set(refused=False)
        terminal.until(rb"\x1b\[0;7m 8 typed bytes were dropped\x1b\[m")
        terminal.until(rb"got 2\.")
        terminal.type(b"3\r")
        terminal.until(rb"got 3\.")
        eventually(lambda: emulated(terminal) == screen(far), "the line to be gone without a trace")
    assert typed(tmp_path / "typed") == [1, 2, 3]


def test_a_link_that_lost_its_far_end_unheard_is_noticed_by_what_is_typed(
    reach: Reach, tmp_path: Path
) -> None:
    far = reach(*COUNTING, str(tmp_path / "typed"))
    with shown.showing(far.engine, NAME) as terminal:
        for number in range(8):  # by which it learns how long a round trip takes
            terminal.type(b"%d\r" % number)
            terminal.until(rb"got %d\." % number)
        far.link.lose()
        began = time.monotonic()
        terminal.type(b"8\r")
        terminal.until(rb"got 8\.")
        assert time.monotonic() - began < 3
    assert typed(tmp_path / "typed") == list(range(9))


def test_an_engine_that_cannot_start_the_relay_is_heard(reach: Reach) -> None:
    far = reach(*COUNTING, "/dev/null")
    far.there.refusal = b"OCI runtime exec failed: no such file or directory\r\n"
    user, program = pty.openpty()
    with pytest.raises(EngineError, match="the terminal of `far` cannot be reached: OCI runtime exec failed"):
        attach(far.engine, NAME, tty_fd=program, cancelled=threading.Event())
    os.close(user)
    os.close(program)


@pytest.mark.parametrize("fault", ["stalled", "cut", "flood"])
def test_detaching_is_at_once_whatever_the_link_does(reach: Reach, fault: str) -> None:
    far = reach(*(FLOODING if fault == "flood" else COUNTING), "/dev/null")
    far.link.set(latency_s=0.075, rate=700_000.0)
    with shown.showing(far.engine, NAME) as terminal:
        terminal.type(b"1\r")
        terminal.until(rb"got 1\." if fault != "flood" else rb"\d{60}")
        if fault == "stalled":
            far.link.set(stalled=True)
        elif fault == "cut":
            far.link.set(refused=True)
            far.link.cut()
        began = time.monotonic()
        terminal.type(DETACH)
        assert terminal.ended().reason is Reason.DETACHED
        assert time.monotonic() - began < 0.5
        far.link.heal()


def test_in_a_flood_ctrl_c_is_seen_soon(reach: Reach) -> None:
    far = reach(*FLOODING)
    far.link.set(latency_s=0.075, rate=700_000.0)
    with shown.showing(far.engine, NAME) as terminal:
        terminal.until(rb"\d{60}")
        terminal.type(b"\x03")
        began = time.monotonic()
        terminal.until(rb"stopped\.")
        assert time.monotonic() - began < 1


def test_who_watches_types_nothing_and_resizes_nothing(reach: Reach, tmp_path: Path) -> None:
    far = reach(*COUNTING, str(tmp_path / "typed"))
    with (
        shown.showing(far.engine, NAME) as typist,
        shown.showing(far.engine, NAME, rows=40, cols=100, watching=True) as watcher,
    ):
        watcher.type(b"0\r")
        typist.type(b"1\r")
        typist.until(rb"got 1\.")
        watcher.until(rb"got 1\.")
        assert len(screen(far)) == 24
        watcher.type(DETACH)
        assert watcher.ended().reason is Reason.DETACHED
    assert typed(tmp_path / "typed") == [1]


def test_a_program_that_ends_is_told_from_a_link_that_does_with_its_exit_code(reach: Reach) -> None:
    far = reach("sh", "-c", "echo ready; read line; exit 3")
    with shown.showing(far.engine, NAME) as terminal:
        terminal.until(b"ready")
        terminal.type(b"\r")
        attached = terminal.ended()
    assert (attached.reason, attached.exit_code) == (Reason.ENDED, 3)
    assert len(far.there.execs) == 1


def test_a_session_that_ended_meanwhile_is_told_when_the_link_is_back(reach: Reach) -> None:
    far = reach("sh", "-c", "echo ready; read line; exit 3")
    with shown.showing(far.engine, NAME) as terminal:
        terminal.until(b"ready")
        far.link.set(refused=True)
        far.link.cut()
        terminal.until(b"no connection")
        other = far.session.attach()
        other.type(b"\r")
        far.session.process.wait(10)
        far.link.set(refused=False)
        attached = terminal.ended(20)
    assert (attached.reason, attached.exit_code) == (Reason.ENDED, 3)


def test_other_keys_detach_when_they_were_chosen(reach: Reach, tmp_path: Path) -> None:
    far = reach(*COUNTING, str(tmp_path / "typed"))
    with shown.showing(far.engine, NAME, keys="ctrl-p,ctrl-q") as terminal:
        terminal.type(b"1\r\x10")
        terminal.until(rb"got 1\.")
        terminal.type(b"\x11")
        assert terminal.ended().reason is Reason.DETACHED
    assert typed(tmp_path / "typed") == [1]


def test_a_terminal_is_painted_within_two_round_trips(reach: Reach) -> None:
    far = reach(*COUNTING, "/dev/null")
    far.engine.ping()
    far.link.set(latency_s=0.2)
    began = time.monotonic()
    with shown.showing(far.engine, NAME):
        took_s = time.monotonic() - began
        far.link.heal()
    assert 0.8 < took_s < 1.2
