"""The doctor's look at this machine: the programs and the configuration that lead to a host.

Source: AWS Systems Manager's user guide, "Allow and control permissions for SSH connections through Session
Manager", for the least version of its plugin.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence

from . import address, process
from .errors import EngineError, NotFound
from .hosts import Host, overriding
from .link import plan
from .model import Check, Verdict
from .process import Finished

_TIMEOUT_S = 15.0
_LEAST_PLUGIN = (1, 1, 23)

_INSTALL_AWS = (
    "install the AWS CLI: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
)
_INSTALL_PLUGIN = (
    "install the Session Manager plugin: https://docs.aws.amazon.com/systems-manager/latest/userguide/"
    "session-manager-working-with-install-plugin.html"
)


def local_checks(host: Host, env: Mapping[str, str], cancelled: threading.Event) -> Iterator[Check]:
    """What leads to `host` from here, each as it is looked at; nothing is asked of the host itself.

    Raises: Interrupted.
    """

    def said(*argv: str) -> Finished | None:
        return _run(argv, env, cancelled)

    yield docker_cli(said("docker", "--version"), shutil.which("docker", path=env.get("PATH")))
    yield context(host, env)
    if not host.url.startswith("ssh://"):
        return
    client = ssh_client(said("ssh", "-V"))
    yield client
    if client.verdict is Verdict.FAIL:
        return
    there = address.ssh(host.url)
    configured = said(*plan.config_argv(there))
    yield ssh_config(there.host, configured)
    if not re.search(r"\baws\b", proxy_command(configured) or ""):
        return
    cli = aws_cli(said("aws", "--version"))
    yield cli
    yield session_manager_plugin(said("session-manager-plugin", "--version"))
    if cli.verdict is not Verdict.FAIL:
        yield credentials(said("aws", "sts", "get-caller-identity", "--output", "json"))


def docker_cli(said: Finished | None, path: str | None) -> Check:
    """The check of Docker's command line, from what `docker --version` says."""
    if said is None or path is None:
        return Check(
            check="docker CLI",
            verdict=Verdict.WARN,
            detail="not installed; vibenv works without it, `docker exec` as a second way in does not",
            fix="install Docker's command line (Debian: `sudo apt install docker.io`)",
        )
    return _works("docker CLI", f"version {_version(said)} at {path}")


def context(host: Host, env: Mapping[str, str]) -> Check:
    """Which host is looked at, and what decides that without `--host`."""
    variable = overriding(env)
    decides = f"; without --host, {variable} decides" if variable else ""
    place = host.url if host.name == host.url else f"`{host.name}` is {host.url}"
    return _works("context", place + decides)


def ssh_client(said: Finished | None) -> Check:
    """The check of ssh, from what `ssh -V` says."""
    if said is None:
        return _fails("ssh", "not installed", "install OpenSSH (Debian: `sudo apt install openssh-client`)")
    return _works("ssh", said.stderr.partition(",")[0].strip())


def ssh_config(host: str, said: Finished | None) -> Check:
    """The check of the ssh configuration, from what `ssh -G` makes of it for `host`."""
    if said is None or said.exit_code:
        return _fails(
            "ssh config", _last_line(said), f"mend that line; `ssh -G {host}` shows what ssh understands"
        )
    if command := proxy_command(said):
        return _works("ssh config", f"{host} is reached by {command}")
    name, port = _configured(said, "hostname"), _configured(said, "port")
    if host.startswith("i-") and name == host:
        return _fails("ssh config", "ssh does not know how EC2 instances are reached", "vibenv ssh-config")
    return _works("ssh config", f"{host} is reached at {name}, port {port}")


def proxy_command(said: Finished | None) -> str | None:
    """The program by which ssh reaches the host, as `ssh -G` says; None where it connects by itself."""
    command = _configured(said, "proxycommand") if said else None
    return None if command == "none" else command


def _configured(said: Finished, keyword: str) -> str | None:
    found = re.search(rf"^{keyword} (.*)$", said.stdout, re.MULTILINE)
    return found[1] if found else None


def aws_cli(said: Finished | None) -> Check:
    """The check of the AWS CLI, from what `aws --version` says."""
    if said is None or said.exit_code:
        return _fails("AWS CLI", _last_line(said), _INSTALL_AWS)
    return _works("AWS CLI", f"version {_version(said)}")


def session_manager_plugin(said: Finished | None) -> Check:
    """The check of the AWS CLI's plugin for sessions, from what its `--version` says."""
    if said is None or said.exit_code:
        return _fails("session-manager-plugin", _last_line(said), _INSTALL_PLUGIN)
    version = _version(said)
    if tuple(map(int, re.findall(r"\d+", version)[:3])) < _LEAST_PLUGIN:
        return _fails("session-manager-plugin", f"version {version} cannot carry ssh", _INSTALL_PLUGIN)
    return _works("session-manager-plugin", f"version {version}")


def credentials(said: Finished | None) -> Check:
    """The check of what AWS thinks of the credentials here; they are not shown, nor whose they are."""
    if said is not None and said.exit_code == 0:
        return _works("AWS credentials", "AWS takes them")
    return _fails(
        "AWS credentials", _last_line(said), "aws sso login, or aws configure; AWS_PROFILE chooses among them"
    )


def _run(argv: Sequence[str], env: Mapping[str, str], cancelled: threading.Event) -> Finished | None:
    """What a program says; None when it is not installed. One that takes too long has failed."""
    try:
        return process.run(
            argv, env={**env, "AWS_PAGER": "", "LC_ALL": "C"}, timeout_s=_TIMEOUT_S, cancelled=cancelled
        )
    except NotFound:
        return None
    except EngineError as error:
        return Finished(argv=tuple(argv), exit_code=1, stdout="", stderr=error.message)


def _version(said: Finished) -> str:
    found = re.search(r"\d+(?:\.\d+)+", said.stdout or said.stderr)
    return found[0] if found else "unknown"


def _last_line(said: Finished | None) -> str:
    """Why a program failed, in its own words."""
    if said is None:
        return "not installed"
    lines = [line.strip() for line in said.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"`{' '.join(said.argv)}` ended with exit code {said.exit_code}"


def _works(check: str, detail: str) -> Check:
    return Check(check=check, verdict=Verdict.OK, detail=detail, fix=None)


def _fails(check: str, detail: str, fix: str) -> Check:
    return Check(check=check, verdict=Verdict.FAIL, detail=detail, fix=fix)
