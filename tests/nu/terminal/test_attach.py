"""A session's terminal on a real one, from a real Nushell."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.nu.shell import Shell, eventually
from tests.nu.terminal.conftest import Launch, Open
from tests.nu.terminal.link import Link
from tests.nu.terminal.tmux import PROMPT, Tmux
from tests.stack.engine import Engine
from vibenv_core import sessions
from vibenv_core.engine import Engine as DockerEngine
from vibenv_core.launcher import Launcher

TICKING = "i=0; while sleep 0.05; do i=$((i+1)); echo tick $i; done"
FULL_SCREEN = ("python3", "-c", Path(__file__).with_name("full_screen.py").read_text())
DETACH = "C-\\"
PATIENCE_S = 20.0


def attach(terminal: Tmux, session: str, painted: str) -> None:
    """Attach from the prompt of a Nushell, and wait for something that the session paints."""
    run(terminal, f"vibenv attach {session}")
    terminal.wait_for(painted)


def run(terminal: Tmux, line: str) -> None:
    """Type a line at the prompt of an empty screen, so that nothing seen later is from before."""
    terminal.enter("clear")
    terminal.wait_until(lambda screen: len(screen.split()) == 1, "an empty screen")
    terminal.enter(line)


def detach(terminal: Tmux) -> None:
    """Detach, and wait for the prompt of the Nushell."""
    terminal.press(DETACH)
    terminal.wait_for(r"reason +│ +detached")
    terminal.wait_for(PROMPT)


def last_tick(terminal: Tmux) -> int:
    """The number in the last line that TICKING wrote."""
    return int(re.findall(r"^tick (\d+)$", terminal.wait_for(r"^tick \d+$"), re.M)[-1])


def clients(engine: Engine, session: str) -> int:
    """How many relays run in a session."""
    listed = engine.docker("top", f"vibenv-{session}", "-o", "pid,args")
    return listed.count("__main__.pyc relay ")


def test_what_runs_goes_on_while_nobody_is_attached(tmux: Open, launch: Launch) -> None:
    session = launch("sh", "-c", TICKING)
    terminal = tmux()
    attach(terminal, session, r"^tick \d+$")
    detach(terminal)
    seen = last_tick(terminal)
    attach(terminal, session, r"^tick \d+$")
    terminal.wait_until(lambda _: last_tick(terminal) > seen + 10, "later ticks")


@pytest.mark.parametrize("program", [("bash",), FULL_SCREEN], ids=["bash", "full-screen"])
def test_after_detaching_the_prompt_is_as_before(
    tmux: Open, launch: Launch, program: tuple[str, ...]
) -> None:
    session = launch(*program)
    terminal = tmux()
    terminal.enter("^stty -a; 'before' | str upcase")
    terminal.wait_for("BEFORE")
    before = (terminal.flags(), terminal.attributes())
    stty = terminal.screen
    for _ in range(10):
        attach(terminal, session, r"^(root@.*|line 1 of 24x80)$")
        detach(terminal)
        terminal.wait_until(lambda _: (terminal.flags(), terminal.attributes()) == before, str(before))
    run(terminal, "^stty -a; 'before' | str upcase")
    after = terminal.wait_for("BEFORE")
    assert speed_to_echoke(after) == speed_to_echoke(stty)


def speed_to_echoke(screen: str) -> str:
    """What `stty -a` said, out of a screen."""
    found = re.search(r"^speed.*extproc$", screen, re.M | re.S)
    assert found, screen
    return found[0]


def test_what_was_on_the_screen_before_is_in_the_scrollback(tmux: Open, launch: Launch) -> None:
    session = launch("bash")
    terminal = tmux()
    terminal.enter("'remember this' | str upcase")
    terminal.wait_for("REMEMBER THIS")
    terminal.enter(f"vibenv attach {session}")
    terminal.wait_for(r"^root@")
    assert "REMEMBER THIS" not in terminal.screen
    assert "REMEMBER THIS" in terminal.scrollback
    detach(terminal)


def test_a_killed_nu_leaves_the_session_running_and_no_client_in_it(
    tmux: Open, launch: Launch, docker_engine: Engine, here: Shell
) -> None:
    session = launch("sh", "-c", TICKING)
    terminal = tmux("bash", "--norc")
    terminal.enter(str(here.nu))
    terminal.wait_for(PROMPT)
    terminal.enter("$nu.pid | save --force pid")
    terminal.wait_for(PROMPT)
    attach(terminal, session, r"^tick \d+$")
    assert clients(docker_engine, session) == 1
    os.kill(int((here.home / "pid").read_text()), signal.SIGKILL)
    terminal.wait_for("Killed")
    seen = last_tick(terminal)
    eventually(lambda: clients(docker_engine, session) == 0, "nobody attached", within_s=PATIENCE_S)
    other = tmux()
    attach(other, session, r"^tick \d+$")
    other.wait_until(lambda _: last_tick(other) > seen + 10, "later ticks")


@pytest.mark.parametrize("program", [("bash",), FULL_SCREEN], ids=["bash", "full-screen"])
def test_a_session_is_repainted_at_each_size_it_is_attached_at(
    tmux: Open, launch: Launch, program: tuple[str, ...]
) -> None:
    session = launch(*program)
    terminal = tmux()
    for rows, cols in [(24, 80), (24, 80), (12, 50), (40, 132), (40, 132), (39, 132)]:
        terminal.resize(rows, cols)
        attach(terminal, session, rf"^(root@.*|line {rows} of {rows}x{cols})$")
        if program == FULL_SCREEN:
            lines = [f"line {row} of {rows}x{cols}" for row in range(1, rows + 1)]
            assert terminal.screen.split("\n") == lines
        detach(terminal)


def test_vim_and_less_are_repainted_at_another_size(
    tmux: Open, launch: Launch, docker_engine: Engine
) -> None:
    session = launch("bash")
    install = "apt-get -q update && apt-get -q install --yes --no-install-recommends vim-tiny less"
    docker_engine.docker("exec", f"vibenv-{session}", "sh", "-c", f"({install}) && seq 200 >/tmp/lines")
    terminal = tmux()
    for program, quit_line in [("vi", ":q"), ("less", "q")]:
        terminal.resize(24, 80)
        attach(terminal, session, "^root@")
        terminal.enter(f"{program} /tmp/lines")
        terminal.wait_for("^23$")
        detach(terminal)
        for rows, cols in [(24, 80), (12, 40), (36, 120)]:
            terminal.resize(rows, cols)
            attach(terminal, session, rf"\A1\n(\d+\n)*{rows - 1}(\n.*)?\Z")
            detach(terminal)
        attach(terminal, session, "^35$")
        terminal.enter(quit_line)
        terminal.wait_for("^root@")
        detach(terminal)


def test_a_window_resized_while_attached_resizes_the_session(tmux: Open, launch: Launch) -> None:
    terminal = tmux()
    attach(terminal, launch(*FULL_SCREEN), "^line 24 of 24x80$")
    terminal.resize(30, 100)
    terminal.wait_for("^line 30 of 30x100$")


def test_two_clients_see_and_type_the_same(tmux: Open, launch: Launch) -> None:
    session = launch("bash")
    one, other = tmux(), tmux()
    attach(one, session, "^root@")
    attach(other, session, "^root@")
    one.enter("echo from $((40 + 2))")
    other.wait_for("^from 42$")
    other.enter("echo back $((40 + 3))")
    one.wait_for("^back 43$")
    detach(one)
    other.enter("echo still $((40 + 4))")
    other.wait_for("^still 44$")


def test_output_without_end_does_not_hold_up_detaching(tmux: Open, launch: Launch) -> None:
    session = launch("sh", "-c", "yes 'a line of output'")
    terminal = tmux()
    for _ in range(3):
        attach(terminal, session, "^a line of output$")
        detach(terminal)


def test_keys_reach_the_session_and_ctrl_c_stops_what_runs_there(tmux: Open, launch: Launch) -> None:
    terminal = tmux()
    attach(terminal, launch("bash"), "^root@")
    terminal.enter("echo ready; cat")
    terminal.wait_for("^ready$")
    terminal.enter("grüße aus der mitte")
    terminal.wait_for("^grüße aus der mitte\ngrüße aus der mitte$")
    terminal.press("C-c")
    terminal.enter("echo stopped with $?")
    terminal.wait_for("^stopped with 130$")


def test_the_detach_key_is_known_in_its_newer_encoding(tmux: Open, launch: Launch) -> None:
    terminal = tmux()
    attach(terminal, launch("bash"), "^root@")
    terminal.type("\x1b[92;5u")
    terminal.wait_for(r"reason +│ +detached")


def test_the_end_of_the_program_ends_the_attachment(tmux: Open, launch: Launch) -> None:
    session = launch("bash")
    terminal = tmux()
    attach(terminal, session, "^root@")
    terminal.enter("exit 3")
    terminal.wait_for(r"reason +│ +ended")
    terminal.wait_for(PROMPT)
    attach(terminal, session, "^root@")


def test_a_lost_link_ends_the_attachment_and_not_the_session(
    tmux: Open, launch: Launch, docker_engine: Engine, tmp_path: Path
) -> None:
    session = launch("sh", "-c", TICKING)
    link = Link(tmp_path / "link", docker_engine.url)
    terminal = tmux()
    before = terminal.attributes()
    run(terminal, f"vibenv attach {session} --host {link.url}")
    terminal.wait_for(r"^tick \d+$")
    link.cut()
    terminal.wait_for(r"reason +│ +lost")
    terminal.wait_for(PROMPT)
    assert terminal.attributes() == before
    eventually(lambda: clients(docker_engine, session) == 0, "nobody attached", within_s=PATIENCE_S)
    attach(terminal, session, r"^tick \d+$")


def test_attaching_starts_a_stopped_session(tmux: Open, launch: Launch, stack: DockerEngine) -> None:
    session = launch("bash")
    sessions.stop(stack, session)
    terminal = tmux()
    attach(terminal, session, "^root@")
    detach(terminal)


def test_stopping_a_session_ends_who_is_attached(tmux: Open, launch: Launch, stack: DockerEngine) -> None:
    session = launch(*FULL_SCREEN)
    terminal = tmux()
    before = terminal.flags()
    attach(terminal, session, "^line 1 of 24x80$")
    sessions.stop(stack, session)
    terminal.wait_for(r"reason +│ +ended")
    terminal.wait_for(PROMPT)
    assert terminal.flags() == before


@pytest.mark.parametrize("way", ["-c", "script"])
def test_attaching_from_a_script_leaves_nu_running_to_its_end(
    tmux: Open, launch: Launch, here: Shell, way: str
) -> None:
    session = launch("bash")
    code = f"use vibenv; let left = vibenv attach {session}; print $'then ($left.reason) at (date now)'"
    script = here.home / f"{session}.nu"
    script.write_text(code)
    line = f"{here.nu} {script}" if way == "script" else f'{here.nu} -c "$(cat {script})"'
    terminal = tmux("bash", "--norc")
    terminal.enter("PS1='$ '")
    for _ in range(10):
        run(terminal, f"{line}; echo status $? jobs $(jobs | wc -l)")
        terminal.wait_for("^root@")
        terminal.press(DETACH)
        terminal.wait_for("^then detached at ")
        terminal.wait_for("^status 0 jobs 0$")


def test_without_a_terminal_attaching_says_so(launch: Launch, here: Shell) -> None:
    session = launch("bash")
    done = subprocess.run(
        [here.nu, "-c", f"use vibenv; vibenv attach {session}"],
        env=here.env(),
        cwd=here.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "vibenv::attach::no_terminal" in done.stderr
    assert "needs a terminal" in done.stderr


def test_the_plain_way_in_works_beside_attach(tmux: Open, launch: Launch, docker_engine: Engine) -> None:
    session = launch("sh", "-c", TICKING)
    beside = tmux()
    attach(beside, session, r"^tick \d+$")
    terminal = tmux("bash", "--norc")
    terminal.enter(f"docker -H {docker_engine.url} exec -it vibenv-{session} dtach -a /tmp/vibenv.sock")
    seen = last_tick(terminal)
    terminal.press(DETACH)
    terminal.wait_for(r"^\[detached\]$")
    beside.wait_until(lambda _: last_tick(beside) > seen + 10, "later ticks")


@pytest.mark.dagger
def test_a_plain_launch_opens_the_environment_and_its_files_stay(
    tmux: Open, here: Shell, stack: DockerEngine, launcher: Launcher
) -> None:
    name = f"t-{uuid.uuid4().hex[:8]}"
    terminal = tmux()
    try:
        run(terminal, f"vibenv launch {name} | get state")
        terminal.wait_for("running")
        attach(terminal, name, r"^root@.*:~/session#$")
        terminal.enter("echo kept >note")
        detach(terminal)
        sessions.stop(stack, name)
        attach(terminal, name, r"^root@.*:~/session#$")
        terminal.enter("cat note")
        terminal.wait_for("^kept$")
        detach(terminal)
    finally:
        sessions.remove(stack, name, force=True)
