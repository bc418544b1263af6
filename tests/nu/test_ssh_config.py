"""The ssh configuration as Nushell's user has it written, read by ssh itself."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nu_plugin_vibenv.commands import plugin
from tests.nu.shell import ROOT, Shell
from vibenv_core import ssh_config
from vibenv_core.ssh_config import BEGIN, END

INSTANCE = "i-0123456789abcdef0"
STATED = {
    "proxycommand": 'sh -c "aws ssm start-session --target %h --document-name AWS-StartSSHSession'
    " --parameters 'portNumber=%p'\"",
    "controlmaster": "auto",
    "controlpersist": "600",
    "serveraliveinterval": "15",
    "serveralivecountmax": "3",
}


@pytest.fixture
def shell(installed: Shell, tmp_path: Path) -> Shell:
    """A Nushell whose user has nothing in the home folder yet."""
    return replace(installed, variables={"HOME": str(tmp_path)})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / ".ssh" / "config"


def read_by_ssh(config: Path, host: str = INSTANCE) -> dict[str, str]:
    """What ssh makes of the file, for a host."""
    argv = ["ssh", "-G", "-F", str(config), host]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return dict(line.partition(" ")[::2] for line in said.splitlines())


def modes(*paths: Path) -> list[str]:
    return [f"{path.stat().st_mode & 0o7777:o}" for path in paths]


def test_ssh_reaches_instances_by_way_of_aws(shell: Shell, config: Path) -> None:
    written = shell.value("vibenv ssh-config")
    assert (written["file"], written["changed"], written["backup"]) == (str(config), True, None)
    assert f"ssh reads {Path('~').expanduser()}/.ssh/config" in written["detail"]
    stated = read_by_ssh(config)
    assert {key: stated[key] for key in STATED} == STATED
    assert stated["controlpath"].startswith(str(Path("~/.ssh/control-").expanduser()))
    assert "proxycommand" not in read_by_ssh(config, "example.com")
    assert modes(config, config.parent) == ["600", "700"]


@pytest.mark.parametrize("login_shell", ["/bin/sh", "nu"])
def test_the_proxy_command_runs_aws_whatever_the_login_shell(
    shell: Shell, config: Path, tmp_path: Path, nu_binary: Path, login_shell: str
) -> None:
    shell.value("vibenv ssh-config")
    aws = tmp_path / "bin" / "aws"
    aws.parent.mkdir()
    aws.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{shlex.quote(str(tmp_path / "said"))}\n')
    aws.chmod(0o755)
    env = {"PATH": f"{aws.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    env["SHELL"] = str(nu_binary) if login_shell == "nu" else login_shell
    no_master = ["-o", "ControlPath=none", "-o", "BatchMode=yes"]
    argv = ["ssh", "-F", str(config), *no_master, "-p", "2222", INSTANCE, "true"]
    ended = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 255
    assert (tmp_path / "said").read_text().splitlines() == [
        *("ssm", "start-session", "--target", INSTANCE),
        *("--document-name", "AWS-StartSSHSession", "--parameters", "portNumber=2222"),
    ]


BEFORE = {
    "a host of all hosts first": "Host *\n  ControlMaster no\n  ServerAliveInterval 99\n  User me\n",
    "values for all hosts": "ControlPersist no\nUser me\nPort 2022",
    "a match of all": "Match all\n  ServerAliveCountMax 9\n  User me\n",
    "windows line ends": "Host *\r\n  ControlMaster no\r\n  User me\r\n",
    "no final newline": "User me",
    "an include": "Include more\nHost web\n  HostName web.example.com\n",
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_whatever_is_there_vibenvs_part_counts_and_other_hosts_are_as_before(
    shell: Shell, config: Path, before: str
) -> None:
    config.parent.mkdir()
    config.write_bytes(before.encode())
    others = [read_by_ssh(config, host) for host in ("web", "example.com")]
    user = read_by_ssh(config)["user"]
    written = shell.value("vibenv ssh-config")
    assert config.read_bytes().endswith(before.encode())
    stated = read_by_ssh(config)
    assert {key: stated[key] for key in STATED} == STATED
    assert stated["user"] == user
    assert [read_by_ssh(config, host) for host in ("web", "example.com")] == others
    assert Path(written["backup"]).read_bytes() == before.encode()
    again = shell.value("vibenv ssh-config")
    assert (again["changed"], again["backup"], again["diff"]) == (False, None, [])
    shell.value("vibenv ssh-config --undo")
    assert config.read_bytes() == before.encode()


LINES = st.sampled_from(
    [
        *("Host *", "Host web", "Host i-* !i-9*", "Host *.com web", "Match all", "Match host web,i-*"),
        *("Match user me", "Match originalhost i-0*", "User me", "Port 2022", "HostName %h.example.com"),
        *("ServerAliveInterval 7", "ControlMaster no", "ControlPersist yes", "ProxyCommand nc %h %p"),
        *("IdentityFile ~/.ssh/own", "SendEnv LANG", "CanonicalizeHostname no", "Include none", "# é", ""),
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_of_any_configuration_ssh_reads_the_same_but_for_what_vibenv_sets(
    tmp_path: Path, lines: list[str], end: str
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_bytes(end.join(lines).encode())
    after.write_bytes(ssh_config.with_part(before.read_bytes()))
    for host in ("web", "example.com"):
        assert read_by_ssh(after, host) == read_by_ssh(before, host)
    ours = read_by_ssh(after)
    assert {key: ours[key] for key in STATED} == STATED
    theirs = read_by_ssh(before)
    changed = {key for key in theirs | ours if theirs.get(key) != ours.get(key)}
    assert changed <= {*STATED, "controlpath"}


def test_a_dry_run_gives_the_lines_and_changes_nothing(shell: Shell, tmp_path: Path, config: Path) -> None:
    planned = shell.value("vibenv ssh-config --dry-run")
    assert (planned["changed"], planned["backup"]) == (True, None)
    assert planned["diff"][0] == {"line": 1, "change": "added", "text": BEGIN}
    assert planned["diff"][-1]["text"] == END
    assert list(tmp_path.iterdir()) == []
    assert shell.value("vibenv ssh-config | get diff") == planned["diff"]
    undone = shell.value("vibenv ssh-config --undo --dry-run | get diff")
    assert {row["change"] for row in undone} == {"removed"}
    assert config.read_text().startswith(BEGIN)


def test_links_are_followed_and_mode_and_owner_kept(shell: Shell, tmp_path: Path, config: Path) -> None:
    real = tmp_path / "dotfiles" / "ssh" / "config"
    real.parent.mkdir(parents=True)
    real.write_text("User me\n")
    real.chmod(0o640)
    os.chown(real, 12345, 23456)
    config.parent.symlink_to(real.parent)
    shell.value("vibenv ssh-config")
    assert config.parent.is_symlink()
    assert (real.stat().st_uid, real.stat().st_gid, modes(real)) == (12345, 23456, ["640"])
    assert read_by_ssh(real)["controlmaster"] == "auto"


def test_what_the_user_says_of_instances_is_overridden_only_when_told_to(shell: Shell, config: Path) -> None:
    config.parent.mkdir()
    own = "Host i-*\n  User me\n  ProxyCommand my-own %h\n"
    config.write_text(own)
    details = shell.error("vibenv ssh-config")
    assert details["code"] == "vibenv::ssh_config::taken"
    assert "line 3" in details["msg"]
    assert "--force" in details["help"]
    assert config.read_text() == own
    shell.value("vibenv ssh-config --force")
    assert read_by_ssh(config)["proxycommand"] == STATED["proxycommand"]
    assert shell.value("vibenv ssh-config")["changed"] is False


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("Include {folder}/more\n", "proxycommand my-own"),
        ("Host *\n  Include {folder}/more\n", "proxycommand my-own"),
        ("Match host i-*\n  ControlPersist 1h\n", "controlpersist 3600"),
        ("Match originalhost i-* user *,!nobody\n  ControlMaster ask\n", "controlmaster ask"),
        ("Include {folder}/none\nMatch host other\n  ControlMaster no\n", None),
        ("Match all\n  ControlMaster no\n", None),
        ("Match host i-*\n  User me\n  ControlPersist 10m\n", None),
    ],
)
def test_what_ssh_makes_of_included_files_and_matches_is_heeded(
    shell: Shell, tmp_path: Path, config: Path, text: str, taken: str | None
) -> None:
    (tmp_path / "more").write_text("Host i-*\n  ProxyCommand my-own %h\n")
    config.parent.mkdir()
    config.write_text(text.format(folder=tmp_path))
    if taken is None:
        assert shell.value("vibenv ssh-config | get changed")
    else:
        details = shell.error("vibenv ssh-config")
        assert details["code"] == "vibenv::ssh_config::taken"
        assert taken in details["msg"]
        assert config.read_text() == text.format(folder=tmp_path)
    assert shell.value("vibenv ssh-config --force | get backup") in (None, f"{config}.before-vibenv")
    assert read_by_ssh(config)["proxycommand"] == STATED["proxycommand"]


def test_another_file_may_be_named(shell: Shell, tmp_path: Path, config: Path) -> None:
    config.parent.mkdir()
    config.write_text(f"Include {tmp_path}/.ssh/vibenv\nHost *\n  ControlMaster no\n")
    written = shell.value(f"cd {config.parent}; vibenv ssh-config --file vibenv")
    assert (written["file"], written["detail"]) == (str(config.with_name("vibenv")), None)
    assert read_by_ssh(config)["controlmaster"] == "auto"


REFUSED = {
    "a mark alone": (f"User me\n{BEGIN}\n".encode(), "ssh_config::unclear"),
    "no text": (b"User \xff\n", "ssh_config::unclear"),
}


@pytest.mark.parametrize(("content", "code"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_understood_is_left_as_it_is(
    shell: Shell, config: Path, content: bytes, code: str
) -> None:
    config.parent.mkdir()
    config.write_bytes(content)
    for flags in ("", "--dry-run", "--undo", "--force"):
        details = shell.error(f"vibenv ssh-config {flags}")
        assert details["code"] == f"vibenv::{code}"
        assert "line " in details["msg"]
    assert [path.read_bytes() for path in config.parent.iterdir()] == [content]


@pytest.mark.parametrize("kind", ["folder", "dangling link", "loop"])
def test_what_is_no_file_is_refused(shell: Shell, config: Path, kind: str) -> None:
    config.parent.mkdir()
    match kind:
        case "folder":
            config.mkdir()
        case "dangling link":
            config.symlink_to("away/config")
        case _:
            config.symlink_to(config)
    details = shell.error("vibenv ssh-config")
    assert details["code"] == "vibenv::file::refused"
    assert str(config) in details["msg"]
    assert list(config.parent.iterdir()) == [config]


EDIT = f"""
import os, pathlib, sys
sys.path.insert(0, {str(ROOT)!r})
from vibenv_core import errors, ssh_files
try:
    ssh_files.edit(pathlib.Path(sys.argv[1]), undo=False, force=False, dry_run=False, env=os.environ)
except errors.WrongState as error:
    sys.exit(error.message)
"""


def edited(config: Path, *wrapper: str) -> str:
    """What is said when the file is changed in a process of its own."""
    argv = [*wrapper, sys.executable, "-c", EDIT, str(config)]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stderr.strip()


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    script = (
        'mount -t tmpfs -o size=8k none "$1" && printf "User me\\n%04000d" 0 >"$1/config" && shift && "$@"'
    )
    check = "; cat {0}/config | wc -c; ls -A {0}".format(shlex.quote(str(tmp_path)))
    inner = shlex.join([sys.executable, "-c", EDIT, str(tmp_path / "config")])
    argv = ["unshare", "--mount", "sh", "-c", f"{script}{check}", "sh", str(tmp_path), "sh", "-c", inner]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert "no space left on device" in done.stderr
    assert done.stdout.split() == ["4008", "config"]


def test_a_folder_or_file_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    # Root, for whom modes count as they do for anybody.
    mortal = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    config = tmp_path / "config"
    config.write_text("User me\n")
    tmp_path.chmod(0o755)
    os.chown(tmp_path, 65534, 65534)
    assert edited(config, *mortal).endswith("cannot be written: permission denied")
    os.chown(tmp_path, 0, 0)
    config.chmod(0o400)
    assert edited(config, *mortal).endswith("cannot be written: it is read-only")
    assert config.read_text() == "User me\n"
    config.chmod(0o600)
    assert edited(config, *mortal) == ""


def test_many_at_once_write_the_part_once(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("User me\n")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(edited, [config] * 8)) == {""}
    assert config.read_text().count(BEGIN) == 1
    assert config.read_text().endswith(f"{END}\nUser me\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "config.before-vibenv"]
    assert (tmp_path / "config.before-vibenv").read_text() == "User me\n"


def test_every_example_works(shell: Shell) -> None:
    for example in plugin.command("vibenv ssh-config").examples:
        shown = shell.run("-c", f"use vibenv; {example.example}")
        assert (shown.returncode, shown.stderr) == (0, ""), example.example
    assert shutil.which("ssh")
