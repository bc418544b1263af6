"""What `use vibenv` gives where the plugin is there, and where it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nu_plugin_vibenv.commands import version
from tests.nu.shell import ROOT, Shell


@pytest.fixture
def unregistered(nu_binaries: Path, tmp_path: Path) -> Shell:
    """A Nushell that finds the module and has no plugin."""
    (tmp_path / "config" / "nushell" / "scripts").mkdir(parents=True)
    (tmp_path / "config" / "nushell" / "scripts" / "vibenv").symlink_to(ROOT / "nu" / "vibenv")
    return Shell(nu=nu_binaries, home=tmp_path)


@pytest.mark.parametrize(
    "typed",
    ["vibenv", "vibenv list", "vibenv launch a --command bash", "vibenv list --long", "vibenv --help"],
)
def test_without_the_plugin_whatever_is_typed_says_which_line_to_type(
    unregistered: Shell, typed: str
) -> None:
    failed = unregistered.run("-c", f"use vibenv; {typed}")
    assert failed.returncode == 1
    assert "vibenv::not_registered" in failed.stderr
    assert "python -m nu_plugin_vibenv install" in failed.stderr


def test_a_script_can_tell_that_the_plugin_is_missing(unregistered: Shell) -> None:
    details = unregistered.error("[a b] | vibenv launch")
    assert details["code"] == "vibenv::not_registered"


def test_what_is_no_command_is_refused_and_the_nearest_is_named(installed: Shell) -> None:
    details = installed.error("vibenv lisst --long")
    assert details["code"] == "vibenv::no_such_command"
    assert "vibenv list" in details["help"]


def test_half_of_a_commands_name_is_answered_with_those_that_begin_so(installed: Shell) -> None:
    details = installed.error("vibenv context")
    assert details["code"] == "vibenv::no_such_command"
    assert details["help"].endswith("vibenv context list, vibenv context use, vibenv context remove")


@pytest.mark.parametrize("flag", ["--host unix:///nowhere/docker.sock", "--host=unix:///nowhere/docker.sock"])
def test_the_overview_takes_its_host_in_either_form(installed: Shell, flag: str) -> None:
    details = installed.error(f"vibenv {flag}")
    assert details["code"] == "vibenv::engine::not_running"


def test_help_lists_all_commands(installed: Shell) -> None:
    for typed in ("vibenv --help", "vibenv -h"):
        shown = installed.run("-c", f"use vibenv; {typed}").stdout
        assert "vibenv create launcher" in shown
        assert "vibenv attach" in shown


def test_the_module_names_the_plugin_that_belongs_to_it() -> None:
    module = (ROOT / "nu" / "vibenv" / "mod.nu").read_text()
    [named] = re.findall(r'const PLUGIN = "(.*)"', module)
    assert named == version(), "the commands have changed: say so in nu/vibenv/mod.nu"


def test_the_plugin_that_belongs_to_the_module_is_used_without_a_word(installed: Shell) -> None:
    assert installed.run("-c", "use vibenv").stderr == ""


def test_an_upgrade_that_changes_commands_says_what_to_type_at_use(nu_binary: Path, tmp_path: Path) -> None:
    upgraded = Shell(nu=nu_binary, home=tmp_path)
    upgraded.install()
    link = upgraded.config / "scripts" / "vibenv"
    link.unlink()
    link.mkdir()
    module = (ROOT / "nu" / "vibenv" / "mod.nu").read_text()
    (link / "mod.nu").write_text(module.replace(version(), "0.2.0+12345678"))
    used = upgraded.run("-c", "use vibenv; vibenv list --help")
    assert used.returncode == 0
    assert "vibenv 0.2.0+12345678 is installed" in used.stderr
    assert f"this Nushell knows the commands of {version()}" in used.stderr
    assert "python -m nu_plugin_vibenv install" in used.stderr
