"""An engine with one session, `far`, a supervisor without a container, where execs are plain processes."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import socketserver
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.nu.shell import ROOT
from tests.terminal.session import Session
from vibenv_core.supervisor import TOOLS

NAME = "far"
_INSPECTED = ROOT / "tests" / "data" / "docker" / "inspect-session-28.5.2.json"
_RELAY = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
from vibenv_core.supervisor.relay import relay
sys.exit(relay(*sys.argv[1:]))
"""


@dataclass(slots=True)
class ExecEngine:
    """What it has been asked to run, and whether its session runs."""

    session: Session
    execs: list[list[str]] = field(default_factory=list)
    variables: list[list[str]] = field(default_factory=list)
    """What each of them was given, as engines have it: NAME=VALUE."""
    refusal: bytes = b""
    """What it says instead of running anything: as engines do, as if the program had written it."""
    exit_codes: dict[str, int | None] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Whether the session does."""
        return self.session.process.poll() is None

    def inspected(self) -> dict[str, object]:
        """The session's container, as an engine describes it."""
        found: dict[str, object] = json.loads(_INSPECTED.read_text())
        code = self.session.process.returncode
        state = {"Status": "running" if self.runs else "exited", "ExitCode": code or 0}
        return {
            **found,
            "Name": f"/vibenv-{NAME}",
            "Mounts": [{"Destination": TOOLS, "Name": "vibenv.tools-0123456789ab", "Source": ""}],
            "State": {**found["State"], **state},  # type: ignore[dict-item]
        }

    def argv(self, number: int) -> list[str]:
        """What stands in for the command line of an exec: the relay, told of the session's own socket."""
        *_, hello = argv = self.execs[number]
        assert "relay" in argv, argv
        requests = [value.partition("=")[2] for value in self.variables[number]]
        return [sys.executable, "-IS", "-c", _RELAY, str(self.session.control_socket), hello, *requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rbufsize = 0
    engine: ExecEngine

    def do_GET(self) -> None:  # the name that http.server looks for
        match self._path():
            case ["version"]:
                self._answer(200, {"ApiVersion": "1.41", "MinAPIVersion": "1.24"})
            case ["events"]:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                self.connection.recv(1)  # none comes, until whoever listens goes
            case ["_ping"]:
                self._answer(200, "OK")
            case ["containers", _, "json"]:
                self._answer(200, self.engine.inspected())
            case ["exec", number, "json"]:
                self._answer(200, {"ExitCode": self.engine.exit_codes.get(number)})
            case _:
                self._answer(404, {"message": "page not found"})

    def do_POST(self) -> None:  # the name that http.server looks for
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        match self._path():
            case ["containers", name, "exec"]:
                if self.engine.runs:
                    self.engine.variables.append(body.get("Env") or [])
                    self.engine.execs.append(body["Cmd"])
                    self._answer(201, {"Id": str(len(self.engine.execs) - 1)})
                else:
                    self._answer(409, {"message": f"Container {name} is not running"})
            case ["exec", number, "start"]:
                self._run(number)
            case _:
                self._answer(404, {"message": "page not found"})

    def _path(self) -> list[str]:
        return self.path.partition("?")[0].removeprefix("/v1.41").strip("/").split("/")

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _run(self, number: str) -> None:
        """Run an exec, joined to the connection as an engine does it: either way has a thread of its own."""
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        if said := self.engine.refusal:
            self.connection.sendall(struct.pack(">BxxxI", 1, len(said)) + said)
            return
        with subprocess.Popen(
            self.engine.argv(int(number)),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            typing = threading.Thread(target=_type, args=(self.connection, process))
            typing.start()
            with contextlib.suppress(OSError):
                _show(process, self.connection)
            self.engine.exit_codes[number] = process.wait()
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            typing.join()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _type(connection: socket.socket, process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with process.stdin, contextlib.suppress(OSError):
        while data := connection.recv(1 << 16):
            process.stdin.write(data)


def _show(process: subprocess.Popen[bytes], connection: socket.socket) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    streams = {process.stdout: 1, process.stderr: 2}
    while streams:
        for stream in select.select(list(streams), [], [])[0]:
            if data := stream.read(1 << 15):
                connection.sendall(struct.pack(">BxxxI", streams[stream], len(data)) + data)
            else:
                del streams[stream]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that was cut is what these tests are about."""


@contextlib.contextmanager
def serving(session: Session) -> Iterator[tuple[ExecEngine, str]]:
    """Such an engine for a session, and its address (HOST:PORT)."""
    engine = ExecEngine(session)
    handler = type("Handler", (_Handler,), {"engine": engine, "disable_nagle_algorithm": True})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield engine, f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
