"""A host that is reached as an EC2 instance is: OpenSSH, by way of `aws ssm start-session`, over a bad link.

On PATH in `Bed.env` stand an `ssh` that reads the bed's configuration and no other, and an `aws` that does
what the real one's document AWS-StartSSHSession does: relay its standard streams to the instance's sshd, here
through the simulator. All else is real.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.link.simulator import Simulator, simulating
from tests.stack.engine import Engine, wait_until

INSTANCE = "i-0123456789abcdef0"
SSHD = "/usr/sbin/sshd"

_AWS = """\
#!{python} -IS
import os, select, socket, sys
wanted = ["ssm", "start-session", "--target", "{instance}", "--document-name", "AWS-StartSSHSession"]
if sys.argv[1:-2] != wanted or sys.argv[-2:] != ["--parameters", "portNumber=22"]:
    sys.exit("aws: error: the following arguments are not understood: " + " ".join(sys.argv[1:]))
link = socket.socket(socket.AF_UNIX)
link.connect("{link}")
gone = "An error occurred (TargetNotConnected) when calling the StartSession operation: "
gone += "{instance} is not connected."
ends, said = [0, link.fileno()], False
while True:
    for end in select.select(ends, [], [])[0]:
        try:
            data = os.read(end, 65536)
        except ConnectionResetError:
            data = b""
        if end != 0 and not data:
            sys.exit(None if said else gone)
        if not data:
            ends.remove(0)
            link.shutdown(socket.SHUT_WR)
        elif end == 0:
            try:
                link.sendall(data)
            except BrokenPipeError:
                sys.exit(None if said else gone)
        else:
            said = True
            while data:
                data = data[os.write(1, data):]
"""
_SSH = '#!/bin/sh\nexec /usr/bin/ssh -F {config} "$@"\n'
_CONFIG = """\
Host i-*
    ProxyCommand sh -c "aws ssm start-session --target %h --document-name AWS-StartSSHSession \
--parameters 'portNumber=%p'"
    User root
    IdentityFile {folder}/id
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
    {more}
"""
_SSHD_CONFIG = {
    "UsePAM": "no",
    "StrictModes": "no",
    "PermitRootLogin": "yes",
    "PidFile": "none",
    "PrintMotd": "no",
    "LogLevel": "VERBOSE",
}


@dataclass(slots=True)
class Bed:
    """The host and the way to it, while `laid` lasts."""

    folder: Path
    port: int
    link: Simulator
    prefix: Sequence[str]
    sshd: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """The environment of somebody who has the bed's `ssh` and `aws`, and nothing of the real user's."""
        return {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            **{name: value for name, value in os.environ.items() if name.startswith("VIBENV_TEST_")},
        }

    @property
    def log(self) -> str:
        """What sshd said so far."""
        return (self.folder / "sshd.log").read_text()

    @property
    def handshakes(self) -> int:
        """How many logins sshd has accepted."""
        return self.log.count("Accepted publickey")

    def ssh_config(self, *lines: str) -> None:
        """Add lines to what the user's SSH configuration says of the host."""
        text = _CONFIG.format(folder=self.folder, more="\n    ".join(lines))
        (self.folder / "config").write_text(text)

    def start_sshd(self, **options: str) -> None:
        """Start sshd; `options` are more of its configuration (`MaxSessions="1"`)."""
        config = {
            **_SSHD_CONFIG,
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": str(self.folder / "host"),
            "AuthorizedKeysFile": str(self.folder / "id.pub"),
            **options,
        }
        path = self.folder / "sshd_config"
        path.write_text("".join(f"{name} {value}\n" for name, value in config.items()))
        begun = self._listens()
        with (self.folder / "sshd.log").open("ab") as log:
            self.sshd = subprocess.Popen([*self.prefix, SSHD, "-D", "-e", "-f", str(path)], stderr=log)
        wait_until(lambda: self._listens() > begun, 10, "sshd to listen")

    def stop_sshd(self, *, sessions: bool = True) -> None:
        """End sshd, and with `sessions` every connection to it."""
        assert self.sshd is not None
        children = Path(f"/proc/{self.sshd.pid}/task/{self.sshd.pid}/children").read_text().split()
        self.sshd.terminate()
        self.sshd.wait()
        for child in children if sessions else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGTERM)

    def processes(self, *words: str) -> list[int]:
        """The ids of the bed's processes, sshd and the simulator aside, with all of `words` as arguments."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                argv = (process / "cmdline").read_text().split("\0")
                ours = "ssh" in argv[0] or "vibenv_core.link.relay" in argv
                if ours and set(words) <= set(argv) and str(self.folder) in " ".join(argv[1:]):
                    found.append(int(process.name))
        return [pid for pid in found if self.sshd is None or pid != self.sshd.pid]

    @property
    def masters(self) -> list[int]:
        """The ids of the processes that are OpenSSH masters."""
        return self.processes("-M")

    def _listens(self) -> int:
        log = self.folder / "sshd.log"
        return log.read_text().count("Server listening") if log.exists() else 0


@contextlib.contextmanager
def before(engine: Engine) -> Iterator[Bed]:
    """A bed whose host is `engine`'s: its sshd runs where that engine's sockets and ports are."""
    (engine.run / "sshd").mkdir(exist_ok=True)
    namespaces = engine.inside([])[:-1]
    namespaces.remove("--pid")  # so that a process started there is known here by its number
    with (
        tempfile.TemporaryDirectory(prefix="link-") as folder,
        laid(Path(folder, "bed"), prefix=[*namespaces, "--"]) as bed,
    ):
        yield bed


@contextlib.contextmanager
def laid(
    folder: Path, *, prefix: Sequence[str] = (), options: Mapping[str, str] | None = None
) -> Iterator[Bed]:
    """A bed in the new folder `folder`; `prefix` runs sshd and the simulator elsewhere, as `nsenter` does."""
    (folder / "bin").mkdir(parents=True)
    (folder / "home").mkdir()
    (folder / "run").mkdir(mode=0o700)
    for key in ("host", "id"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    public = (folder / "host.pub").read_text()
    (folder / "known_hosts").write_text(f"{INSTANCE} {public}")
    aws = _AWS.format(python=sys.executable, instance=INSTANCE, link=folder / "link.sock")
    for name, text in (("aws", aws), ("ssh", _SSH.format(config=folder / "config"))):
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    port = _free_port()
    with simulating(folder, f"127.0.0.1:{port}", prefix=prefix) as simulator:
        bed = Bed(folder, port, simulator, prefix)
        bed.ssh_config()
        bed.start_sshd(**(options or {}))
        try:
            yield bed
        finally:
            for process in bed.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGTERM)
            bed.stop_sshd()
            wait_until(lambda: not bed.processes(), 10, "ssh to end")


def _free_port() -> int:
    """A port of loopback that nobody listens at, here or in any network namespace that is as empty."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
