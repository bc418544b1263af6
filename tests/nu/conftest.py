"""Nushells with vibenv in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nu.shell import Shell


@pytest.fixture(scope="session")
def installed(nu_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A Nushell that vibenv was installed for; no engine is named."""
    shell = Shell(nu=nu_binary, home=tmp_path_factory.mktemp("home"))
    done = shell.install()
    assert done.returncode == 0, done.stderr
    return shell
