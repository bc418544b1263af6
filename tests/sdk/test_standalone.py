"""The SDK is a package of its own: a copy of it alone, under another name, serves a plugin."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nu_plugin_vibenv.sdk.testing import Nushell

from .conftest import ROOT

SDK = ROOT / "nu_plugin_vibenv" / "sdk"
PROGRAM = """#!{python} -I
import sys
sys.path.insert(0, {folder!r})
from nuplugin import Call, Command, Example, Optional, Plugin, serve


class Greet(Command):
    "Greet someone."

    name = "greet"
    examples = (Example("greet you", "greet you", "Hello, you!"),)
    who = Optional(str, "whom", default="world")

    def run(self, call: Call) -> str:
        if call[self.who] == "nobody":
            raise ValueError("nobody is there")
        return f"Hello, {{call[self.who]}}!"


if __name__ == "__main__":
    sys.exit(serve(Plugin(version="1.0.0", commands=[Greet()]), sys.argv[1:]))
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A plugin in a folder where the only other thing is a copy of the SDK called `nuplugin`."""
    shutil.copytree(SDK, tmp_path / "nuplugin", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "nu_plugin_greet"
    path.write_text(PROGRAM.format(python=sys.executable, folder=str(tmp_path)))
    path.chmod(0o755)
    return path


def test_a_copy_under_another_name_serves_a_plugin(plugin: Path, nu_binary: Path) -> None:
    nu = Nushell(nu_binary, [plugin])
    assert nu.values(["greet", "greet you"]) == ["Hello, world!", "Hello, you!"]
    assert "vibenv" not in nu.run("greet nobody").stderr


def test_a_copy_under_another_name_has_its_programs(plugin: Path, nu_binary: Path) -> None:
    argv = [sys.executable, "-m", "nuplugin.testing", str(plugin), "--nu", str(nu_binary)]
    done = subprocess.run(argv, cwd=plugin.parent, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("1 of 1\n", "", 0)
    refused = subprocess.run(
        [sys.executable, "-m", "nuplugin.conformance"], cwd=plugin.parent, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert "nuplugin.conformance" in refused.stderr


def test_no_module_of_the_sdk_says_vibenv() -> None:
    named = {path.name for path in SDK.rglob("*.py") if "vibenv" in path.read_text().lower()}
    assert not named
