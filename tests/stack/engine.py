"""Private Docker engines: each with a network, a /run, processes and a data folder of its own.

So several of them, of several versions, run side by side on one machine with the same fixed names and ports,
and nothing of theirs shows in the machine's own engine. Outside, an engine's /run is `RUN/NAME/run`.
Needs root, Debian's docker.io (for 20.10, containerd and runc), slirp4netns.
"""

import contextlib
import fcntl
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.stack import Failed, archive, cache, images, leftovers, recipes

RUN = Path("/run/vibenv")
NAMESERVER = "10.0.2.3"
"""Where slirp4netns answers DNS, by asking the machine's own resolver."""
CAP_SYS_RESOURCE = 24

Version = Literal["20", "28", "29"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine by its name, the only one of that name on the machine. To make one does nothing yet."""

    name: str
    version: Version
    options: Mapping[str, Any] = field(default_factory=dict)
    """More of the daemon's configuration (daemon.json), over what is set here."""

    @property
    def state(self) -> Path:
        return RUN / self.name

    @property
    def run(self) -> Path:
        """The engine's /run, as seen from outside."""
        return self.state / "run"

    @property
    def socket(self) -> Path:
        return self.run / "docker.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def log(self) -> Path:
        return self.state / "dockerd.log"

    @property
    def data(self) -> Path:
        """Images, containers and volumes: kept when the engine is taken down."""
        return cache.root() / "engines" / f"{self.name}-{self.version}"

    def up(self) -> None:
        """Start the engine when it does not run, and load the stack's images that it does not have."""
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._init_pid() is None:
                self._make_namespaces()
            if not self.answers():
                self.start_daemon()
            archive.load(self.socket, [make() for make in images.ALL.values()])
            self.docker("image", "prune", "--force")

    def down(self) -> None:
        """End all of the engine's processes, containers included, and take away all but its data folder."""
        init = self._init_pid()
        if init is not None:
            os.kill(int((self.state / "unshare.pid").read_text()), signal.SIGKILL)
            wait_until(lambda: self._init_pid() is None, 10, f"the processes of {self.name} to end")
        shutil.rmtree(self.state, ignore_errors=True)
        with contextlib.suppress(OSError):  # there are others
            RUN.rmdir()
        for group in sorted(Path("/sys/fs/cgroup").glob(f"**/{self._cgroup}/**/"), reverse=True):
            with contextlib.suppress(OSError):
                group.rmdir()

    def clean(self, *, keep: Collection[str] = ()) -> None:
        """Remove every container and network, and every volume but those named; the images stay."""
        self.docker("container", "ls", "-aq", remove=("rm", "-fv"))
        volumes = set(self.docker("volume", "ls", "-q").split()) - set(keep)
        if volumes:
            self.docker("volume", "rm", "-f", *volumes)
        self.docker("network", "ls", "-q", "--filter", "type=custom", remove=("network", "rm"))

    def start_daemon(self) -> None:
        """Start dockerd in the engine's namespaces; returns when it answers."""
        (self.run / "daemon.json").write_text(json.dumps(self._daemon_config(), indent=2))
        ended = self.run / "dockerd.exit"
        ended.unlink(missing_ok=True)
        dockerd = [*self._dockerd, "--config-file=/run/daemon.json"]
        self._daemon(self.inside(["sh", "-c", '"$@"; echo $? >/run/dockerd.exit', "sh", *dockerd]))
        wait_until(lambda: self.answers() or ended.exists(), 90, f"dockerd to answer (the log: {self.log})")
        if ended.exists():
            last = "".join(f"  {line}\n" for line in self.log.read_text().splitlines()[-5:])
            raise Failed(f"dockerd of {self.name} ended:\n{last}  the log: {self.log}")

    def stop_daemon(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End dockerd by a signal and wait until it is gone. With live-restore containers go on."""
        pid_file = self.run / "docker.pid"
        pid = pid_file.read_text().strip()
        subprocess.run(self.inside(["kill", f"-{number.value}", pid]), check=True)
        wait_until((self.run / "dockerd.exit").exists, 30, f"dockerd of {self.name} to end")
        pid_file.unlink(missing_ok=True)

    def answers(self) -> bool:
        """Whether dockerd answers on its socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b"200 OK" in connection.recv(64)
            except OSError:
                return False

    def inside(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` in the engine's namespaces (network, mounts, processes)."""
        init = self._init_pid()
        if init is None:
            start = f"tests/stack/engine up {self.name} {self.version}"
            raise Failed(f"the engine {self.name} does not run; start it with: {start}")
        return ["nsenter", "--target", str(init), "--net", "--mount", "--pid", "--", *argv]

    def docker(self, *arguments: str, remove: Sequence[str] = ()) -> str:
        """Run the docker CLI on this engine; with `remove`, run that on the ids which it printed."""
        argv = ["docker", "--host", self.url]
        said = subprocess.run([*argv, *arguments], capture_output=True, text=True, check=True).stdout
        if remove and said.split():
            subprocess.run([*argv, *remove, *said.split()], capture_output=True, check=True)
        return said

    @property
    def _cgroup(self) -> str:
        return f"vibenv-{self.name}"

    @property
    def _dockerd(self) -> list[str]:
        if self.version == "20":
            return ["/usr/sbin/dockerd"]
        programs = recipes.docker_29() if self.version == "29" else recipes.docker() / "usr/sbin"
        return [str(programs / "dockerd"), f"--userland-proxy-path={programs / 'docker-proxy'}"]

    def _daemon_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {
            "data-root": str(self.data),
            "exec-root": "/run/docker",
            "pidfile": "/run/docker.pid",
            "hosts": ["unix:///run/docker.sock"],
            "cgroup-parent": f"/{self._cgroup}",
            "dns": [NAMESERVER],
            "live-restore": True,
        }
        # 28 itself leaves out what the machine does not have; 29 wants what Debian's runc does not know.
        if self.version == "29" or (self.version == "20" and not _may(CAP_SYS_RESOURCE)):
            adapted = {"path": str(recipes.HERE / "runc-adapted")}
            config |= {"runtimes": {"adapted": adapted}, "default-runtime": "adapted"}
        return config | dict(self.options)

    def _init_pid(self) -> int | None:
        """The first process of the engine's namespaces, as numbered outside; None when there is none."""
        try:
            unshare = int((self.state / "unshare.pid").read_text())
            children = Path(f"/proc/{unshare}/task/{unshare}/children").read_text().split()
            is_ours = b"unshare" in Path(f"/proc/{unshare}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return int(children[0]) if is_ours and children else None

    def _make_namespaces(self) -> None:
        shutil.rmtree(self.run, ignore_errors=True)
        self.run.mkdir()
        self.data.mkdir(parents=True, exist_ok=True)
        network_ends, held = os.pipe()
        init = [sys.executable, str(Path(__file__).with_name("init.py")), str(self.run), NAMESERVER]
        unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *init]
        with _answer(f"the namespaces of {self.name} (the log: {self.log})") as ready:
            as_holder = ["sh", "-c", 'echo $$ >"$0"; exec "$@"', str(self.state / "unshare.pid"), *unshare]
            self._daemon(as_holder, stdin=held, stdout=ready)
        os.close(held)
        with _answer(f"the network of {self.name} (the log: {self.log})") as ready:
            options = ["--configure", "--mtu=65520", "--disable-host-loopback"]
            options += [f"--exit-fd={network_ends}", f"--ready-fd={ready}"]
            self._daemon(["slirp4netns", *options, str(self._init_pid()), "tap0"], keep=(network_ends, ready))
        os.close(network_ends)

    def _daemon(
        self,
        argv: Sequence[str],
        *,
        stdin: int | None = None,
        stdout: int | None = None,
        keep: Sequence[int] = (),
    ) -> None:
        """Start a program that outlives this one; the descriptors `keep` stay open in it."""
        with self.log.open("a") as log, Path(os.devnull).open() as nothing:
            subprocess.run(
                ["setsid", "--fork", *argv],
                stdin=nothing if stdin is None else stdin,
                stdout=log if stdout is None else stdout,
                stderr=log,
                pass_fds=keep,
                env=_environment(),
                check=True,
            )


@contextlib.contextmanager
def _answer(what: str) -> Iterator[int]:
    """A descriptor for a program started in the body, which has to write to it when it is ready."""
    said, tell = os.pipe()
    try:
        yield tell
    finally:
        os.close(tell)
    answer = os.read(said, 1)
    os.close(said)
    if not answer:
        raise Failed(what)


@contextlib.contextmanager
def claimed(purpose: str, version: Version) -> Iterator[Engine]:
    """An engine for a purpose (`test-28`) that nobody else gets meanwhile; numbered when that is taken."""
    claims = cache.root() / "engines"
    claims.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        name = f"{purpose}-{version}" + (f"-{number}" if number > 1 else "")
        with (claims / f".{name}.claim").open("w") as claim:
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield Engine(name=name, version=version)
            return


def running() -> Iterator[str]:
    """The names of the engines that have state on this machine."""
    yield from sorted(path.name for path in RUN.glob("*/")) if RUN.exists() else ()


def _may(capability: int) -> bool:
    """Whether this process has the capability of that number (see capabilities(7))."""
    status = Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective, 16) >> capability & 1)


def _environment() -> dict[str, str]:
    """The environment of a daemon: a PATH with the programs of the system, and nothing of the user's but the
    mark of the tests that started it."""
    marked = {leftovers.MARK: mark} if (mark := os.environ.get(leftovers.MARK)) else {}
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"} | marked


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until something holds. Raises: Failed, after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)
