"""A plugin at the prompt of each nu that is tested: Tab, ctrl-c, the terminal lent, idleness."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.nu.terminal.tmux import PROMPT, SHORT_PROMPT, Tmux
from tests.stack import leftovers

from .conftest import MakeProgram

Open = Callable[..., Tmux]


@pytest.fixture
def opened(nu_binaries: Path, program: MakeProgram, tmp_path: Path) -> Iterator[Open]:
    """Opens a terminal with the `terminal` commands at a short prompt."""
    folder = tmp_path / "nushell"
    folder.mkdir()
    (folder / "config.nu").write_text(SHORT_PROMPT)
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    argv = [str(nu_binaries), "--plugins", f"[{program('terminal')}]"]
    with ExitStack() as stack:

        def open_terminal(**variables: str) -> Tmux:
            own = {name: os.environ[name] for name in ("PATH", leftovers.MARK)}
            env = {**own, "LANG": "C.UTF-8", **home, **variables}
            terminal = stack.enter_context(Tmux(argv, env=env, cwd=tmp_path, cols=100))
            terminal.wait_for(PROMPT)
            return terminal

        yield open_terminal


def answer(terminal: Tmux, line: str, shown: str) -> str:
    """Type a line on an empty screen; what is shown once `shown` is there, and the prompt after it."""
    typed(terminal, line)
    terminal.wait_for(shown)
    return terminal.wait_for(rf"{shown}(.*\n)*{PROMPT}")


def typed(terminal: Tmux, line: str) -> None:
    """Type a line on an empty screen."""
    terminal.press("C-l")
    terminal.wait_for(rf"\A{PROMPT}\Z")
    terminal.enter(line)


def completed(terminal: Tmux, line: str, shown: str) -> None:
    """Type on an empty screen and press Tab; then take the line away again."""
    terminal.press("C-l")
    terminal.wait_for(rf"\A{PROMPT}\Z")
    terminal.type(line)
    terminal.wait_for(re.escape(line.rstrip()))
    terminal.press("Tab")
    terminal.wait_for(shown)
    terminal.press("C-c")
    terminal.wait_for(PROMPT)


def plugin_pid(terminal: Tmux) -> int:
    """The plugin's process."""
    (pid,) = re.findall(r"^\d+$", answer(terminal, "terminal pid", r"^\d+$"), re.M)
    return int(pid)


def is_usable(terminal: Tmux, before: str) -> None:
    """Check that the terminal has the settings from before, and that what is typed is seen and done."""
    assert terminal.attributes() == before
    assert terminal.ask("#{cursor_flag}") == "1"
    answer(terminal, "'usable' | str upcase", "^USABLE$")


def test_tab_offers_what_the_plugin_says_and_survives_what_goes_wrong(opened: Open) -> None:
    terminal = opened()
    completed(terminal, "terminal eat ap", r"apple +a fruit\n *apricot +another")
    completed(terminal, "terminal eat ban", "^nu> terminal eat banana *$")
    completed(terminal, "terminal eat ri", '^nu> terminal eat "ripe melon" *$')
    completed(terminal, "terminal eat x --with ap", r"apple +a fruit")
    completed(terminal, "terminal eat x --with=ap", r"apple +a fruit")
    completed(terminal, "terminal eat x -w ban", "^nu> terminal eat x -w banana *$")
    completed(terminal, "terminal eat crash", "NO RECORDS FOUND")
    begun = time.monotonic()
    completed(terminal, "terminal eat slow", "NO RECORDS FOUND")
    assert time.monotonic() - begun < 10
    answer(terminal, "terminal eat 'still here'", "^still here with")


def test_ctrl_c_gives_the_prompt_back_whatever_runs(opened: Open) -> None:
    terminal = opened()
    for line, began in [
        ("terminal wait", "^waiting$"),
        ("[1 2] | par-each {|n| terminal wait }", "^waiting\nwaiting$"),
        ("terminal tick 1hr | each {|n| print $'tick ($n)' }", "^tick 0$"),
    ]:
        typed(terminal, line)
        terminal.wait_for(began)
        terminal.press("C-c")
        terminal.wait_for(PROMPT)
    typed(terminal, "terminal deaf 1hr")
    terminal.wait_for("^deaf$")
    terminal.press("C-c")
    terminal.wait_for(r"^\^C")
    terminal.press("C-c")
    terminal.wait_for("does not stop, and goes on unheard")
    answer(terminal, "terminal tick 1ms | first 3 | last", "^2$")


def test_after_each_way_to_use_the_terminal_the_prompt_is_as_before(opened: Open) -> None:
    terminal = opened()
    answer(terminal, "terminal pid", r"^\d+$")
    before = terminal.attributes()
    typed(terminal, "terminal on 'stty raw -echo; echo ready; kill -9 $$'")
    terminal.wait_for(rf"^ready\n *-9\n{PROMPT}")
    is_usable(terminal, before)
    answer(terminal, "try { terminal spoil } catch {|e| print $e.details.code }", "^plugin::bug$")
    is_usable(terminal, before)
    answer(terminal, "^sleep 0.2 | terminal run 'echo in the group'", "^in the group\n0$")
    is_usable(terminal, before)
    assert "another command of this plugin has it" in answer(terminal, "terminal twice", "terminal_taken")
    is_usable(terminal, before)
    told = "try { terminal on 'echo never' } catch {|e| $e.details.code } | job send 0"
    answer(terminal, f"job spawn {{ {told} }} | ignore; job recv", "^plugin::no_terminal$")
    is_usable(terminal, before)


def test_a_program_on_the_terminal_is_told_of_its_size_and_outlives_ctrl_z(opened: Open) -> None:
    terminal = opened()
    before = terminal.attributes()
    typed(terminal, "terminal on 'trap \"stty size\" WINCH; echo ready; while sleep 0.1; do :; done'")
    terminal.wait_for("^ready$")
    terminal.resize(20, 70)
    terminal.wait_for("^20 70$")
    terminal.press("C-z")
    terminal.wait_for(r"^\^Z")
    terminal.resize(24, 100)
    terminal.wait_for("24 100$")
    terminal.press("C-c")
    terminal.wait_for(PROMPT)
    is_usable(terminal, before)


def test_nu_goes_on_when_the_plugin_is_killed_while_it_has_the_terminal(opened: Open) -> None:
    terminal = opened()
    before = terminal.attributes()
    pid = plugin_pid(terminal)
    typed(terminal, "terminal on 'echo ready $$; exec sleep 1000'")
    child = re.search(r"^ready (\d+)$", terminal.wait_for(r"^ready \d+$"), re.MULTILINE)
    assert child is not None
    os.kill(pid, signal.SIGKILL)
    terminal.wait_for("Failed to receive response to plugin call")
    terminal.wait_for(PROMPT)
    is_usable(terminal, before)
    os.kill(int(child[1]), signal.SIGKILL)
    answer(terminal, "terminal eat apple", "^apple with")


def test_nu_stops_a_plugin_that_is_idle_and_none_that_is_needed(opened: Open) -> None:
    terminal = opened()
    states = "plugin list | get status.0"
    answer(terminal, "$env.config.plugin_gc.default.stop_after = 100ms; terminal keep true; 'kept'", "^kept$")
    answer(terminal, f"sleep 300ms; {states}", "^running$")
    answer(terminal, "terminal keep false; terminal tick 200ms | first 4 | last", "^3$")
    answer(terminal, f"while ({states}) == running {{ sleep 20ms }}; 'st' + 'opped'", "^stopped$")
    answer(terminal, "terminal eat apple", "^apple with")


def test_over_a_local_socket_the_terminal_ctrl_c_and_tab_are_the_same(opened: Open) -> None:
    terminal = opened(PREFER_SOCKET="1")
    before = terminal.attributes()
    assert b"--local-socket" in Path(f"/proc/{plugin_pid(terminal)}/cmdline").read_bytes()
    typed(terminal, "terminal on 'echo ready; exec cat'")
    terminal.wait_for("^ready$")
    terminal.press("C-z")
    terminal.enter("hello")
    terminal.wait_for("hello\nhello$")
    terminal.press("C-c")
    terminal.wait_for(rf"-2\n{PROMPT}")
    is_usable(terminal, before)
    typed(terminal, "terminal wait")
    terminal.wait_for("^waiting$")
    terminal.press("C-c")
    terminal.wait_for(PROMPT)
    completed(terminal, "terminal eat ban", "^nu> terminal eat banana *$")
    assert "asked" in answer(terminal, "terminal stray", "^nothing to read$|asked nothing to read$")
    answer(terminal, "terminal shared | length", "^0$")
    is_usable(terminal, before)
