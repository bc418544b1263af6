"""Every example of every command's help, typed into a real Nushell with a real engine."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from nu_plugin_vibenv.commands import plugin
from nu_plugin_vibenv.sdk import Example
from tests.nu.shell import Shell
from tests.nu.terminal.tmux import Tmux
from tests.stack.engine import Engine

pytestmark = pytest.mark.one_engine("28")

RUNNING = "vibenv launch my-task --command bash"
STOPPED = f"{RUNNING}; vibenv stop my-task --grace 0sec"
SERVING = (
    "vibenv launch my-task --command 'python3 -m http.server 8000'"
    "; while (vibenv forward my-task 8000 | get detail | default '') =~ 'nobody listens' { sleep 50ms }"
)
BEFORE = {
    "vibenv list": RUNNING,
    "vibenv watch": RUNNING,
    "vibenv stats": RUNNING,
    "vibenv stop": RUNNING,
    "vibenv start": STOPPED,
    "vibenv remove": STOPPED,
    "vibenv rename": RUNNING,
    "vibenv attach": RUNNING,
    "vibenv forward": SERVING,
    "vibenv exec": RUNNING,
    "vibenv send": RUNNING,
    "vibenv screen": RUNNING,
    "vibenv wait": RUNNING,
    "vibenv log": RUNNING,
    "vibenv read": f"{RUNNING}; '{{}}' | vibenv write my-task /root/out.json",
    "vibenv write": RUNNING,
    "vibenv push": f"{RUNNING}; mkdir src; 'x' | save --force src/f",
    "vibenv pull": RUNNING,
}
"""What is there when a command's examples are typed."""
AFTER = {"vibenv forward": "vibenv forwards my-task --end"}
"""What ends what an example began."""

BASE = "localhost:5000/base-of-an-example:1"

LEAVE = {"vibenv attach": ("C-\\",), "vibenv remote-launch": ("C-d",)}
"""The keys that leave a command which takes the terminal."""


MAKES_OR_REMOVES_THE_STACK = {"vibenv up", "vibenv down"}

ON_FILES = ("vibenv context ", "vibenv ssh-config")
"""Commands about the user's own files; their examples are typed in tests of their own."""

ALL = [
    (name, example)
    for name in plugin.names
    if not name.startswith(ON_FILES)
    for example in plugin.command(name).examples
]


def cases(examples: Iterable[tuple[str, Example]]) -> list[ParameterSet]:
    return [pytest.param(name, example, id=example.example) for name, example in examples]


def test_every_command_has_an_example() -> None:
    assert [name for name in plugin.names if not plugin.command(name).examples] == []


@pytest.mark.parametrize(
    ("name", "example"),
    cases(case for case in ALL if case[0] not in LEAVE.keys() | MAKES_OR_REMOVES_THE_STACK),
)
def test_an_example_works(shell: Shell, name: str, example: Example) -> None:
    if name in BEFORE:
        shell.value(BEFORE[name])
    shown = shell.run("-c", f"use vibenv; {example.example}")
    if name in AFTER:
        shell.value(AFTER[name])
    assert (shown.returncode, shown.stderr) == (0, "")


def test_the_examples_of_up_and_down_work(installed: Shell, spare: Engine) -> None:
    for example in (example for name, example in ALL if name in MAKES_OR_REMOVES_THE_STACK):
        shown = installed.on(spare.url).run("-c", f"use vibenv; {example.example}")
        assert (shown.returncode, shown.stderr) == (0, ""), example.example


@pytest.mark.parametrize(("name", "example"), cases(case for case in ALL if case[0] in LEAVE))
def test_an_example_works_at_a_terminal(
    shell: Shell, docker_engine: Engine, name: str, example: Example
) -> None:
    if name in BEFORE:
        shell.value(BEFORE[name])
    (shell.home / "build.dag").write_text(f"container | from {BASE}\n")
    docker_engine.docker("tag", "debian:stable-slim", BASE)
    docker_engine.docker("push", BASE)
    docker_engine.docker("rmi", BASE)
    line = f"use vibenv; print ({example.example}); print left; sleep 1hr"
    with Tmux([str(shell.nu), "-c", line], env=shell.env(), cwd=shell.home) as terminal:
        terminal.wait_for(r"[#$] *$")
        detached = "--detach-keys" in example.example
        terminal.press(*(("C-p", "C-q") if detached else LEAVE[name]))
        terminal.wait_for("^left$")
