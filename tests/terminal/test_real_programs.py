"""Real programs in real terminals: each cell is as the same bytes give it with nothing between.

Of the terminals compared one is attached to the session, and another one got the recorded bytes alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.conftest import AGENT, Open, Played, Start, dtach, kill, own
from tests.terminal.session import Session

TEXT = Path(__file__)
VIM = ["vim", "-u", "NONE", "-n"]
PROGRAMS_AND_KEYS = {
    "vim": (
        ["vim", "-u", "NONE", "-n", "-c", "set ruler hlsearch | syntax on", str(TEXT)],
        ["/Session", "Enter"],
    ),
    "less": (["less", "-M", str(TEXT)], ["Space", "/def", "Enter"]),
    "htop": (["htop", "--delay=6000"], ["F6"]),
    "agent": ([*AGENT], ["a", "M-b", "Up"]),
}


@pytest.mark.parametrize(
    ("name", "client"),
    [("vim", own), ("less", own), ("htop", own), ("agent", own), ("vim", dtach), ("agent", dtach)],
)
def test_a_program_is_seen_just_as_in_a_terminal_of_its_own(
    start: Start, terminal: Open, played: Played, name: str, client: Callable[[Session], list[str]]
) -> None:
    program, keys = PROGRAMS_AND_KEYS[name]
    session = start(*program)
    first = terminal(*client(session))
    first.wait_to_show(lambda: played(session))
    first.press(*keys)
    first.wait_to_show(lambda: played(session))
    kill(first)
    again = terminal(*client(session))
    again.wait_to_show(lambda: played(session))
    kill(again)
    for rows, cols in ((36, 120), (12, 40)):
        other = terminal(*client(session), rows=rows, cols=cols)
        other.wait_to_show(lambda: played(session))
        other.press(*keys)
        other.wait_to_show(lambda: played(session))
        kill(other)
