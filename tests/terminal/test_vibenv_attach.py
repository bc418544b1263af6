"""`vibenv attach` from a real Nushell in a real terminal; the engine between is a few lines long."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.link import exec_engine
from tests.link.exec_engine import NAME
from tests.nu.shell import Shell, eventually
from tests.nu.terminal.tmux import PROMPT
from tests.terminal.conftest import AGENT, PATIENCE_S, Played, Start, floods, kill, nushell
from tests.terminal.programs import flood
from tests.terminal.real_terminal import Terminal
from tests.terminal.session import Session

MB = 1_000_000
DETACH = "C-\\"
Sit: TypeAlias = Callable[..., Terminal]


@pytest.fixture
def sit(prompting: Shell) -> Iterator[Sit]:
    """Opens a terminal whose Nushell reaches for one session: `sit(session, rows=30, cols=100)`."""
    with ExitStack() as stack:

        def sit_before(session: Session, *, rows: int = 24, cols: int = 80) -> Terminal:
            _, address = stack.enter_context(exec_engine.serving(session))
            return stack.enter_context(nushell(prompting.on(f"tcp://{address}"), rows=rows, cols=cols))

        yield sit_before


def children(pid: int) -> list[int]:
    """The ids of a process's children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def plugin_of(terminal: Terminal) -> int:
    """The id of the plugin's process, a child of the Nushell in the terminal."""
    (nu,) = [int(terminal.ask("#{pane_pid}"))]
    (plugin,) = [
        child for child in children(nu) if b"nu_plugin_vibenv" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    return plugin


def wait_for_nobody(session: Session) -> None:
    """Wait until nobody is attached any more."""
    looker = session.attach(rows=0, cols=0)
    looker.until(lambda: len(looker.ask("state")["clients"]) == 1, "nobody attached")
    looker.close()


def test_the_screen_is_exact_and_the_terminal_is_afterwards_as_it_was(
    start: Start, sit: Sit, played: Played
) -> None:
    session = start(*AGENT)
    terminal = sit(session)
    before, title = terminal.seen.state, terminal.seen.title
    for keys in ("a", "b"):
        terminal.enter(f"vibenv attach {NAME}")
        terminal.wait_to_show(lambda: played(session))
        terminal.press(keys)
        terminal.wait_to_show(lambda: played(session))
        terminal.press(DETACH)
        terminal.wait_for(r"reason +│ +detached")
        terminal.wait_for(PROMPT)
        terminal.wait_until(lambda _: terminal.seen.state == before, before)
    assert terminal.seen.title == title
    for rows, cols in ((36, 120), (12, 40)):
        terminal.resize(rows, cols)
        terminal.enter(f"clear; vibenv attach {NAME}")
        terminal.wait_to_show(lambda: played(session))
        terminal.press(DETACH)
        terminal.wait_for(r"reason +│ +detached")


def crash(terminal: Terminal) -> None:
    """Have the program end with all of its modes set."""
    terminal.type("q")


def end_plugin(terminal: Terminal) -> None:
    """Ask the plugin to end, as a system that shuts down does."""
    os.kill(plugin_of(terminal), signal.SIGTERM)


@pytest.mark.parametrize("end", [crash, end_plugin])
def test_however_it_ends_the_terminal_is_as_it_was(
    start: Start, sit: Sit, played: Played, end: Callable[[Terminal], None]
) -> None:
    session = start(*AGENT)
    terminal = sit(session)
    before, title = terminal.seen.state, terminal.seen.title
    terminal.enter(f"vibenv attach {NAME}")
    terminal.wait_to_show(lambda: played(session))
    end(terminal)
    terminal.wait_for(PROMPT)
    terminal.wait_until(lambda _: terminal.seen.state == before, before)
    assert terminal.seen.title == title


def test_a_killed_nu_or_plugin_costs_no_byte_and_no_key_and_the_next_screen_is_exact(
    start: Start, sit: Sit, played: Played
) -> None:
    session = start(*AGENT)
    for kill_one in (kill, lambda terminal: os.kill(plugin_of(terminal), signal.SIGKILL)):
        terminal = sit(session)
        terminal.enter(f"vibenv attach {NAME}")
        terminal.wait_to_show(lambda: played(session))
        terminal.type("x")
        terminal.wait_to_show(lambda: played(session))
        kill_one(terminal)
        wait_for_nobody(session)
    terminal = sit(session)
    terminal.enter(f"vibenv attach {NAME}")
    terminal.wait_for("> xx +│$")
    terminal.wait_to_show(lambda: played(session))


def test_a_nu_killed_amid_a_flood_costs_no_byte(start: Start, sit: Sit) -> None:
    session = start(*floods(9 * MB, "slowly"))
    printed = flood.printed(9 * MB) + b"done\r\n"
    for _ in range(2):
        terminal = sit(session)
        terminal.enter(f"vibenv attach {NAME}")
        terminal.wait_for(r"^\d{78}$")
        kill(terminal)
    eventually(lambda: session.recording.lost(printed) == 0, "all of it", within_s=PATIENCE_S)
