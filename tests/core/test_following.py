"""Answers without end, of an engine that is a socket of the test's own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from vibenv_core.following import Following
from vibenv_core.hosts import Host

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
DEADLINE_S = 5


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(DEADLINE_S)
        server.bind(str(tmp_path / "s"))
        server.listen()
        yield server


@pytest.fixture
def following(engine: socket.socket) -> Iterator[Following]:
    with Following(Host(name="h", url=f"unix://{engine.getsockname()}", tls=None), "1.41", 5.0) as following:
        yield following


def opened(engine: socket.socket, following: Following, key: str) -> socket.socket:
    following.open(key, f"/{key}")
    connection, _ = engine.accept()
    connection.settimeout(DEADLINE_S)
    assert connection.recv(1000).startswith(b"GET /v1.41/%b " % key.encode())
    connection.sendall(HEAD)
    return connection


def test_each_answer_comes_under_its_key_until_it_ends(engine: socket.socket, following: Following) -> None:
    with opened(engine, following, "a") as a, opened(engine, following, "b"):
        a.sendall(b"one")
        assert list(following.wait(DEADLINE_S)) == [("a", b"one")]
    ended = [*following.wait(DEADLINE_S), *following.wait(0)]
    assert sorted(ended) == [("a", b""), ("b", b"")]
    assert following.opened() == set()


def test_one_that_says_much_does_not_keep_the_others_waiting(
    engine: socket.socket, following: Following
) -> None:
    with opened(engine, following, "much") as much, opened(engine, following, "b") as b:
        much.sendall(bytes(150_000))
        b.sendall(b"heard")
        assert sorted(key for key, _ in following.wait(DEADLINE_S)) == ["b", "much"]


def test_what_is_no_answer_is_its_end(engine: socket.socket, following: Following) -> None:
    following.open("a", "/a")
    with engine.accept()[0] as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert list(following.wait(DEADLINE_S)) == [("a", b"")]
