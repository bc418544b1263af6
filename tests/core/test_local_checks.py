"""What the doctor makes of the programs and the configuration here."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from vibenv_core import local_checks, ssh_config
from vibenv_core.errors import Interrupted
from vibenv_core.hosts import Host
from vibenv_core.model import Check, Verdict
from vibenv_core.process import Finished

INSTANCE = "i-0123456789abcdef0"
SECRET = "arn:aws:iam::123456789012:user/me"
FIRST = ["docker CLI", "context", "ssh", "ssh config"]


def finished(*, stdout: str = "", stderr: str = "", exit_code: int = 0) -> Finished:
    return Finished(argv=("x", "-y"), exit_code=exit_code, stdout=stdout, stderr=stderr)


class Machine:
    """A folder of programs that is all of PATH, and the home of a user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"PATH": str(folder / "bin"), "HOME": str(folder)}
        (folder / "bin").mkdir()
        self.config = folder / "config"
        self.config.write_bytes(ssh_config.with_part(b""))
        self.program("ssh", f'exec /usr/bin/ssh -F {self.config} "$@"')

    def program(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def checks(self, url: str = f"ssh://{INSTANCE}") -> list[Check]:
        host = Host(name="lab", url=url, tls=None)
        return list(local_checks.local_checks(host, self.env, threading.Event()))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_machine_with_all_of_it_reaches_instances(machine: Machine) -> None:
    machine.program("docker", "echo Docker version 28.2.2, build e6534b4")
    machine.program("aws", f'[ "$1" = sts ] && echo {SECRET} || echo aws-cli/2.31.4 Python/3.13.7')
    machine.program("session-manager-plugin", "echo 1.2.707.0")
    rows = machine.checks()
    assert [row.check for row in rows] == [*FIRST, "AWS CLI", "session-manager-plugin", "AWS credentials"]
    assert [row for row in rows if row.verdict is not Verdict.OK] == []
    details = {row.check: row.detail for row in rows}
    assert details["docker CLI"] == f"version 28.2.2 at {machine.folder}/bin/docker"
    assert details["context"] == f"`lab` is ssh://{INSTANCE}"
    assert details["ssh"].startswith("OpenSSH_")
    assert "aws ssm start-session" in details["ssh config"]
    assert (details["AWS CLI"], details["session-manager-plugin"]) == ("version 2.31.4", "version 1.2.707.0")
    assert SECRET not in "".join(details.values())


def test_what_is_missing_is_named_with_what_to_do(machine: Machine) -> None:
    rows = {row.check: row for row in machine.checks()}
    assert rows["docker CLI"].verdict is Verdict.WARN
    for missing in ("AWS CLI", "session-manager-plugin"):
        assert (rows[missing].verdict, rows[missing].detail) == (Verdict.FAIL, "not installed")
        assert "install" in (rows[missing].fix or "")
    assert "AWS credentials" not in rows
    (machine.folder / "bin" / "ssh").unlink()
    assert [row.check for row in machine.checks()] == FIRST[:3]
    assert machine.checks()[-1].detail == "not installed"


def test_credentials_that_aws_refuses_are_told_in_its_words(machine: Machine) -> None:
    refused = "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: expired"
    machine.program(
        "aws", f'[ "$1" = sts ] && {{ echo; echo "{refused}"; exit 254; }} >&2 || echo aws-cli/2.1.0'
    )
    last = machine.checks()[-1]
    assert (last.check, last.verdict, last.detail) == ("AWS credentials", Verdict.FAIL, refused)
    assert "aws sso login" in (last.fix or "")


def test_without_vibenvs_part_instances_are_not_reached(machine: Machine) -> None:
    machine.config.write_text("Host lab\n  HostName 10.0.0.9\n  Port 2222\n")
    config = machine.checks()[-1]
    assert (config.check, config.verdict, config.fix) == ("ssh config", Verdict.FAIL, "vibenv ssh-config")
    named = machine.checks("ssh://lab")[-1]
    assert (named.verdict, named.detail) == (Verdict.OK, "lab is reached at 10.0.0.9, port 2222")


def test_a_line_that_ssh_does_not_take_is_told_in_its_words(machine: Machine) -> None:
    machine.config.write_text("Hots lab\n")
    config = machine.checks()[-1]
    assert config.verdict is Verdict.FAIL
    assert "bad configuration options" in config.detail
    assert f"ssh -G {INSTANCE}" in (config.fix or "")


def test_what_only_ssh_needs_is_not_looked_at_for_an_engine_without(machine: Machine) -> None:
    assert [row.check for row in machine.checks("unix:///run/docker.sock")] == FIRST[:2]


def test_the_variable_that_decides_is_named() -> None:
    host = Host(name="unix:///x.sock", url="unix:///x.sock", tls=None)
    assert local_checks.context(host, {}).detail == "unix:///x.sock"
    row = local_checks.context(host, {"DOCKER_HOST": "unix:///x.sock"})
    assert row.detail == "unix:///x.sock; without --host, DOCKER_HOST decides"


@pytest.mark.parametrize(("version", "verdict"), [("1.1.17.0", Verdict.FAIL), ("1.1.23.0", Verdict.OK)])
def test_a_plugin_from_before_ssh_is_too_old(version: str, verdict: Verdict) -> None:
    assert local_checks.session_manager_plugin(finished(stdout=f"{version}\n")).verdict is verdict


def test_a_program_that_fails_without_a_word_is_told_by_its_exit_code() -> None:
    assert local_checks.aws_cli(finished(exit_code=3)).detail == "`x -y` ended with exit code 3"


def test_interrupted_nothing_is_waited_for(machine: Machine) -> None:
    machine.program("docker", "exec sleep 60")
    machine.env["PATH"] += f":{os.environ['PATH']}"
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    with pytest.raises(Interrupted):
        list(local_checks.local_checks(Host(name="x", url="unix:///x", tls=None), machine.env, cancelled))
