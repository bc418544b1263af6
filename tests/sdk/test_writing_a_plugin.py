"""The page on writing a plugin: its plugins are made, its tests pass, its lines give what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

PAGE = (ROOT / "docs" / "writing-a-plugin.md").read_text()


def blocks(info: str) -> list[str]:
    """The contents of the fenced blocks with this info string."""
    found = re.findall(rf"^```{re.escape(info)}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"no block {info!r}"
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the plugins and the tests of the page, in which its lines are typed."""
    for name in re.findall(r"^```python file=(\S+)", PAGE, re.MULTILINE):
        [content] = blocks(f"python file={name}")
        (tmp_path / name).write_text(content)
    return tmp_path


@pytest.fixture
def environment(folder: Path, nu_binary: Path) -> dict[str, str]:
    """Where `python3` is the one that runs this, the SDK can be imported, and nu has a home of its own."""
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    return {"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder), "NU": str(nu_binary)}


def nu(line: str, folder: Path, environment: dict[str, str]) -> str:
    argv = [environment["NU"], "--plugin-config", "plugins.msgpackz", "--commands", line]
    done = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_lines_of_the_page_give_what_it_shows(folder: Path, environment: dict[str, str]) -> None:
    for line in "".join(blocks("nu")).splitlines():
        nu(line, folder, environment)
    shown = re.findall(r"^> (.*)\n(.*)$", "".join(blocks("nu result")), re.MULTILINE)
    assert len(shown) == 11
    assert [(line, nu(line, folder, environment)) for line, _ in shown] == shown


def test_the_tests_of_the_page_pass_and_its_examples_are_true(
    folder: Path, environment: dict[str, str]
) -> None:
    (folder / "nu_plugin_words").chmod(0o755)
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plugins.py"]
    done = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    [line] = blocks("sh")
    checked = subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.stdout == "1 of 1\n", checked.stderr


def test_the_plugins_of_the_page_are_what_type_checkers_allow(folder: Path) -> None:
    programs = sorted(path.name for path in folder.glob("nu_plugin_*"))
    assert len(programs) == 3
    options = ["--strict", "--config-file=", "--cache-dir", os.devnull, "--scripts-are-modules"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *programs],
        cwd=folder, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_plugin_of_the_page_is_as_short_as_it_says() -> None:
    [plugin] = blocks("python file=nu_plugin_words")
    assert len([line for line in plugin.splitlines() if line.strip()]) <= 30
