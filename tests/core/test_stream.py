"""The stream to a program in a container, against an engine that is a socket of the test's own."""

import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vibenv_core.errors import EngineError
from vibenv_core.hosts import Host
from vibenv_core.stream import Stream, dial, upgrade

DEADLINE_S = 5


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(DEADLINE_S)
        server.bind(str(tmp_path / "engine.sock"))
        server.listen()
        yield server


def answered(listener: socket.socket, reply: bytes) -> tuple[socket.socket, bytes, Stream]:
    """The engine's end of a stream that it opened with `reply`, what it was sent, and our end."""
    held: list[tuple[socket.socket, bytes]] = []

    def serve() -> None:
        connection, _ = listener.accept()
        request = connection.recv(65536)
        connection.sendall(reply)
        held.append((connection, request))

    engine = threading.Thread(target=serve)
    engine.start()
    host = Host(name="h", url=f"unix://{listener.getsockname()}", tls=None)
    try:
        ours = dial(host, DEADLINE_S)
        upgrade(ours, "/exec/1/start", {"Tty": False})
    except EngineError:
        engine.join()
        held[0][0].close()
        raise
    engine.join()
    return *held[0], Stream(ours, exit_code=lambda: 7)


def received(stream: Stream, count: int) -> bytes:
    data = b""
    while len(data) < count and select.select([stream], [], [], DEADLINE_S)[0]:
        data += stream.recv() or b""
    return data


@pytest.mark.parametrize("status", [b"101 UPGRADED", b"200 OK"])
def test_what_comes_with_the_answer_is_not_lost(listener: socket.socket, status: bytes) -> None:
    head = b"HTTP/1.1 " + status + b"\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    engine, request, stream = answered(listener, head + b"first\r\n\r\nbytes")
    with engine, stream:
        assert received(stream, 14) == b"first\r\n\r\nbytes"
        assert request.startswith(b"POST /exec/1/start HTTP/1.1\r\n")
        assert request.endswith(b'\r\n\r\n{"Tty": false}')
        assert b"Upgrade: tcp" in request


def test_bytes_go_both_ways_until_either_ends(listener: socket.socket) -> None:
    engine, _, stream = answered(listener, b"HTTP/1.1 101 UPGRADED\r\n\r\n")
    with engine, stream:
        assert stream.recv() is None, "nothing was written yet"
        assert stream.send(b"ping") == 4
        assert engine.recv(10) == b"ping"
        engine.sendall(b"pong")
        assert received(stream, 4) == b"pong"
        engine.close()
        assert select.select([stream], [], [], DEADLINE_S)[0]
        assert stream.recv() == b""
        assert stream.send(b"more") == 0
        assert stream.exit_code() == 7


def test_a_program_that_does_not_read_holds_up_nobody(listener: socket.socket) -> None:
    engine, _, stream = answered(listener, b"HTTP/1.1 101 UPGRADED\r\n\r\n")
    with engine, stream:
        while stream.send(b"x" * 65536):
            pass
        assert stream.send(b"x") == 0


def test_a_refusal_is_told_in_the_engines_words(listener: socket.socket) -> None:
    with pytest.raises(EngineError) as raised:
        answered(listener, b'HTTP/1.1 409 Conflict\r\n\r\n{"message":"it is paused"}')
    assert "it is paused" in raised.value.message


def test_an_engine_that_breaks_off_is_a_lost_connection(listener: socket.socket) -> None:
    host = Host(name="h", url=f"unix://{listener.getsockname()}", tls=None)
    engine = threading.Thread(target=lambda: listener.accept()[0].close())
    engine.start()
    with pytest.raises(OSError, match=r"closed|reset|Broken"):
        upgrade(dial(host, DEADLINE_S), "/", {})
    engine.join()
