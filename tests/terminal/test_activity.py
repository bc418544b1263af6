"""What shells that mark their commands by themselves let a session know."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nu.shell import Shell
from tests.terminal.conftest import Start
from vibenv_core.supervisor.status import Status


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
