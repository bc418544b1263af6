"""What `use vibenv` gives where the plugin is there, and where it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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


def test_help_lists_all_commands(installed: Shell) -> None:
    for typed in ("vibenv --help", "vibenv -h"):
        shown = installed.run("-c", f"use vibenv; {typed}").stdout
        assert "vibenv create launcher" in shown
        assert "vibenv attach" in shown


def test_an_upgrade_that_changes_signatures_says_what_to_type(installed: Shell, tmp_path: Path) -> None:
    old = json.dumps("0.0.9+0")
    raise AssertionError(old)
