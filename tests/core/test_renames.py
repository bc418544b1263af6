"""Connections that are kept by a session's name, while an engine tells of renames."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest

from tests.nu.shell import eventually
from tests.nu.test_all_hosts import certified
from vibenv_core.hosts import Host, Tls
from vibenv_core.kept import IDLE_S
from vibenv_core.renames import KeptByName, Renames, listening
from vibenv_core.stream import Stream

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
USE = ("control", "vibenv-a")


class Engine:
    """What an engine says of events, and whom it said it to."""

    def __init__(self, path: Path) -> None:
        self.host = Host(name="h", url=f"unix://{path}", tls=None)
        self.listeners: list[socket.socket] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()

    def listen(self) -> Renames | None:
        renames = listening(self.host, "1.41")
        if renames is not None:
            self.listeners.append(self._server.accept()[0])
            self.listeners[-1].sendall(HEAD)
        return renames

    def close(self) -> None:
        for each in (self._server, *self.listeners):
            each.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path / "s")
    yield engine
    engine.close()


@pytest.fixture
def kept(engine: Engine) -> Iterator[KeptByName]:
    kept = KeptByName(engine.listen)
    yield kept
    kept.close()


def entered(begun: float | None = None) -> tuple[Stream, socket.socket]:
    near, far = socket.socketpair()
    return Stream(near, begun=begun), far


def test_a_connection_is_kept_while_no_session_is_renamed(engine: Engine, kept: KeptByName) -> None:
    assert kept.take(USE) is None
    stream, far = entered()
    with far:
        kept.give(USE, stream)
        assert kept.take(USE) is stream
        stream.close()
    assert b"GET /v1.41/events?filters=" in engine.listeners[0].recv(1000)
    assert len(engine.listeners) == 1


@pytest.mark.parametrize("said", [b"1\r\n{\r\n", None])
def test_at_a_rename_or_when_nothing_tells_of_any_all_that_is_kept_goes(
    engine: Engine, kept: KeptByName, said: bytes | None
) -> None:
    kept.take(USE)
    stream, far = entered()
    with far:
        kept.give(USE, stream)
        if said is None:
            engine.listeners[0].close()
        else:
            engine.listeners[0].sendall(said)
        assert kept.take(USE) is None
        assert far.recv(1) == b""
    assert len(engine.listeners) == 2


def test_what_was_made_before_a_rename_and_was_in_use_meanwhile_is_not_kept(
    engine: Engine, kept: KeptByName
) -> None:
    kept.take(USE)
    stream, far = entered()
    engine.listeners[0].sendall(b"1\r\n{\r\n")
    kept.take(("another",))
    with far:
        kept.give(USE, stream)
        assert far.recv(1) == b""


def test_what_comes_before_the_engine_has_answered_is_not_kept(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        host = Host(name="h", url=f"unix://{tmp_path}/s", tls=None)
        kept = KeptByName(lambda: listening(host, "1.41"))
        kept.take(USE)
        stream, far = entered()
        with far:
            kept.give(USE, stream)
            assert far.recv(1) == b""
        kept.close()


def test_an_engine_that_does_not_tell_has_nothing_kept(tmp_path: Path) -> None:
    kept = KeptByName(lambda: listening(Host(name="h", url=f"unix://{tmp_path}/no", tls=None), "1.41"))
    assert kept.take(USE) is None
    stream, far = entered(monotonic())
    with far:
        kept.give(USE, stream)
        assert far.recv(1) == b""


def test_when_nothing_is_kept_nothing_is_listened_to(engine: Engine, kept: KeptByName) -> None:
    kept.take(USE)
    stream, far = entered()
    with far:
        kept.give(USE, stream)
        assert kept.expire() == pytest.approx(IDLE_S, abs=1)
        assert kept.take(USE) is stream
        stream.close()
    assert kept.expire() is None
    assert b"GET" in engine.listeners[0].recv(1000)
    assert engine.listeners[0].recv(1000) == b""


def test_over_tls_too_it_is_heard_whether_a_session_is_renamed(tmp_path: Path) -> None:
    context = certified(tmp_path / "tls")
    pem, key = tmp_path / "tls/cert.pem", tmp_path / "tls/key.pem"
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as engine:
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        host = Host(name="h", url=url, tls=Tls(ca=pem, certificate=pem, key=key, verify=True))
        accepted = engine.submit(lambda: context.wrap_socket(server.accept()[0], server_side=True))
        renames = listening(host, "1.41")
        assert renames is not None
        with accepted.result(10) as connection:
            assert not renames.is_over()
            connection.sendall(HEAD)
            eventually(renames.stands, "the engine's answer")
            connection.sendall(b"1\r\n{\r\n")
            eventually(renames.is_over, "a rename")
        renames.close()
