"""A person at a terminal, a script and an agent, all at once on one session."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.nu.mcp import Mcp
from tests.nu.shell import Shell, eventually
from tests.nu.terminal.conftest import Launch, Open
from tests.nu.terminal.tmux import Tmux

pytestmark = pytest.mark.one_engine("28")

PROGRAM = ("bash", "-c", 'while IFS= read -r line; do echo "$line" >>/tmp/lines; done')
"""Keeps each line that it reads; the terminal shows it as it is typed."""
TAIL = "x" * 150
"""Of a line: it takes two rows of the terminal."""
LINE = re.compile(rf"(person|script|agent)-(\d+)-{TAIL}")
LINES = 5
"""How many the person types."""


@pytest.fixture
def agent(here: Shell) -> Iterator[Mcp]:
    with Mcp([str(here.nu), "--mcp"], env=here.env(), cwd=here.home) as server:
        yield server


@pytest.fixture
def session(launch: Launch) -> str:
    return launch(*PROGRAM)


def evaluated(agent: Mcp, line: str) -> Any:
    """What a line gives an agent; the test fails when it fails."""
    result = agent.call("evaluate", input=line)
    assert not result.failed, result.text
    return result.data["output"]


def sending(author: str, session: str, until: Path) -> str:
    """Nushell that types one numbered line after the other, each when the one before is seen, until a file
    is there; it gives how many."""
    line = f"{author}-($n)-{TAIL}"
    send = f"vibenv send {session} $'{line}' --keys [Enter] --as {author} --wait 100sec"
    wait = f"vibenv wait --for $'{author}-($n)-' --timeout 100sec"
    return f"mut n = 0; while not ('{until}' | path exists) {{ $n += 1; {send} | {wait} | ignore }}; $n"


def kept(shell: Shell, session: str) -> list[str]:
    """The lines that the program has read."""
    text: str = shell.value(f"vibenv exec {session} sh -c 'cat /tmp/lines || true' | get stdout")
    return text.splitlines()


def numbers(lines: Sequence[str]) -> dict[str, list[int]]:
    """The numbers of each one's lines, in order; the test fails where a line is not whole, or nobody's."""
    found: dict[str, list[int]] = {"person": [], "script": [], "agent": []}
    for line in lines:
        whole = LINE.fullmatch(line)
        assert whole, line
        found[whole[1]].append(int(whole[2]))
    return found


def types(terminal: Tmux, number: int) -> None:
    """A person's line, in pieces, as people type."""
    for piece in (f"person-{number}", "-xxx", TAIL[3:]):
        terminal.type(piece)
        terminal.wait_until(lambda screen, end=piece[-9:]: screen.endswith(end), piece)  # type: ignore[misc]
    terminal.press("Enter")


def test_what_three_type_at_once_is_not_mixed_up(tmux: Open, here: Shell, agent: Mcp, session: str) -> None:
    terminal, stop = tmux(), here.home / "stop"
    terminal.enter(f"vibenv attach {session}")
    with ThreadPoolExecutor(2) as pool:
        try:
            script = pool.submit(here.value, f"do {{ {sending('script', session, stop)} }}")
            other = pool.submit(evaluated, agent, sending("agent", session, stop))
            eventually(
                lambda: len([*filter(None, numbers(kept(here, session)).values())]) == 2, "lines of both"
            )
            for number in range(1, LINES + 1):
                types(terminal, number)
            refused = here.error(f"vibenv send {session} never --as script")
            assert refused["code"] == "vibenv::send::keys_held"
            before = len(kept(here, session))
            eventually(lambda: len(kept(here, session)) > before + 4, "the others' lines go on")
        finally:
            stop.touch()
        sent = {"person": LINES, "script": script.result(), "agent": other.result()}
    read = kept(here, session)
    assert numbers(read) == {author: [*range(1, count + 1)] for author, count in sent.items()}
    recorded = [json.loads(line) for line in here.value(f"vibenv log {session} --cast | lines | skip 1")]
    assert "".join(text for _, kind, text in recorded if kind == "o").split("\r\n")[:-1] == read
    authors = {text.partition(" (")[0] for _, kind, text in recorded if kind == "a"}
    assert authors == {f"person: {getpass.getuser()}", "program: script", "program: agent"}
    shown = terminal.screen.splitlines()
    assert shown == here.value(f"vibenv screen {session} | get lines")[: len(shown)]
    assert shown == evaluated(agent, f"vibenv screen {session} | get lines")[: len(shown)]
