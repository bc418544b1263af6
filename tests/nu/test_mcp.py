"""Nushell's own MCP server as an agent's way in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.nu.mcp import Asked, Mcp
from tests.nu.shell import Shell, eventually
from vibenv_core.engine import Engine as DockerEngine

pytestmark = pytest.mark.one_engine("20")

Open: TypeAlias = Callable[[Shell], Mcp]
LAUNCH = "vibenv launch a --command bash --access none"


@pytest.fixture
def mcp() -> Iterator[Open]:
    """Starts servers of Nushells; they end with the test."""
    with ExitStack() as stack:
        yield lambda shell: stack.enter_context(
            Mcp([str(shell.nu), "--mcp"], env=shell.env(), cwd=shell.home)
        )


@pytest.fixture
def agent(installed: Shell, stack: DockerEngine, mcp: Open) -> Mcp:
    """A server whose host has the stack and no sessions."""
    return mcp(installed.on(stack.host.url))


def value(server: Mcp, line: str) -> Any:
    """What a line gives; the test fails when it fails."""
    return output(server.begin("evaluate", input=line))


def output(asked: Asked) -> Any:
    result = asked.result()
    assert not result.failed, result.text
    return result.data["output"]


def error(server: Mcp, line: str) -> Any:
    """The error that a line ends with; the test fails when it does not fail."""
    result = server.call("evaluate", input=line)
    assert result.failed, f"`{line}` did not fail: {result.text}"
    return result.data


def test_an_agent_finds_all_commands_and_their_help(installed: Shell, mcp: Open) -> None:
    server = mcp(installed)
    listed = server.call("list_commands", find="vibenv").text
    for command in ("vibenv up", "vibenv create launcher", "vibenv launch", "vibenv list", "vibenv attach"):
        assert command in listed
    assert "--reuse" in server.call("command_help", name="vibenv launch").text


def test_an_agent_gets_typed_tables_without_typing_use_vibenv(agent: Mcp) -> None:
    part = value(agent, "vibenv status | where component == registry")
    assert (part["component"], part["state"]) == ("registry", "running")
    assert part["since"].startswith("20")


def test_an_agent_gets_errors_with_their_code_and_help(agent: Mcp) -> None:
    failed = error(agent, "vibenv stop nope")
    assert failed["code"] == "vibenv::session::not_found"
    assert "vibenv list" in failed["help"]


def test_attach_tells_an_agent_that_it_needs_a_terminal(agent: Mcp) -> None:
    assert error(agent, "vibenv attach nope")["code"] == "vibenv::attach::no_terminal"


def test_an_agent_launches_uses_and_removes_a_session(shell: Shell, mcp: Open) -> None:
    server = mcp(shell)
    assert value(server, f"{LAUNCH} | get 0.state") == "running"
    assert value(server, "vibenv exec a sh -c 'echo out; exit 3' | reject took") == {
        "stdout": "out\n",
        "stderr": "",
        "exit_code": 3,
    }
    assert value(server, "vibenv exec a true | get took | describe") == "duration"
    assert value(server, "{a: 1} | to json | vibenv write a /root/f.json | get size | describe") == "filesize"
    assert value(server, "vibenv read a /root/f.json | from json") == {"a": 1}
    assert error(server, "vibenv read a /root/none")["code"] == "vibenv::file::not_found"
    assert value(server, "vibenv remove a --force | get 0.name") == "a"
    assert value(server, "vibenv list") == []


def test_an_agent_types_waits_and_looks(shell: Shell, mcp: Open) -> None:
    server = mcp(shell)
    value(server, LAUNCH)
    asked = "vibenv send a 'expr 6 \\* 7' --keys [Enter] | vibenv wait --for 42 --timeout 20sec"
    answered = value(server, asked)
    assert (answered["name"], answered["reason"], answered["line"]) == ("a", "text", "42")
    assert "42" in value(server, "vibenv screen a | get lines")
    assert value(server, "vibenv wait a --idle 100ms | get took | describe") == "duration"
    assert error(server, "vibenv wait a --for never --timeout 100ms")["code"] == "vibenv::wait::timeout"
    assert error(server, "vibenv send a --keys [Nope]")["code"] == "vibenv::send::bad_key"
    assert error(server, "vibenv screen nope")["code"] == "vibenv::session::not_found"


def test_a_table_of_one_row_comes_as_that_row(shell: Shell, mcp: Open) -> None:
    server = mcp(shell)
    value(server, LAUNCH)
    assert value(server, "vibenv list | select name") == {"name": "a"}
    assert value(server, "vibenv list | get name | to json --raw") == '["a"]'


def test_an_output_that_is_too_long_for_an_agent_is_kept_for_its_next_lines(shell: Shell, mcp: Open) -> None:
    server = mcp(shell)
    value(server, LAUNCH)
    cut = server.call("evaluate", input="vibenv exec a seq 5000 | get stdout").data
    assert "output" not in cut
    kept = cut["note"].removeprefix("output truncated, full result in ")
    assert value(server, f"{kept} | lines | last") == "5000"


def test_a_call_that_takes_long_holds_up_no_other(shell: Shell, mcp: Open) -> None:
    server = mcp(shell)
    value(server, LAUNCH)
    long = server.begin("evaluate", input="vibenv exec a sh -c 'until [ -e /root/go ]; do sleep 0.1; done'")
    assert value(server, "vibenv list | get name | to json --raw") == '["a"]'
    assert not long.answer.done()
    value(server, "vibenv exec a touch /root/go")
    assert output(long)["exit_code"] == 0


def test_a_call_that_is_given_up_goes_on_as_a_job_until_its_timeout(shell: Shell, mcp: Open) -> None:
    server = mcp(shell)
    value(server, LAUNCH)
    given_up = server.begin("evaluate", input="vibenv exec a sleep 1234 --timeout 3sec")
    eventually(lambda: runs(shell, "sleep 1234"), "the program")
    server.cancel(given_up)
    eventually(lambda: "sleep 1234" in str(value(server, "job list")), "the job")
    assert not given_up.answer.done()
    eventually(lambda: not runs(shell, "sleep 1234"), "the program ends")


def test_a_server_that_is_told_to_end_takes_along_what_it_waits_for(shell: Shell, mcp: Open) -> None:
    server = mcp(shell)
    value(server, LAUNCH)
    server.begin("evaluate", input="vibenv exec a sleep 1234")
    eventually(lambda: runs(shell, "sleep 1234"), "the program")
    server.process.terminate()
    eventually(lambda: not runs(shell, "sleep 1234"), "the program ends")


def runs(shell: Shell, line: str) -> bool:
    """Whether a program of that command line runs in the session."""
    lines: str = shell.value("vibenv exec a sh -c 'cat /proc/[0-9]*/cmdline' | get stdout")
    return line in lines.replace("\0", " ")


def test_two_agents_work_side_by_side(shell: Shell, mcp: Open) -> None:
    one, two = mcp(shell), mcp(shell)
    launched = [
        server.begin("evaluate", input=f"{LAUNCH.replace(' a ', f' {name} ')} | get 0.name")
        for server, name in ((one, "x"), (two, "y"))
    ]
    assert [output(each) for each in launched] == ["x", "y"]
    assert value(one, "vibenv exec y hostname | get stdout") == "y\n"
    assert value(two, "vibenv list | get name | sort") == ["x", "y"]
    both = [server.begin("evaluate", input=f"{LAUNCH} | get 0.name") for server in (one, two)]
    said = [asked.result() for asked in both]
    assert sorted(result.failed for result in said) == [False, True]
    assert "vibenv::session::taken" in "".join(result.text for result in said)


def test_the_server_ends_with_its_client_and_takes_the_plugin_along(agent: Mcp) -> None:
    pid = value(agent, "vibenv list; plugin list | where name == vibenv | get 0.pid")
    plugin = Path("/proc", str(pid))
    assert agent.process.stdin is not None
    agent.process.stdin.close()
    eventually(lambda: not plugin.exists(), "the plugin ends")
