"""Real nus with the plugins of this folder, each a program made for the test."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nu_plugin_vibenv.sdk.testing import Nushell

ROOT = Path(__file__).parents[2]
PROGRAM = """#!{python} -I
import sys
sys.path.insert(0, {root!r})
from {module} import main
sys.exit(main(sys.argv[1:]))
"""

MakeProgram = Callable[[str], Path]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> MakeProgram:
    """Makes an executable `nu_plugin_NAME` of a module of `tests.sdk.plugins`, and gives its path."""
    folder = tmp_path_factory.mktemp("plugins")

    def make(name: str) -> Path:
        path = folder / f"nu_plugin_{name}"
        if not path.exists():
            module = f"tests.sdk.plugins.{name}"
            path.write_text(PROGRAM.format(python=sys.executable, root=str(ROOT), module=module))
            path.chmod(0o755)
        return path

    return make


@pytest.fixture
def example(nu_binaries: Path, program: MakeProgram) -> Nushell:
    """Each nu that is tested, with the `example` commands."""
    return Nushell(nu_binaries, [program("example")])


@pytest.fixture
def custom(nu_binaries: Path, program: MakeProgram) -> Nushell:
    """Each nu that is tested, with the `custom-value` commands."""
    return Nushell(nu_binaries, [program("custom_values")])
