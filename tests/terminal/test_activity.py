"""What programs let a session know, and what a person's own terminal is told of that."""

from __future__ import annotations

import os
import select
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.link import exec_engine
from tests.link.exec_engine import NAME
from tests.nu.shell import Shell
from tests.terminal.conftest import PATIENCE_S, Start
from vibenv_core.supervisor.ghostty import GhosttyScreen
from vibenv_core.supervisor.status import Status

ASKS = r"""
printf '\033]7501;state=blocked:kind=question:app=agent\033\\'
stty raw -echo
exec cat -v
"""
CTRL_BACKSLASH = b"\x1c"


@pytest.fixture
def shell(nu_binary: Path, tmp_path: Path) -> Shell:
    """A Nushell that has just been installed: it marks its prompts and commands by default."""
    shell = Shell(nu=nu_binary, home=tmp_path)
    shell.config.mkdir(parents=True)
    (shell.config / "env.nu").touch()
    (shell.config / "config.nu").write_text("$env.config.show_banner = false\n")
    return shell


def came_of_it(status: Status) -> bool:
    return status.activity.exit_code is not None


def test_of_nushell_is_known_what_it_does_and_what_came_of_its_commands(start: Start, shell: Shell) -> None:
    session = start(str(shell.nu), env=shell.env())
    client = session.attach()
    idle = session.until_said(lambda status: status.activity.source == "prompt").activity
    assert (idle.state, idle.exit_code) == ("idle", None)
    client.type(b"^sleep 0.1; ^false\r")
    session.until_said(lambda status: status.activity.state == "working")
    failed = session.until_said(came_of_it).activity
    assert (failed.state, failed.source, failed.exit_code) == ("error", "prompt", 1)
    client.type(b"ls /\r")
    session.until_said(lambda status: status.activity.state == "idle")
    done = session.until_said(came_of_it).activity
    assert (done.state, done.source, done.exit_code) == ("done", "prompt", 0)


class Taking:
    """A terminal that takes reports of programs' status, with a program in it."""

    def __init__(self, terminal: int) -> None:
        self.reports: list[str] = []
        self._terminal = terminal
        self._screen = GhosttyScreen(24, 80)

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def until_shown(self, text: str) -> None:
        self.until(lambda: text in self.shown())

    def shown(self) -> list[str]:
        return [row.text for row in self._screen.rows()]

    def until(self, holds: Callable[[], bool]) -> None:
        """Show what the program writes, and answer it, until something holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, (self.reports, self.shown())
            if select.select([self._terminal], [], [], 0.05)[0]:
                self.type(self._screen.feed(os.read(self._terminal, 1 << 16)))
                self.reports += [event.text for event in self._screen.events() if event.kind == "report"]


@contextmanager
def taking(shell: Shell) -> Iterator[Taking]:
    """Such a terminal, with a Nushell in it."""
    terminal, other_side = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    argv = ["setsid", "--ctty", "--wait", str(shell.nu)]
    env = {**shell.env(), "TERM": "xterm-256color"}
    with subprocess.Popen(
        argv, env=env, cwd=shell.home, stdin=other_side, stdout=other_side, stderr=other_side
    ) as process:
        os.close(other_side)
        try:
            yield Taking(terminal)
        finally:
            os.close(terminal)  # which hangs up
            process.wait(PATIENCE_S)


def test_a_terminal_that_takes_reports_is_told_those_of_the_session_while_attached(
    start: Start, prompting: Shell
) -> None:
    session = start("sh", "-c", ASKS)
    with exec_engine.serving(session) as (_, address), taking(prompting.on(f"tcp://{address}")) as terminal:
        terminal.until_shown("nu>")
        terminal.type(b"vibenv attach %b\r" % NAME.encode())
        terminal.until(lambda: f"state=blocked:id={NAME}:kind=question:app=agent" in terminal.reports)
        terminal.type(b"typed" + CTRL_BACKSLASH)
        terminal.until(lambda: any("detached" in line for line in terminal.shown()))
        terminal.until_shown("nu>")
        assert terminal.reports[-1] == f"state=clear:id={NAME}"
        assert not [line for line in terminal.shown() if "7501" in line]
    assert session.printed == b"\x1b]7501;state=blocked:kind=question:app=agent\x1b\\typed"
