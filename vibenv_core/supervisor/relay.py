"""Joins standard input and output to a session's control socket; what `vibenv attach` runs in the container.

It says HELLO for the client, and behind it the requests that it was given; then it copies both ways, whatever
the bytes are: neither way ever waits for the other. It ends with status 0 when the terminal does, and with
CLIENT_GONE when the client went away: however it went, that closes standard input.
"""

from __future__ import annotations

import _socket  # `socket`, which wraps it, takes as long to import as Python takes to start
import os
import select
import sys
import time

CLIENT_GONE = 3
NO_SESSION = 1
_HELLO, _REQUEST = 1, 5
_CHUNK = 1 << 16
_READY_WITHIN_S = 2.0
"""A session that is just starting has no socket yet, or one that nobody listens on."""


def relay(path: str, hello: str, requests: str = "") -> int:
    """Say `hello` (JSON) and `requests` (a line of JSON each) on the socket, and copy until one side ends."""
    try:
        session = _connected(path)
    except OSError as error:
        sys.stderr.write(f"{path}: {error.strerror}\n")
        return NO_SESSION
    first = _frame(_HELLO, hello) + b"".join(_frame(_REQUEST, request) for request in requests.splitlines())
    return _copy(session.fileno(), first)


def _frame(kind: int, said: str) -> bytes:
    payload = said.encode()
    return bytes([kind]) + len(payload).to_bytes(4, "big") + payload


def _connected(path: str) -> _socket.socket:
    deadline = time.monotonic() + _READY_WITHIN_S
    while True:
        session = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            session.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            session.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return session


def _copy(session: int, first: bytes) -> int:
    for descriptor in (0, 1, session):
        os.set_blocking(descriptor, False)
    to_session, to_client = memoryview(first), memoryview(b"")
    while True:
        ready = dict(_waiting(session, to_session=bool(to_session), to_client=bool(to_client)).poll())
        if session in ready:
            try:
                to_session = _written(session, to_session)
            except OSError:
                to_session = memoryview(b"")  # it has gone; what it said before is still to be read
            try:
                received = None if to_client else _read(session)
            except OSError:
                return 0  # it has gone, without having read what was typed last
            if received == b"":
                return 0
            to_client = to_client or memoryview(received or b"")
        try:
            if 0 in ready and not to_session and (typed := _read(0)) is not None:
                if not typed:
                    return CLIENT_GONE
                to_session = memoryview(typed)
            if to_client or ready.get(1, 0) & select.POLLERR:
                to_client = _written(1, to_client)
        except OSError:
            return CLIENT_GONE
        if ready.get(1, 0) & select.POLLERR:
            return CLIENT_GONE


def _waiting(session: int, *, to_session: bool, to_client: bool) -> select.poll:
    """Waits for what can be done now; what cannot is left out, as its end would be told again and again."""
    poll = select.poll()
    poll.register(1, select.POLLOUT if to_client else 0)  # that nobody reads it any more is told in any case
    if not to_session:
        poll.register(0, select.POLLIN)
    if events := (select.POLLOUT if to_session else 0) | (0 if to_client else select.POLLIN):
        poll.register(session, events)
    return poll


def _read(descriptor: int) -> bytes | None:
    """What has come: nothing at its end, None if nothing has."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None


def _written(descriptor: int, data: memoryview) -> memoryview:
    """What of `data` is left to be written."""
    try:
        return data[os.write(descriptor, data) :] if data else data
    except BlockingIOError:
        return data
