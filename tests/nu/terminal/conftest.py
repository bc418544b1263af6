"""Real terminals with real Nushells in them, and sessions to attach to."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.engine.conftest import launching
from tests.nu.shell import Shell
from tests.nu.terminal.tmux import PROMPT, SHORT_PROMPT, Tmux
from tests.stack.engine import Engine
from vibenv_core import sessions
from vibenv_core.engine import Engine as DockerEngine
from vibenv_core.errors import NotFound
from vibenv_core.launcher import Launcher
from vibenv_core.settings import Settings

Open: TypeAlias = Callable[..., Tmux]
Launch: TypeAlias = Callable[..., str]


@pytest.fixture(scope="session")
def prompting(nu_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A Nushell that vibenv was installed for, with a short prompt."""
    shell = Shell(nu=nu_binary, home=tmp_path_factory.mktemp("home"))
    done = shell.install()
    assert done.returncode == 0, done.stderr
    shell.config.mkdir(parents=True, exist_ok=True)
    (shell.config / "config.nu").write_text(f"{SHORT_PROMPT}use vibenv\n")
    return shell


@pytest.fixture
def here(prompting: Shell, docker_engine: Engine) -> Shell:
    """The Nushell, with its host set to the tests' engine."""
    return prompting.on(docker_engine.url)


@pytest.fixture
def tmux(here: Shell) -> Iterator[Open]:
    """Opens terminals: `tmux()` with an interactive Nushell at its prompt, or with the program given."""
    with ExitStack() as stack:

        def open_terminal(*argv: str, rows: int = 24, cols: int = 80) -> Tmux:
            program = argv or (str(here.nu),)
            terminal = stack.enter_context(Tmux(program, env=here.env(), cwd=here.home, rows=rows, cols=cols))
            if not argv:
                terminal.wait_for(PROMPT)
            return terminal

        yield open_terminal


@pytest.fixture
def launch(stack: DockerEngine, launcher: Launcher, settings: Settings) -> Iterator[Launch]:
    """Launches sessions: `launch("bash")` gives the new session's name. They are removed after the test."""
    made: list[str] = []

    def launch_session(*command: str) -> str:
        made.append(f"t-{uuid.uuid4().hex[:8]}")
        launching(stack, settings)(made[-1], command=command)
        return made[-1]

    yield launch_session
    for name in made:
        with contextlib.suppress(NotFound):
            sessions.remove(stack, name, force=True)
