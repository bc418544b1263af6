"""The page on agents: an MCP client set up as it says types its lines, and gets what it shows."""

from __future__ import annotations

import json
import re

import pytest

from tests.nu.mcp import Mcp
from tests.nu.shell import ROOT, Shell

pytestmark = pytest.mark.one_engine("28")

PAGE = (ROOT / "docs" / "agents.md").read_text()


def blocks(info: str) -> list[str]:
    """The contents of the fenced blocks with this info string."""
    found = re.findall(rf"^```{re.escape(info)}\n(.*?)^```", PAGE, re.M | re.S)
    assert found, f"no block {info!r}"
    return found


def typed_and_shown() -> list[tuple[str, str]]:
    """The lines of the page, each with the answer under it."""
    parts = re.split(r"^> (.*)\n", "".join(blocks("nushell")), flags=re.M)
    return list(zip(parts[1::2], (answer.strip() for answer in parts[2::2]), strict=True))


def test_the_lines_of_the_page_give_an_agent_what_it_shows(shell: Shell) -> None:
    (shell.home / "agent").write_text(blocks("sh file=agent")[0])
    server = json.loads(blocks("json")[0])["mcpServers"]["vibenv"]
    assert server["command"] == "nu"
    with Mcp([str(shell.nu), *server["args"]], env=shell.env(), cwd=shell.home) as agent:
        for line, shown in typed_and_shown():
            result = agent.call("evaluate", input=line)
            assert not result.failed, f"> {line}\n{result.text}"
            if shown:
                given = result.data["output"]
                text = given if isinstance(given, str) else json.dumps(given)
                assert text.strip() == shown, f"> {line}"
