"""A connection never blocks, and what goes wrong with it costs that client alone."""

import select
import socket
from collections.abc import Iterator

import pytest

from tests.supervisor.together import hub
from vibenv_core.supervisor import frames
from vibenv_core.supervisor.connection import Connection
from vibenv_core.supervisor.display import KEPT
from vibenv_core.supervisor.frames import Hello, Kind
from vibenv_core.supervisor.hub import Hub
from vibenv_core.supervisor.talk import DtachTalk, FramesTalk

ATTACH = b"\x01" + bytes(9)
Pair = tuple[Connection, socket.socket]


@pytest.fixture
def session() -> Hub:
    return hub()


@pytest.fixture
def dtach(session: Hub) -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    connection = Connection(ours, DtachTalk(session))
    with theirs:
        yield connection, theirs
    connection.close()


def test_a_client_that_does_not_read_is_waited_for_by_nobody(session: Hub, dtach: Pair) -> None:
    connection, theirs = dtach
    theirs.send(ATTACH)
    connection.receive(0.0)
    connection.send(1.0)
    session.output(bytes(KEPT), 1.0)
    connection.send(1.0)
    assert connection.wanted & select.EPOLLOUT
    assert not connection.broken
    session.output(b"!", 1.0)
    theirs.setblocking(False)
    got = 0
    while got < KEPT:
        got += len(theirs.recv(1 << 20))
        connection.send(1.0)
    assert not connection.wanted & select.EPOLLOUT


def test_a_client_that_goes_breaks_its_connection(dtach: Pair) -> None:
    connection, theirs = dtach
    theirs.close()
    connection.receive(0.0)
    assert connection.broken


def test_garbage_breaks_its_connection() -> None:
    ours, theirs = socket.socketpair()
    connection = Connection(ours, FramesTalk(hub()))
    with theirs:
        theirs.send(b"GET / HTTP/1.1\r\n\r\n")
        connection.receive(0.0)
        assert connection.broken
    connection.close()


def test_an_error_that_nobody_foresaw_costs_one_client_and_is_told(
    session: Hub, dtach: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> bytes:
        raise RuntimeError("no painting today")

    monkeypatch.setattr(session.display.screen, "repaint", fails)
    connection, theirs = dtach
    theirs.send(ATTACH)
    connection.receive(0.0)
    connection.send(1.0)
    assert connection.broken
    assert "no painting today" in capsys.readouterr().err


def test_who_is_full_is_not_waited_for_until_the_program_has_read(session: Hub) -> None:
    ours, theirs = socket.socketpair()
    connection = Connection(ours, FramesTalk(session))
    with theirs:
        theirs.send(frames.said(Kind.HELLO, Hello(client="me")._asdict()))
        theirs.send(frames.positioned(Kind.INPUT, 0, bytes(frames.INPUT_WINDOW)))
        while not session.keyboard.is_full("me"):
            connection.receive(0.0)
        assert not connection.wanted & select.EPOLLIN
        session.keyboard.wrote(len(session.keyboard.next() or b""))
        assert connection.wanted & select.EPOLLIN
    connection.close()
