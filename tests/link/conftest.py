"""What the tests of the link share: a bed, with an engine behind it that is a few lines long."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.link.bed import INSTANCE, Bed, laid
from vibenv_core import reach as reaching
from vibenv_core.engine import Engine
from vibenv_core.hosts import Host

ANSWERS = {
    "/version": {"ApiVersion": "1.41", "MinAPIVersion": "1.24"},
    "/containers/json": [],
    "/_ping": "OK",
}


SESSION: dict[str, Any] = {
    **json.loads((Path(__file__).parents[1] / "data/docker/inspect-session-28.5.2.json").read_text()),
    "Name": "/vibenv-web",
    "Config": {"Image": "launcher", "Labels": {"vibenv.session": "web"}},
    "Mounts": [],  # none of an older vibenv's: what runs in it does so by the Python of this machine
}


@dataclass(slots=True)
class Web:
    """The session `web`: its programs run here, and what this machine listens on is listened on in it."""

    address: str = "127.0.0.2"
    state: str = "running"
    id: str = "5e55"

    def inspected(self) -> dict[str, Any]:
        """As an engine has it."""
        state = {**SESSION["State"], "Status": self.state}
        networks = {"bridge": {"IPAddress": self.address}}
        return {**SESSION, "Id": self.id, "State": state, "NetworkSettings": {"Networks": networks}}


@dataclass(slots=True)
class Interruption:
    """Something that happens when the small engine has been asked `at`, counted from 0, before it answers."""

    at: int
    act: Callable[[], object]
    asked: int = 0

    def question(self) -> None:
        self.asked += 1
        if self.asked == self.at + 1:
            self.act()


class _Handler(BaseHTTPRequestHandler):
    """Answers what a session's list asks for, and runs the programs of the session `web`."""

    protocol_version = "HTTP/1.1"
    quick = threading.Event()
    """Unless it is set, lists are not given."""
    web: ClassVar[Web | None] = None
    execs: ClassVar[list[dict[str, Any]]] = []
    interruption: ClassVar[Interruption | None] = None

    def do_GET(self) -> None:  # the name that http.server looks for
        self._interrupt()
        path = self.path.partition("?")[0].removeprefix("/v1.41")
        if path == "/containers/json":
            self.quick.wait()
        if path in ANSWERS:
            self._answer(ANSWERS[path])
        elif path == "/events":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            self.connection.recv(1)  # none comes, until whoever listens goes
        elif path.startswith("/exec/"):
            self._answer({"ExitCode": 0})
        elif self.web and path in ("/containers/vibenv-web/json", f"/containers/{self.web.id}/json"):
            self._answer(self.web.inspected())
        else:
            self._answer({"message": f"No such container: {path}"}, 404)

    def do_POST(self) -> None:  # likewise
        self._interrupt()
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "/exec/" in self.path:
            self._run(self.execs[int(self.path.split("/")[-2])])
        elif self.web and self.path.endswith((f"/{self.web.id}/exec", "/vibenv-web/exec")):
            self.execs.append(asked)
            self._answer({"Id": str(len(self.execs) - 1)}, 201)
        else:
            self._answer({"message": f"No such container: {self.path}"}, 404)

    def _interrupt(self) -> None:
        if self.interruption:
            self.interruption.question()

    def _run(self, asked: dict[str, Any]) -> None:
        """Have the connection be the program's standard streams, as an engine does."""
        self.wfile.write(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        self.close_connection = True
        if shutil.which(asked["Cmd"][0]) is None:
            self.wfile.write(b"OCI runtime exec failed: exec: no such file or directory")
            return
        env = os.environ | dict(variable.split("=", 1) for variable in asked.get("Env") or ())
        with subprocess.Popen(
            asked["Cmd"], stdin=self.connection.fileno(), stdout=subprocess.PIPE, env=env
        ) as program:
            assert program.stdout is not None
            with contextlib.suppress(OSError):
                while data := os.read(program.stdout.fileno(), 1 << 16):
                    self.wfile.write(struct.pack(">BxxxI", 1, len(data)) + data)

    def _answer(self, answer: object, status: int = 200) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """The handler wants an address of two parts."""
        return super().get_request()[0], ("nobody", 0)


@contextlib.contextmanager
def small_engine(path: Path) -> Iterator[None]:
    """Something at a socket that answers as an engine without containers does."""
    _Handler.quick.set()
    with _Server(str(path), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links that are not waited for long."""
    monkeypatch.setattr(reaching, "_ANSWER_S", 1.5)


@pytest.fixture
def quick() -> Iterator[threading.Event]:
    """Whether the small engine gives lists; it does until this is cleared."""
    yield _Handler.quick
    _Handler.quick.set()


@pytest.fixture
def web() -> Iterator[Web]:
    """The session `web`, which the small engine has then; None is what it has without."""
    _Handler.web = Web()
    yield _Handler.web
    _Handler.web = None


@pytest.fixture
def interrupted() -> Iterator[Callable[[Interruption | None], None]]:
    """Has the small engine interrupted; for the one test."""

    def interrupted(interruption: Interruption | None) -> None:
        _Handler.interruption = interruption

    yield interrupted
    _Handler.interruption = None


@pytest.fixture
def bed() -> Iterator[Bed]:
    """A bed with a small engine behind it, in a folder with a short name: sockets need one."""
    with (
        tempfile.TemporaryDirectory(prefix="link-") as folder,
        laid(Path(folder, "bed")) as bed,
        small_engine(Path(folder, "engine.sock")),
    ):
        yield bed


@pytest.fixture
def host(bed: Bed) -> Host:
    """The bed's host, as `--host` would name it."""
    url = f"ssh://{INSTANCE}{bed.folder.parent}/engine.sock"
    return Host(name=url, url=url, tls=None)


@pytest.fixture
def reach(bed: Bed, host: Host) -> Callable[..., Engine]:
    """Connects to the bed's engine, as a command does that a new plugin process runs."""

    def reach(reach_s: float = 20) -> Engine:
        return reaching.reach(host, env=bed.env, cancelled=threading.Event(), reach_s=reach_s)

    return reach
