"""A session without a container: the supervisor as a plain process, with all of its files in one folder."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.nu.shell import ROOT
from tests.terminal.client import PATIENCE_S, Client
from tests.terminal.recording import Recording
from vibenv_core.supervisor import READY
from vibenv_core.supervisor.frames import Hello
from vibenv_core.supervisor.status import Status, parse

ENV = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
"""The environment of all that runs in these tests: nothing of the developer's but PATH."""
_END_S = 10.0


@dataclass(slots=True)
class Session:
    """A running supervisor; what it has not ended by itself ends with `running`."""

    folder: Path
    process: subprocess.Popen[bytes]
    clients: list[Client] = field(default_factory=list)
    _unread: list[bytes] = field(default_factory=list)
    """Lines that it said and no test has looked at, the last of them not whole yet."""

    @property
    def dtach_socket(self) -> Path:
        return self.folder / "dtach.sock"

    @property
    def control_socket(self) -> Path:
        return self.folder / "control.sock"

    def wait_until_ready(self) -> None:
        """Wait until its terminal accepts clients."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said == READY, said

    def until_said(self, holds: Callable[[Status], bool]) -> Status:
        """How the supervisor says that the session is, once something holds of that."""
        output, said = self.process.stdout, b""
        assert output
        while True:
            while len(self._unread) > 1:
                said = self._unread.pop(0)
                status = parse(said)
                assert status, said
                if holds(status):
                    return status
            assert select.select([output], [], [], PATIENCE_S)[0], f"not said; last: {said!r}"
            more = os.read(output.fileno(), 1 << 16)
            assert more, f"not said; last: {said!r}"
            self._unread = (b"".join(self._unread) + more).split(b"\n")

    @property
    def log(self) -> Path:
        """The folder of the recording, as the supervisor sees it."""
        root = f"/proc/{self.process.pid}/root" if self.process.poll() is None else ""
        return Path(f"{root}{self.folder}/log")

    def recorded(self) -> bytes:
        """The recording as a file, as it is now."""
        return (self.log / "session.cast").read_bytes()

    @property
    def recording(self) -> Recording:
        """The recording as it is now."""
        return Recording.read(self.recorded())

    @property
    def older_recording(self) -> Recording:
        """The half before, of one that grew too large."""
        return Recording.read((self.log / "session.1.cast").read_bytes())

    @property
    def printed(self) -> bytes:
        """What the program printed, as recorded."""
        return self.recording.output

    def attach(self, *, client: str | None = None, rows: int = 24, cols: int = 80, **more: Any) -> Client:
        """Another client, closed with the session; `more` is of a Hello. Who comes again says `client`."""
        hello = Hello(client=client or uuid.uuid4().hex, rows=rows, cols=cols, **more)
        self.clients.append(Client(self.control_socket, hello))
        return self.clients[-1]

    @property
    def processor_ticks(self) -> int:
        """The processor time that the supervisor has used so far, in clock ticks."""
        numbers = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(numbers[11]) + int(numbers[12])

    @property
    def memory_kib(self) -> int:
        """What the supervisor holds in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


@contextlib.contextmanager
def running(
    *program: str,
    rows: int = 24,
    cols: int = 80,
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    disk: str | None = None,
    wait: bool = True,
) -> Iterator[Session]:
    """A session of `program`, whose terminal accepts clients, unless that is not to be waited for.

    `disk` is the size of a disk of its own for the recording (`256k`), that nobody else sees.
    """
    folder = Path(tempfile.mkdtemp(prefix="session-"))
    (folder / "log").mkdir()
    argv = [sys.executable, "-m", "vibenv_core.supervisor", "supervise"]
    argv += ["--rows", str(rows), "--cols", str(cols), "--log-folder", str(folder / "log")]
    argv += ["--dtach-socket", str(folder / "dtach.sock"), "--control-socket", str(folder / "control.sock")]
    argv += [*options, "--", *program]
    if disk is not None:
        mount = f'mount -t tmpfs -o size={disk} tmpfs "$0" && exec "$@"'
        argv = ["unshare", "--mount", "sh", "-c", mount, str(folder / "log"), *argv]
    process = subprocess.Popen(
        argv,
        env={**ENV, **(env or {})},
        cwd=folder,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    session = Session(folder, process)
    try:
        if wait:
            session.wait_until_ready()
        yield session
    finally:
        for client in session.clients:
            client.close()
        _end(process)
        shutil.rmtree(folder)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the supervisor, and what it left behind in its terminal."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    left = children.read_text().split() if process.poll() is None else []
    process.kill()
    for child in left:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(child), signal.SIGKILL)
    process.wait(_END_S)
    if process.stdout is not None:
        process.stdout.close()
