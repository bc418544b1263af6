"""The ends of many logs, asked of an engine that is a socket."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vibenv_core.hosts import Host
from vibenv_core.log_tails import Tails

DEADLINE_S = 5.0
GONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"


def frame(said: bytes, kind: int = 1) -> bytes:
    return struct.pack(">BxxxI", kind, len(said)) + said


def answer(*frames: bytes) -> bytes:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(data), data) for data in frames)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


class FakeEngine:
    """Answers what is asked for each container; a connection that is to break is closed instead."""

    def __init__(self, listener: socket.socket) -> None:
        self.logs: dict[str, bytes] = {}
        self.asked: list[list[str]] = []
        """By connection, in the order they were made."""
        self.connections: list[socket.socket] = []
        self._listener = listener
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            self.asked.append([])
            threading.Thread(target=self._serve, args=(connection, self.asked[-1]), daemon=True).start()

    def _serve(self, connection: socket.socket, asked: list[str]) -> None:
        with contextlib.suppress(OSError):  # it was closed
            self._answer(connection, asked)

    def _answer(self, connection: socket.socket, asked: list[str]) -> None:
        received = b""
        while data := connection.recv(65536):
            received += data
            while b"\r\n\r\n" in received:
                head, _, received = received.partition(b"\r\n\r\n")
                found = re.match(rb"GET /v1.41/containers/(\w+)/logs\?stdout=1&tail=1 ", head)
                assert found
                asked.append(found[1].decode())
                connection.sendall(self.logs.get(asked[-1], GONE))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "engine.sock"))
        listener.listen()
        fake = FakeEngine(listener)
        yield fake
        listener.shutdown(socket.SHUT_RDWR)
    for connection in fake.connections:
        connection.close()


@pytest.fixture
def lines(engine: FakeEngine, tmp_path: Path) -> Callable[..., dict[str, bytes]]:
    """The last lines of containers, asked for as a list of sessions does."""
    host = Host(name="h", url=f"unix://{tmp_path / 'engine.sock'}", tls=None)
    tails = Tails(host, "1.41", DEADLINE_S)

    def ask(*containers: str) -> dict[str, bytes]:
        with tails.ask_again() as asked:
            return tails.last_lines(containers, asked)

    return ask


Lines = Callable[..., dict[str, bytes]]


def test_each_container_has_its_last_line(engine: FakeEngine, lines: Lines) -> None:
    engine.logs = {
        "a": answer(frame(b"READY\n{1}\n")),
        "b": answer(frame(b"{2"), frame(b"}\n")),
        "c": answer(),
    }
    assert lines("a", "b", "c") == {"a": b"{1}", "b": b"{2}"}
    assert engine.asked == [["a", "b", "c"]]


def test_one_that_is_gone_says_nothing_and_the_others_do(engine: FakeEngine, lines: Lines) -> None:
    engine.logs = {"b": answer(frame(b"x\n", kind=2), frame(b"{2}\n"))}
    assert lines("a", "b") == {"b": b"{2}"}


def test_what_was_asked_for_last_is_asked_again_at_once_and_then_only_what_is_new(
    engine: FakeEngine, lines: Lines
) -> None:
    engine.logs = {name: answer(frame(f"{name}1\n".encode())) for name in "abc"}
    lines("a", "b")
    engine.logs["b"] = answer(frame(b"b2\n"))
    assert lines("b", "c") == {"b": b"b2", "c": b"c1"}
    assert engine.asked == [["a", "b", "a", "b", "c"]]


def test_a_connection_that_was_lost_is_made_anew(engine: FakeEngine, lines: Lines) -> None:
    engine.logs = {"a": answer(frame(b"{1}\n"))}
    lines("a")
    engine.connections[0].shutdown(socket.SHUT_RDWR)
    assert lines("a") == {"a": b"{1}"}
    assert engine.asked == [["a"], ["a"]]


def test_an_engine_that_gives_up_in_the_middle_is_an_error(engine: FakeEngine, lines: Lines) -> None:
    engine.logs = {"a": answer(frame(b"{1}\n")), "b": b"no answer\r\n\r\n"}
    with pytest.raises(ValueError, match="begins no answer"):
        lines("a", "b")
    engine.logs["b"] = answer(frame(b"{2}\n"))
    assert lines("a", "b") == {"a": b"{1}", "b": b"{2}"}


def test_of_very_many_all_are_answered(engine: FakeEngine, lines: Lines) -> None:
    names = [f"c{number}" for number in range(600)]
    engine.logs = {name: answer(frame(f"{name}\n".encode() * 40)) for name in names}
    assert lines(*names) == {name: name.encode() for name in names}
