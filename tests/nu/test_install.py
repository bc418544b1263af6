"""Registering vibenv in a user's Nushell, and taking it away again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nu_plugin_vibenv import install
from tests.nu.shell import ROOT, Shell


@pytest.fixture
def shell(nu_binary: Path, tmp_path: Path) -> Shell:
    """A Nushell that knows nothing of vibenv."""
    home = tmp_path / "home"
    home.mkdir()
    return Shell(nu=nu_binary, home=home)


def test_after_install_every_way_into_nushell_has_the_commands(nu_binaries: Path, tmp_path: Path) -> None:
    shell = Shell(nu=nu_binaries, home=tmp_path)
    assert shell.install().returncode == 0
    script = shell.home / "script.nu"
    script.write_text("use vibenv\nvibenv list --help | print\n")
    for arguments in (["-c", "use vibenv; vibenv list --help"], [str(script)]):
        finished = shell.run(*arguments)
        assert "vibenv list" in finished.stdout, finished.stderr


def test_an_installed_wheel_works_without_the_checkout(shell: Shell, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", wheels, ROOT], check=True)
    packages = tmp_path / "site-packages"
    [wheel] = wheels.iterdir()
    shutil.unpack_archive(wheel, packages, "zip")
    installed = subprocess.run(
        [sys.executable, "-m", "nu_plugin_vibenv", "install", "--nu", str(shell.nu)],
        env={**shell.env(), "PYTHONPATH": str(packages)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stderr
    module = shell.config / "scripts" / "vibenv"
    assert module.readlink() == packages / "nu_plugin_vibenv" / "nu" / "vibenv"
    assert "vibenv list" in shell.run("-c", "use vibenv; vibenv list --help").stdout


def test_a_second_install_changes_nothing_and_says_so(shell: Shell) -> None:
    shell.install()
    before = shell.files()
    again = shell.install()
    assert shell.files() == before
    assert again.stdout.count("unchanged") == 4


def test_undo_leaves_what_was_there_before_and_may_be_repeated(shell: Shell) -> None:
    (shell.config / "scripts").mkdir(parents=True)
    (shell.config / "config.nu").write_text("$env.config.show_banner = false\n")
    before = shell.files()
    shell.install()
    for _ in range(2):
        assert shell.install("--undo").returncode == 0
        assert shell.files() == before


def test_undo_keeps_the_plugins_and_scripts_of_others(shell: Shell) -> None:
    shell.install()
    (shell.config / "scripts" / "mine.nu").write_text("export def one [] { 1 }\n")
    (shell.data / "vendor" / "autoload" / "mine.nu").write_text("# mine\n")
    shell.install("--undo")
    assert shell.run("-c", "use mine.nu; mine one").stdout.strip() == "1"
    assert [path.name for path in (shell.data / "vendor" / "autoload").iterdir()] == ["mine.nu"]


@pytest.mark.parametrize(
    "place",
    [
        "config/nushell/scripts/vibenv",
        "data/nushell/vibenv/nu_plugin_vibenv",
        "data/nushell/vendor/autoload/vibenv.nu",
    ],
)
def test_what_somebody_else_put_there_is_refused_and_nothing_is_written(shell: Shell, place: str) -> None:
    theirs = shell.home / place
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    before = shell.files()
    refused = shell.install()
    assert refused.returncode == 1
    assert f"{theirs} is there, and vibenv did not make it" in refused.stderr
    assert shell.files() == before
    shell.install("--undo")
    assert shell.files() == before


def test_an_older_installation_is_brought_up_to_date(shell: Shell) -> None:
    shell.install()
    after = shell.files()
    launcher = shell.data / "vibenv" / "nu_plugin_vibenv"
    launcher.write_text(f"#!/gone/python -IS\n{install.MARK}\n")
    link = shell.config / "scripts" / "vibenv"
    link.unlink()
    link.symlink_to("/gone/nu/vibenv")
    again = shell.install()
    assert again.stdout.count("brought up to date") == 2
    assert shell.files() == after


def test_an_installation_that_nu_refuses_leaves_nothing(shell: Shell) -> None:
    shell.config.mkdir(parents=True)
    (shell.config / "plugin.msgpackz").write_text("no registry")
    before = shell.files()
    failed = shell.install()
    assert failed.returncode == 1
    assert "plugin add" in failed.stderr
    assert shell.files() == before


def test_without_a_nushell_the_error_says_how_to_name_one(tmp_path: Path) -> None:
    failed = Shell(nu=tmp_path / "nu", home=tmp_path).install()
    assert failed.returncode == 1
    assert "is not a program that can be run" in failed.stderr
    assert "--nu PATH" in failed.stderr


@pytest.mark.parametrize("folder", ["short", "a folder with blanks", "long" * 40])
def test_the_launcher_starts_wherever_python_is(tmp_path: Path, folder: str) -> None:
    python = tmp_path / folder / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    (tmp_path / "nu_plugin_vibenv").mkdir()
    shown = "sys.flags.isolated, sys.flags.no_site, sys.argv[1]"
    (tmp_path / "nu_plugin_vibenv" / "__main__.py").write_text(
        f"import sys\ndef main() -> int:\n    print({shown})\n    return 7\n"
    )
    launcher = tmp_path / "launcher"
    launcher.write_text(install.launcher_text(python, [str(tmp_path)]))
    launcher.chmod(0o755)
    finished = subprocess.run([launcher, "--stdio"], capture_output=True, text=True, check=False)
    assert (finished.stdout, finished.returncode) == ("1 1 --stdio\n", 7), finished.stderr
