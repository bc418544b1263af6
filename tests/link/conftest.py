"""What the tests of the link share: a bed, with an engine behind it that is a few lines long."""

import contextlib
import json
import socket
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.link.bed import INSTANCE, Bed, laid
from vibenv_core import reach as reaching
from vibenv_core import reconnect
from vibenv_core.engine import Engine
from vibenv_core.hosts import Host

ANSWERS = {
    "/version": {"ApiVersion": "1.41", "MinAPIVersion": "1.24"},
    "/containers/json": [],
    "/_ping": "OK",
}


class _Handler(BaseHTTPRequestHandler):
    """Answers what a session's list asks for."""

    protocol_version = "HTTP/1.1"
    quick = threading.Event()
    """Unless it is set, lists are not given."""

    def do_GET(self) -> None:  # the name that http.server looks for
        path = self.path.partition("?")[0].removeprefix("/v1.41")
        if path == "/containers/json":
            self.quick.wait()
        body = json.dumps(ANSWERS[path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

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
    """Links that are looked at often, and not waited for."""
    monkeypatch.setattr(reconnect, "_LOOK_S", 0.5)
    monkeypatch.setattr(reaching, "_ANSWER_S", 1.5)


@pytest.fixture
def quick() -> Iterator[threading.Event]:
    """Whether the small engine gives lists; it does until this is cleared."""
    yield _Handler.quick
    _Handler.quick.set()


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
