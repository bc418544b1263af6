"""What a person at the prompt of a real Nushell sees of vibenv beside answers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.nu.shell import Shell
from tests.nu.terminal.conftest import Launch, Open
from tests.nu.terminal.slow_engine import SlowEngine
from tests.nu.terminal.tmux import Tmux
from tests.stack.engine import Engine
from vibenv_core import sessions
from vibenv_core.engine import Engine as DockerEngine

pytestmark = pytest.mark.one_engine("28")


def test_tab_offers_sessions_with_their_states(tmux: Open, launch: Launch) -> None:
    first, second = launch("bash"), launch("bash")
    with_menu = tmux(cols=110)
    with_menu.type("vibenv stop t-")
    with_menu.press("Tab")
    for name in (first, second):
        with_menu.wait_for(rf"{name}\s+running")


def test_tab_completes_the_only_session_and_goes_on(tmux: Open, launch: Launch) -> None:
    name = launch("bash")
    terminal = tmux()
    terminal.type(f"vibenv rename {name[:5]}")
    terminal.press("Tab")
    terminal.wait_for(f"vibenv rename {name} ?$")


def test_tab_offers_contexts_with_where_they_lead(tmux: Open, here: Shell) -> None:
    for name in ("lab", "lake"):
        folder = here.home / ".docker" / "contexts" / "meta" / name
        folder.mkdir(parents=True, exist_ok=True)
        endpoint = {"docker": {"Host": f"unix:///{name}.sock"}}
        (folder / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoint}))
    terminal = tmux(cols=110)
    terminal.type("vibenv list --host la")
    terminal.press("Tab")
    terminal.wait_for(r"lake\s+unix:///lake.sock")


def test_tab_offers_images_of_the_engine(tmux: Open) -> None:
    terminal = tmux(cols=110)
    terminal.type("vibenv remote-launch a --image debian")
    terminal.press("Tab")
    terminal.wait_for(r"--image debian:stable-slim ?$")


def test_tab_asks_the_host_that_the_line_names(
    prompting: Shell, docker_engine: Engine, launch: Launch
) -> None:
    name = launch("bash")
    lost = prompting.on("unix:///nowhere/docker.sock")
    with Tmux([str(lost.nu)], env=lost.env(), cwd=lost.home) as terminal:
        terminal.wait_for("^nu> *$")
        terminal.type(f"vibenv stop --host {docker_engine.url} {name[:5]}")
        terminal.press("Tab")
        terminal.wait_for(rf"{name} ?$")


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "unknown-context"])
def test_tab_offers_nothing_at_once_where_nobody_answers(prompting: Shell, host: str) -> None:
    with Tmux(
        [str(prompting.nu)], env={**prompting.env(), "VIBENV_HOST": host}, cwd=prompting.home
    ) as terminal:
        terminal.wait_for("^nu> *$")
        terminal.type("vibenv attach x")
        begun = time.monotonic()
        terminal.press("Tab")
        terminal.wait_for("NO RECORDS FOUND")
        assert time.monotonic() - begun < 10


def test_launch_shows_the_terminal_at_once_when_asked_to(tmux: Open, stack: DockerEngine) -> None:
    terminal = tmux(cols=100)
    terminal.enter("vibenv launch shown --command bash --attach | get 0.state")
    terminal.wait_for(r"[#$] *$")
    terminal.press("C-\\")
    terminal.wait_for("^running$")
    sessions.remove(stack, "shown", force=True)


def test_a_long_command_says_on_one_line_how_far_it_is_and_takes_it_away(
    prompting: Shell, spare: Engine
) -> None:
    shell = prompting.on(spare.url)
    with Tmux([str(shell.nu)], env=shell.env(), cwd=shell.home) as terminal:
        terminal.wait_for("^nu> *$")
        terminal.enter("vibenv up | get component | str join ','")
        terminal.wait_for(r"(registry|dagger).* · \d+ s$")
        screen = terminal.wait_for("^registry,dagger$")
        assert " · " not in screen


def test_a_background_job_shows_nothing_beside_the_prompt(prompting: Shell, tmp_path: Path) -> None:
    with (
        SlowEngine(tmp_path / "slow.sock") as engine,
        Tmux([str(prompting.nu)], env=prompting.env(), cwd=prompting.home, cols=120) as terminal,
    ):
        terminal.wait_for("^nu> *$")
        terminal.enter(f"job spawn {{ vibenv up --host {engine.url} }}")
        assert engine.asked.wait(20)
        terminal.enter(f"vibenv create launcher --host {engine.url}")
        terminal.wait_for(r"^vibenv create launcher · \d+ s$")  # and nothing of the job, which began before
        engine.fails.set()
        terminal.wait_for("^nu> *$")
