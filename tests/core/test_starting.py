"""A container's start, asked of an engine that is a socket: what is asked when, and what the answers mean."""

import io
import json
import re
import socket
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from vibenv_core.errors import EngineError, NotFound, VibenvError
from vibenv_core.hosts import Host
from vibenv_core.model import Folder
from vibenv_core.starting import Starter

DEADLINE_S = 5
UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
DONE = b"HTTP/1.1 204 No Content\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
INSPECTED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"Id":\r\n4\r\n"c"}\r\n0\r\n\r\n'
_HEAD = re.compile(rb"(.*?)\r\n.*?Content-Length: (\d+).*?\r\n\r\n", re.DOTALL)
LOG = Folder(PurePosixPath("/var/log/vibenv/session"), 0o1777)


def refused(status: int, said: str) -> bytes:
    body = json.dumps({"message": said}).encode()
    return b"HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


class FakeEngine:
    """The far end of a starter's connections: one for output, one for orders."""

    def __init__(self, listener: socket.socket) -> None:
        self.output, self.orders = (listener.accept()[0] for _ in range(2))
        for connection in (self.output, self.orders):
            connection.settimeout(DEADLINE_S)

    def questions(self, connection: socket.socket, count: int) -> list[tuple[str, bytes]]:
        """The request lines and bodies of the next `count` requests."""
        received, found = b"", list[tuple[str, bytes]]()
        while len(found) < count:
            received += connection.recv(65536)
            while head := _HEAD.match(received):
                end = head.end() + int(head[2])
                if len(received) < end:
                    break
                found.append((head[1].decode(), received[head.end() : end]))
                received = received[end:]
        assert not received
        return found


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "engine.sock"))
        listener.listen()
        yield listener


@pytest.fixture
def far(listener: socket.socket) -> Iterator[Callable[..., tuple[FakeEngine, Any]]]:
    """Starts the container `c`: the engine that is asked to, and what comes of it."""
    with ThreadPoolExecutor(1) as pool:
        ends: list[Starter | socket.socket] = []

        def begin(**how: Any) -> tuple[FakeEngine, Any]:
            host = Host(name="h", url=f"unix://{listener.getsockname()}", tls=None)
            starter = Starter(host, "1.41", DEADLINE_S)
            engine = FakeEngine(listener)
            ends.extend((starter, engine.output, engine.orders))
            return engine, pool.submit(lambda: starter.start("c", **{"first": True, **how}))

        yield begin
        for end in ends:
            end.close()


def test_all_is_asked_before_anything_is_answered(far: Callable[..., tuple[FakeEngine, Any]]) -> None:
    engine, started = far(folders=[LOG])
    (attached,) = engine.questions(engine.output, 1)
    put, start, look = engine.questions(engine.orders, 3)
    assert attached[0].startswith("POST /v1.41/containers/c/attach?logs=1&stream=1")
    assert put[0].startswith("PUT /v1.41/containers/c/archive?path=/var/log/vibenv&")
    assert start[0] == "POST /v1.41/containers/c/start HTTP/1.1"
    assert look[0] == "GET /v1.41/containers/c/json HTTP/1.1"
    engine.output.sendall(UPGRADED + b"READY")
    engine.orders.sendall(OK + DONE + INSPECTED)
    output, found = started.result(DEADLINE_S)
    assert found == {"Id": "c"}
    assert output.recv() == b"READY"


def test_a_folder_travels_as_an_archive_with_its_mode(far: Callable[..., tuple[FakeEngine, Any]]) -> None:
    engine, started = far(folders=[LOG])
    (_, body), *_ = engine.questions(engine.orders, 3)
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        (folder,) = archive.getmembers()
    assert (folder.name, folder.isdir(), folder.mode) == ("session", True, 0o1777)
    engine.output.sendall(UPGRADED)
    engine.orders.sendall(OK + DONE + INSPECTED)
    started.result(DEADLINE_S)


def test_one_that_ran_before_is_listened_to_before_it_is_started(
    far: Callable[..., tuple[FakeEngine, Any]],
) -> None:
    engine, started = far(first=False)
    ((attached, _),) = engine.questions(engine.output, 1)
    assert "logs=0" in attached
    engine.orders.settimeout(0.1)
    with pytest.raises(TimeoutError):
        engine.questions(engine.orders, 1)
    engine.orders.settimeout(DEADLINE_S)
    engine.output.sendall(UPGRADED)
    engine.questions(engine.orders, 2)
    engine.orders.sendall(DONE + INSPECTED)
    assert started.result(DEADLINE_S)[1] == {"Id": "c"}


@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        (OK + refused(400, "exec: no such file") + INSPECTED, EngineError, "no such file"),
        (refused(500, "no space left on device") + DONE + INSPECTED, EngineError, "is full"),
        (
            OK + refused(404, "No such container: c") + refused(404, "No such container: c"),
            NotFound,
            "no container",
        ),
    ],
)
def test_what_the_engine_refuses_is_told(
    far: Callable[..., tuple[FakeEngine, Any]], answers: bytes, kind: type[VibenvError], said: str
) -> None:
    engine, started = far(folders=[LOG])
    engine.output.sendall(UPGRADED)
    engine.orders.sendall(answers)
    with pytest.raises(kind, match=said):
        started.result(DEADLINE_S)


def test_a_link_in_place_of_a_folder_stays(far: Callable[..., tuple[FakeEngine, Any]]) -> None:
    engine, started = far(folders=[Folder(PurePosixPath("/tmp"), 0o1777)])
    ((asked, _), *_) = engine.questions(engine.orders, 3)
    assert "path=/&noOverwriteDirNonDir=true" in asked
    engine.output.sendall(UPGRADED)
    engine.orders.sendall(refused(400, "cannot overwrite non-directory with directory") + DONE + INSPECTED)
    assert started.result(DEADLINE_S)[1] == {"Id": "c"}


def test_an_engine_that_breaks_off_is_a_lost_connection(far: Callable[..., tuple[FakeEngine, Any]]) -> None:
    engine, started = far()
    engine.questions(engine.orders, 2)
    engine.output.sendall(UPGRADED)
    engine.orders.sendall(DONE)
    engine.orders.close()
    with pytest.raises(ConnectionError):
        started.result(DEADLINE_S)


def test_no_connection_is_left_open_where_the_second_cannot_be_made(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(name="h", url=f"unix://{listener.getsockname()}", tls=None)
    accepted = list[socket.socket]()

    def dialled(_host: Host, _timeout_s: float) -> socket.socket:
        if accepted:
            raise ConnectionRefusedError
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(listener.getsockname())
        accepted.append(listener.accept()[0])
        return connection

    monkeypatch.setattr("vibenv_core.starting.dial", dialled)
    with pytest.raises(ConnectionRefusedError):
        Starter(host, "1.41", DEADLINE_S)
    accepted[0].settimeout(DEADLINE_S)
    assert accepted[0].recv(1) == b""
    accepted[0].close()
