"""The first session of the README, typed into a real Nushell: every line answers in the shape it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.nu.terminal.conftest import Open
from tests.nu.terminal.tmux import PROMPT
from vibenv_core import sessions
from vibenv_core.engine import Engine
from vibenv_core.launcher import Launcher

pytestmark = pytest.mark.one_engine("28")

README = Path(__file__).resolve().parents[3] / "README.md"


def typed_and_answered(block: str) -> list[tuple[str, str]]:
    """The lines that a console block shows as typed, each with the answer under it."""
    parts = re.split(r"^> (.*)\n", block, flags=re.M)
    return list(zip(parts[1::2], (answer.rstrip() for answer in parts[2::2]), strict=True))


def shape(answer: str) -> list[str]:
    """An answer without what differs between runs: a table's columns and number of rows, a record's names."""
    rows = [line for line in answer.splitlines() if line.startswith("│")]
    if not rows:
        return answer.split()
    cells = [[cell.strip() for cell in row.strip("│").split("│")] for row in rows]
    if cells[0][0] == "#":
        return [*cells[0], str(len(rows))]
    return [row[0] for row in cells]


(SESSION,) = re.findall(r"^```nushell\n(.*?)^```", README.read_text(), flags=re.M | re.S)


@pytest.mark.usefixtures("launcher")
def test_the_first_session_of_the_readme_goes_as_it_says(tmux: Open, stack: Engine) -> None:
    terminal = tmux(rows=50, cols=110)
    try:
        for line, expected in typed_and_answered(SESSION):
            terminal.press("C-l")
            terminal.wait_for(PROMPT)
            terminal.enter(line)
            typed = rf"^nu> {re.escape(line)}\n"
            if "attach" in line:  # the terminal shows the session's from its top on
                typed = "^root@.*\n"
                terminal.wait_for("^root@")
                terminal.press("C-\\")
            screen = terminal.wait_for(rf"{typed}(.*\n)*{PROMPT}")
            answer = re.split(typed, screen, flags=re.M)[-1].rpartition("\n")[0].strip()
            assert shape(answer) == shape(expected), f"> {line}\n{answer}"
    finally:
        for session in sessions.list_sessions(stack):
            sessions.remove(stack, session.name, force=True)


def test_the_shape_of_an_answer_tells_columns_rows_and_words_apart() -> None:
    table = "╭───┬──────╮\n│ # │ name │\n├───┼──────┤\n│ 0 │ a    │\n╰───┴──────╯"
    assert shape(table) == ["#", "name", "2"]
    assert shape("╭──────┬───╮\n│ name │ a │\n╰──────┴───╯") == ["name"]
    assert shape("vibenv::session::not_found") == ["vibenv::session::not_found"]


def test_launcher_of_the_readme_is_not_larger_than_it_says(launcher: Launcher) -> None:
    (said,) = re.findall(r"│ size   │ ([\d.]+) MB", SESSION)
    assert launcher.size <= float(said) * 1.05e6
