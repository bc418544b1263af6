"""What to run for a link, and what ssh meant by what it said; pure.

Source: OpenSSH 9.2, ssh(1), ssh_config(5), and its source for what these leave out: with ControlPersist, ssh
lets its ProxyCommand's errors go to nowhere; in the background it writes to a log of its own (-E) only; with
ExitOnForwardFailure it would fail for the user's own forwards, which ClearAllForwardings leaves out.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from ..address import SshAddress
from ..errors import NeedsTerminal, NotFound, Unreachable, UsageError, VibenvError, WrongState

CONTROL, DOCKER, DAGGER, RELAY, LOG, LOCK = (
    "control",
    "docker.sock",
    "dagger.sock",
    "relay.sock",
    "log",
    "lock",
)
"""The names in a link's folder. `control` is the master's socket, or a symbolic link to that of the user's
own master; `docker.sock` is a forwarded socket, or a symbolic link to `relay.sock`."""
NEW = ".new"
"""The end of the name of what is not yet used."""

_ENGINE_SOCKET = "/var/run/docker.sock"
_DAGGER_SOCKET = "/run/dagger/engine.sock"
_PERSIST = "10m"
_ALIVE_S, _ALIVE_TIMES = 10, 3
"""A master on a link that is dead ends itself after about 30 s."""
_LONGEST_PATH = 103
"""What macOS takes; Linux takes 107."""
_LONGEST_NAME = len(f"/vibenv/{'0' * 12}/{CONTROL}{NEW}.") + 16
"""The longest name below the runtime folder: ssh appends 16 letters while it makes a control socket."""
_PLAIN = re.compile(r"/[A-Za-z0-9_./+-]*")


def folder_name(url: str) -> str:
    """The name of the folder of what leads to `url`: short, for the path of a socket may not be long."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def runtime_folder(given: str | None, *, user: int) -> Path:
    """Where links are, from XDG_RUNTIME_DIR; in /tmp when that is not set or no good for sockets.

    No good is one whose sockets' paths would be too long, or hold what ssh takes for something else.
    """
    if given and len(given.rstrip("/")) + _LONGEST_NAME <= _LONGEST_PATH and _PLAIN.fullmatch(given):
        return Path(given) / "vibenv"
    return Path(f"/tmp/vibenv-{user}")


def destination(address: SshAddress) -> list[str]:
    """How ssh is told where to."""
    port = ["-p", str(address.port)] if address.port else []
    user = ["-l", address.user] if address.user else []
    return [*port, *user, "--", address.host]


def config_argv(address: SshAddress) -> list[str]:
    """Ask ssh for the user's configuration of the host; connects to nothing."""
    return ["ssh", "-G", *destination(address)]


def own_control(config: str) -> str | None:
    """The control socket of the user's own, as the answer to `config_argv` has it; None for none."""
    found = re.search(r"^controlpath (.+)$", config, re.MULTILINE)
    return found[1] if found and found[1] != "none" else None


def master_argv(address: SshAddress, folder: Path, *, wait_s: float, ask: bool) -> list[str]:
    """Start a master at `control.new`, in the background once logged in; with `ask` it may ask the user."""
    options = {
        "ControlPersist": _PERSIST,
        "BatchMode": "no" if ask else "yes",
        "ConnectTimeout": str(max(1, round(wait_s))),
        "ServerAliveInterval": str(_ALIVE_S),
        "ServerAliveCountMax": str(_ALIVE_TIMES),
        "LogLevel": "INFO",
        "Compression": "yes",  # what is said to engines is text, and links are slow
        **_NOTHING_ELSE,
    }
    control, log = folder / f"{CONTROL}{NEW}", folder / LOG
    flags = ["-M", "-N", "-f", "-S", str(control), "-E", str(log)]
    return ["ssh", *flags, *_flags(options), *destination(address)]


def login_argv(address: SshAddress, *, wait_s: float) -> list[str]:
    """Log in without a master, and do nothing: for what is said then, the ProxyCommand's words too."""
    options = {"ControlPath": "none", "ControlMaster": "no", "BatchMode": "yes", **_NOTHING_ELSE}
    options |= {"ConnectTimeout": str(max(1, round(wait_s)))}
    return ["ssh", "-T", *_flags(options), *destination(address), "exit"]


_NOTHING_ELSE = {
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "RequestTTY": "no",
    "Tunnel": "no",
}
"""What the user may have configured for shells on that host, and a link has no use for."""


def control_argv(address: SshAddress, control: Path, command: str, *more: str) -> list[str]:
    """Have the master at `control` do `command` (check, forward, exit)."""
    return ["ssh", "-F", "none", "-S", str(control), "-O", command, *more, "--", address.host]


def forwards(address: SshAddress, folder: Path) -> list[str]:
    """The forwards of a link, as arguments: of the engine's socket, and of the Dagger engine's."""
    sockets = {DOCKER: address.socket or _ENGINE_SOCKET, DAGGER: _DAGGER_SOCKET}
    arguments: list[str] = []
    for name, remote in sockets.items():
        there = remote.replace(":", r"\:")
        arguments += ["-L", f"{folder / name}{NEW}:{there}"]
    return arguments


def port_forward(local: int, address: str, port: int) -> list[str]:
    """The forward of a port to a local one, as arguments for `control_argv`'s `forward` and `cancel`."""
    target = f"[{address}]" if ":" in address else address
    return ["-L", f"127.0.0.1:{local}:{target}:{port}"]


def dial_argv(address: SshAddress, control: Path) -> list[str]:
    """Join standard input and output to the engine, by a program there and the master at `control`."""
    socket = ["--host", f"unix://{address.socket}"] if address.socket else []
    options = {"ControlMaster": "no", "BatchMode": "yes", **_NOTHING_ELSE}
    flags = ["-T", "-S", str(control), *_flags(options)]
    return ["ssh", *flags, *destination(address), "docker", *socket, "system", "dial-stdio"]


def session_argv(address: SshAddress, control: Path, command: str) -> list[str]:
    """Run a command on the host by the master at `control`; should that refuse, by no other way."""
    options = {"ControlMaster": "no", "BatchMode": "yes", "ProxyCommand": "false"}
    return ["ssh", "-F", "none", "-T", "-S", str(control), *_flags(options), "--", address.host, command]


def _flags(options: dict[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


class _Row(NamedTuple):
    words: str
    """A pattern; its groups go into `message` and `help`, as do the address `host`, its `name`, and the line
    `said`."""
    kind: type[VibenvError]
    code: str
    message: str
    help: str


_ASK = "type `vibenv up --host {host}` at a prompt, where ssh can ask you; or set up a key: `ssh-copy-id`"
_TABLE = (
    _Row(
        "No space left on device",
        WrongState,
        "link::runtime_folder",
        "there is no room for the sockets of the link to {host}: No space left on device",
        "make room, or name a folder of your own: `$env.XDG_RUNTIME_DIR = …`",
    ),
    _Row(
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        Unreachable,
        "ssh::host_key_changed",
        "{host} has another host key than it had: it was made anew, or this is another machine",
        "if you know why, forget the old key: `ssh-keygen -R {name}`",
    ),
    _Row(
        "Host key verification failed",
        NeedsTerminal,
        "ssh::host_key_unknown",
        "the host key of {host} is not known yet",
        "type `ssh {name}` once, and compare the fingerprint that it shows",
    ),
    _Row(
        r"Permission denied \((?P<methods>[^)]*(?:password|keyboard-interactive)[^)]*)\)",
        NeedsTerminal,
        "ssh::asks",
        "{host} takes none of your keys, and wants to ask for a password or a code",
        _ASK,
    ),
    _Row(
        r"Permission denied \((?P<methods>[^)]*)\)",
        Unreachable,
        "ssh::login_refused",
        "{host} refused your login: it takes {methods}, and none of your keys",
        "`ssh-add -l` lists the keys that ssh has; `ssh -v {name}` tells what was tried",
    ),
    _Row(
        r"Could not resolve hostname (?P<name>\S+):",
        Unreachable,
        "ssh::unknown_address",
        "no address is known for {host}",
        "see the name, or a `Host` block for it in ~/.ssh/config (`vibenv ssh-config` makes one for i-*)",
    ),
    _Row(
        "Bad configuration option|bad configuration options|Bad owner or permissions on",
        UsageError,
        "ssh::bad_config",
        "ssh cannot use its configuration: {said}",
        "mend it; `ssh -G {name}` tells when it is right",
    ),
    _Row(
        "TargetNotConnected",
        Unreachable,
        "aws::not_connected",
        "the instance of {host} is not connected to AWS Systems Manager: it is stopped, or its agent is",
        "`aws ssm describe-instance-information` lists those that are; a fresh one takes a minute",
    ),
    _Row(
        "ExpiredToken|Unable to locate credentials|Token has expired|InvalidClientTokenId|session .* expired",
        Unreachable,
        "aws::credentials",
        "AWS does not take your credentials for {host}: {said}",
        "`aws sso login`, or whatever gives you new ones; `aws sts get-caller-identity` tries them",
    ),
    _Row(
        "SessionManagerPlugin is not found",
        NotFound,
        "aws::no_plugin",
        "the AWS CLI has no session-manager-plugin, which {host} is reached by",
        "install AWS's session-manager-plugin",
    ),
    _Row(
        r"(?P<program>\S+): (?:command )?not found",
        NotFound,
        "ssh::no_program",
        "`{program}` is not installed, here or on {host}, and it is needed to reach the engine",
        "install it, or see the ProxyCommand: `ssh -G {name}`",
    ),
    _Row(
        "timed out",
        Unreachable,
        "ssh::timeout",
        "{host} did not answer in time: {said}",
        "see the network, and that the host is up: `ssh {name}`",
    ),
    _Row(
        r"Connection refused|No route to host|Network is unreachable",
        Unreachable,
        "ssh::unreachable",
        "{host} cannot be reached: {said}",
        "see the network, and that the host is up: `ssh {name}`",
    ),
    _Row(
        "permission denied while trying to connect to the [Dd]ocker",
        Unreachable,
        "engine::no_permission",
        "on {host} you may not use the Docker engine",
        "there, join the group that may: `sudo usermod -aG docker $USER`",
    ),
    _Row(
        "Cannot connect to the Docker daemon|failed to open the raw stream connection|connect failed",
        Unreachable,
        "engine::not_running",
        "the Docker engine of {host} does not run",
        "start it there: `ssh {name} sudo systemctl start docker`",
    ),
)
CLOSED = "vibenv::ssh::closed"
"""The code of a failure that may be over in a moment."""
_CLOSED = _Row(
    "",
    Unreachable,
    CLOSED.removeprefix("vibenv::"),
    "{host} closed the connection: {said}",
    "try again; `ssh {name}` tells more",
)
_GENERIC = re.compile(r"kex_exchange_identification|Connection (?:closed|reset) by|Broken pipe|^$")
"""How ssh says that a connection ended, and not why."""


def failure(address: SshAddress, said: str) -> VibenvError:
    """What ssh, and what it runs, meant by what it said before it gave up."""
    row, words = next(
        ((row, found.groupdict()) for row in _TABLE if (found := re.search(row.words, said))), (_CLOSED, {})
    )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = next((line for line in lines if row.words and re.search(row.words, line)), "")
    words = {
        "host": address.url,
        "name": address.host,
        "said": telling or (lines[-1] if lines else "nothing was said"),
        **words,
    }
    return row.kind(row.message.format(**words), code=row.code, help=row.help.format(**words), about="host")


def is_refusal(said: str) -> bool:
    """Whether a master's log tells that its host did not forward to the socket."""
    return "open failed" in said


def is_dropped(said: str) -> bool:
    """Whether ssh said that the host closed the connection before anybody could log in."""
    return "kex_exchange_identification" in said or "banner exchange" in said


def is_unexplained(said: str) -> bool:
    """Whether ssh said no more than that the connection ended; the reason may have been told to nobody."""
    return not any(re.search(row.words, said) for row in _TABLE) and all(
        _GENERIC.search(line.strip()) for line in said.splitlines()
    )
