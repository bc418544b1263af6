"""Nushell's own MCP server as an agent's way in, driven by an independent client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.nu.shell import Shell, eventually
from vibenv_core.engine import Engine as DockerEngine

pytestmark = pytest.mark.one_engine("20")


def ask(shell: Shell, *calls: tuple[str, dict[str, str]]) -> Sequence[Any]:
    """Start the server, make the calls one after the other, and give their results."""

    async def talk() -> list[Any]:
        # `setsid`: an agent's server has no terminal, wherever the tests were started.
        server = StdioServerParameters(
            command="setsid", args=[str(shell.nu), "--mcp"], env=shell.env(), cwd=str(shell.home)
        )
        # Of the newer protocol, nu 0.115.1 announces more than it speaks.
        async with Client(server, mode="legacy") as client:
            return [await client.call_tool(tool, arguments) for tool, arguments in calls]

    return asyncio.run(talk())


def text(result: Any) -> str:
    return "".join(part.text for part in result.content)


@pytest.fixture
def agent(installed: Shell, stack: DockerEngine) -> Shell:
    """A Nushell with vibenv, whose host has the stack and no sessions."""
    return installed.on(stack.host.url)


def test_an_agent_finds_all_commands_and_their_help(installed: Shell) -> None:
    listed, helped = ask(
        installed, ("list_commands", {"find": "vibenv"}), ("command_help", {"name": "vibenv launch"})
    )
    for command in ("vibenv up", "vibenv create launcher", "vibenv launch", "vibenv list", "vibenv attach"):
        assert command in text(listed)
    assert "--reuse" in text(helped)


def test_an_agent_gets_typed_tables_without_typing_use_vibenv(agent: Shell) -> None:
    [shown] = ask(agent, ("evaluate", {"input": "vibenv status | where component == registry"}))
    assert not shown.is_error, text(shown)
    part = shown.structured_content["output"]
    assert (part["component"], part["state"]) == ("registry", "running")
    assert part["since"].startswith("20")


def test_an_agent_gets_errors_with_their_code_and_help(agent: Shell) -> None:
    [failed] = ask(agent, ("evaluate", {"input": "vibenv stop nope"}))
    assert failed.is_error
    assert failed.structured_content["code"] == "vibenv::session::not_found"
    assert "vibenv list" in failed.structured_content["help"]


def test_an_agent_launches_uses_and_removes_a_session(shell: Shell) -> None:
    launched, listed, removed, gone = ask(
        shell,
        ("evaluate", {"input": "vibenv launch agents-own --command bash | get 0.state"}),
        ("evaluate", {"input": "vibenv list | where name == agents-own | length"}),
        ("evaluate", {"input": "vibenv remove agents-own --force | get 0.name"}),
        ("evaluate", {"input": "vibenv list | length"}),
    )
    results = [answer.structured_content["output"] for answer in (launched, listed, removed, gone)]
    assert results == ["running", 1, "agents-own", 0]


def test_attach_tells_an_agent_that_it_needs_a_terminal(agent: Shell) -> None:
    [failed] = ask(agent, ("evaluate", {"input": "vibenv attach nope"}))
    assert failed.is_error
    assert failed.structured_content["code"] == "vibenv::attach::no_terminal"


def test_the_server_ends_with_its_client_and_takes_the_plugin_along(agent: Shell) -> None:
    pid = "plugin list | where name == vibenv | get 0.pid"
    [answer] = ask(agent, ("evaluate", {"input": f"vibenv list; {pid}"}))
    process = Path("/proc", str(answer.structured_content["output"]))
    eventually(lambda: not process.exists(), "the plugin ends")
