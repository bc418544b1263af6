"""A session's terminal over a bad link: a real supervisor, behind an engine that is a few lines long."""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.link import exec_engine, shown
from tests.link.exec_engine import NAME, ExecEngine
from tests.link.shown import DETACH
from tests.link.simulator import Simulator, simulating
from tests.terminal import session
from tests.terminal.session import Session
from vibenv_core.attach import Reason
from vibenv_core.docker_client import Way
from vibenv_core.engine import Engine
from vibenv_core.hosts import Host

COUNTING = (sys.executable, "-IS", str(Path(__file__).with_name("counting.py")))


@dataclass(slots=True)
class Far:
    """A session on another host: what runs there, the link, and the engine at its near end."""

    session: Session
    there: ExecEngine
    link: Simulator
    engine: Engine


Reach: TypeAlias = Callable[..., Far]


@pytest.fixture
def reach() -> Iterator[Reach]:
    """Starts sessions and reaches for them: `reach("sh", "-c", …)`."""
    with ExitStack() as stack:

        def start(*program: str) -> Far:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="link-")))
            runs = stack.enter_context(session.running(*program))
            there, address = stack.enter_context(exec_engine.serving(runs))
            link = stack.enter_context(simulating(folder, address))
            near = Host(name="box", url=f"unix://{folder}/link.sock", tls=None)
            way = Way(near=near, answer_s=2.0, mend=lambda silent, since_ns: None)
            return Far(runs, there, link, Engine.connect(near, way=way))

        yield start


def typed(path: Path) -> list[int]:
    """The numbers that COUNTING was typed, in order."""
    return [int(number) for number in path.read_bytes().split(b"\r")[:-1]]


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
    assert typed(tmp_path / "typed") == list(range(1, number + 1))
    ticks = [int(tick) for tick in re.findall(rb"tick (\d+)\r", far.session.recording.output)]
    assert ticks == list(range(1, len(ticks) + 1))
