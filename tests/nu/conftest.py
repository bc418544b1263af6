"""Nushells with vibenv in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import remove_all
from tests.nu.shell import Shell
from vibenv_core.engine import Engine as DockerEngine
from vibenv_core.launcher import Launcher


@pytest.fixture(scope="session")
def installed(nu_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A Nushell that vibenv was installed for; no engine is named."""
    shell = Shell(nu=nu_binary, home=tmp_path_factory.mktemp("home"))
    done = shell.install()
    assert done.returncode == 0, done.stderr
    return shell


@pytest.fixture
def shell(installed: Shell, stack: DockerEngine, launcher: Launcher) -> Iterator[Shell]:
    """A Nushell whose host has the stack, the launcher and no sessions; those of the test are removed."""
    yield installed.on(stack.host.url)
    remove_all(stack)
