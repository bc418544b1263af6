"""Nushell's own MCP server as an agent's way in, driven by an independent client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.nu.shell import Shell
from tests.stack.engine import Engine


def ask(shell: Shell, *calls: tuple[str, dict[str, str]]) -> Sequence[Any]:
    """Start the server, make the calls one after the other, and give their results."""

    async def talk() -> list[Any]:
        server = StdioServerParameters(
            command=str(shell.nu), args=["--mcp"], env=shell.env(), cwd=str(shell.home)
        )
        async with Client(server) as client:
            return [await client.call_tool(tool, arguments) for tool, arguments in calls]

    return asyncio.run(talk())


def text(result: Any) -> str:
    return "".join(part.text for part in result.content)


@pytest.fixture
def agents_shell(installed: Shell, docker_engine: Engine) -> Shell:
    """A Nushell with vibenv, for whom an engine without sessions is the current host."""
    return installed.on(docker_engine.url)


def test_an_agent_finds_all_commands_and_their_help(installed: Shell) -> None:
    listed, helped = ask(
        installed, ("list_commands", {"find": "vibenv"}), ("command_help", {"name": "vibenv launch"})
    )
    for command in ("vibenv up", "vibenv create launcher", "vibenv launch", "vibenv list", "vibenv attach"):
        assert command in text(listed)
    assert "--reuse" in text(helped)
    assert "[a b c] | vibenv launch" in text(helped)


def test_an_agent_gets_tables_without_typing_use_vibenv(agents_shell: Shell) -> None:
    [listed] = ask(agents_shell, ("evaluate", {"input": "vibenv list"}))
    assert not listed.is_error, text(listed)
    assert listed.structured_content["output"] == []


def test_an_agent_gets_errors_with_their_code_and_help(agents_shell: Shell) -> None:
    [failed] = ask(agents_shell, ("evaluate", {"input": "vibenv stop nope"}))
    assert failed.is_error
    assert failed.structured_content["code"] == "vibenv::session::not_found"
    assert "vibenv list" in failed.structured_content["help"]


def test_attach_tells_an_agent_that_it_needs_a_terminal(agents_shell: Shell) -> None:
    [failed] = ask(agents_shell, ("evaluate", {"input": "vibenv attach nope"}))
    assert failed.is_error
    assert failed.structured_content["code"] == "vibenv::attach::no_terminal"
