"""Sessions without containers, and real terminals attached to them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pytest

from tests.engine.conftest import engine, spare_launcher
from tests.nu.shell import ROOT, Shell, eventually
from tests.nu.terminal.conftest import here, prompting
from tests.nu.terminal.tmux import PROMPT
from tests.terminal import session
from tests.terminal.real_terminal import Seen, Terminal
from tests.terminal.session import ENV, Session

__all__ = ["engine", "here", "prompting", "spare_launcher"]

Start: TypeAlias = Callable[..., Session]
Open: TypeAlias = Callable[..., Terminal]
Played: TypeAlias = Callable[["Recorded"], Seen]
PROGRAMS = Path(__file__).parent / "programs"
PATIENCE_S = 10.0
_PAUSE_S = 0.03
PYTHON = (sys.executable, "-IS")
AGENT = (*PYTHON, str(PROGRAMS / "agent.py"))
_PRINT = """\
import os, signal, sys, time, tty
tty.setraw(1)
data = open(sys.argv[1], "rb").read()
while data: data = data[os.write(1, data[:int(sys.argv[2])]):]; time.sleep(float(sys.argv[3]))
signal.pause()
"""


class Recorded(Protocol):
    """A session with a recording that can be read."""

    def recorded(self) -> bytes:
        """The recording as a file, as it is now."""


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts sessions: `start("vim", rows=30)`; they end with the test."""
    with ExitStack() as stack:

        def start_session(*program: str, **options: Any) -> Session:
            return stack.enter_context(session.running(*program, **options))

        yield start_session


@pytest.fixture
def terminal() -> Iterator[Open]:
    """Opens real terminals: `terminal("less", "file", rows=30, cols=100)`."""
    with ExitStack() as stack:

        def open_terminal(*program: str, rows: int = 24, cols: int = 80) -> Terminal:
            return stack.enter_context(Terminal(program, env=ENV, cwd=ROOT, rows=rows, cols=cols))

        yield open_terminal


@contextmanager
def nushell(shell: Shell, *, rows: int = 24, cols: int = 80) -> Iterator[Terminal]:
    """A real terminal with an interactive Nushell at its prompt."""
    with Terminal((str(shell.nu),), env=shell.env(), cwd=shell.home, rows=rows, cols=cols) as terminal:
        terminal.wait_for(PROMPT)
        yield terminal


def _after_a_pause(session: Recorded) -> bytes:
    """The recording, after as long as a program may take to print the rest of what it is about."""
    time.sleep(_PAUSE_S)
    return session.recorded()


@pytest.fixture
def played(terminal: Open, tmp_path: Path) -> Played:
    """What a real terminal shows that got all that a session's program printed so far, and nothing else."""
    shown: dict[bytes, Seen] = {}

    def play(of: Recorded) -> Seen:
        recorded = of.recorded()
        while recorded not in shown and recorded != (later := _after_a_pause(of)):
            recorded = later
        if recorded not in shown:
            cast, done = tmp_path / f"{len(shown)}.cast", tmp_path / f"{len(shown)}.played"
            cast.write_bytes(recorded)
            player = terminal(sys.executable, "-m", "tests.terminal.programs.player", str(cast), str(done))
            eventually(done.exists, "the recording is played", within_s=PATIENCE_S)
            shown[recorded] = player.seen
        return shown[recorded]

    return play


def own(session: Session, *options: str) -> list[str]:
    """The command line of a client that speaks `frames`."""
    return [sys.executable, "-m", "tests.terminal.programs.attached", str(session.control_socket), *options]


def dtach(session: Session) -> list[str]:
    """The command line of Debian's dtach, which knows nothing of vibenv."""
    return ["dtach", "-a", str(session.dtach_socket)]


def kill(terminal: Terminal) -> None:
    """Kill -9 the program that the terminal was opened with."""
    os.kill(int(terminal.ask("#{pane_pid}")), signal.SIGKILL)


def prints(data: bytes, folder: Path, *, piece: int = 4096, pause_s: float = 0.0) -> tuple[str, ...]:
    """The command line of a program that prints `data`, so many bytes at once, then stays."""
    (folder / "data").write_bytes(data)
    return (*PYTHON, "-c", _PRINT, str(folder / "data"), str(piece), str(pause_s))


def floods(size: int, *more: str) -> tuple[str, ...]:
    """The command line of a program that prints `size` bytes, then `done`, and stays."""
    return (*PYTHON, str(PROGRAMS / "flood.py"), str(size), *more)
