"""A byte stream to a program that an engine runs in a container; no more of HTTP than that takes.

docker-py cannot do this: it reads the start of the program's output into a buffer and loses it there.

Source: Engine API v1.41, POST /exec/{id}/start, and on hijacking POST /containers/{id}/attach.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from .errors import EngineError
from .hosts import Host, Tls

_HTTP_PORT, _HTTPS_PORT = 2375, 2376


class Stream:
    """The near end of a program's standard streams: non-blocking, for one thread; close it, or use `with`.

    What is received is in the engine's frames of standard output and standard error, as it comes.
    """

    def __init__(
        self,
        connection: socket.socket,
        exit_code: Callable[[], int | None] = lambda: None,
        begun: float | None = None,
    ) -> None:
        connection.setblocking(False)
        self._connection = connection
        self.begun = monotonic() if begun is None else begun
        """By the monotonic clock, before the engine was asked for it."""
        self.exit_code = exit_code
        """Asks the engine, of a program run by an exec; None while it runs."""

    def fileno(self) -> int:
        """For select; once that says readable, call `recv` until it gives None."""
        return self._connection.fileno()

    def recv(self) -> bytes | None:
        """What came; b"" when the stream has ended, None when there is nothing now."""
        try:
            return self._connection.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except OSError:
            return b""

    def send(self, data: bytes | bytearray) -> int:
        """How many bytes were taken: 0 when none can be sent now, and when the stream has ended."""
        try:
            return self._connection.send(data)
        except OSError:
            return 0

    def close(self) -> None:
        """End the program's standard input; what it still writes is lost."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def dial(host: Host, timeout_s: float | None) -> socket.socket:
    """A connection to the engine of `host`, where no wait is longer than `timeout_s`. Raises: OSError."""
    url = urlsplit(host.url)
    if url.scheme == "unix":
        local = socket.socket(socket.AF_UNIX)
        local.settimeout(timeout_s)
        try:
            local.connect(url.path)
        except OSError:
            local.close()
            raise
        return local
    port = url.port or (_HTTPS_PORT if host.tls else _HTTP_PORT)
    plain = socket.create_connection((url.hostname, port), timeout=timeout_s)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _trust(host.tls).wrap_socket(plain, server_hostname=url.hostname) if host.tls else plain


def get(host: Host, path: str, timeout_s: float) -> Stream:
    """What the engine answers to a GET of `path`; waits for nothing but the connection. Raises: OSError."""
    connection = dial(host, timeout_s)
    try:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: docker\r\n\r\n".encode())
    except BaseException:
        connection.close()
        raise
    return Stream(connection)


def upgrade(connection: socket.socket, path: str, body: object) -> None:
    """POST `body` as JSON to `path`; when this returns, the connection is a plain byte stream.

    When it raises, the connection is closed. Raises: OSError (it was lost), EngineError (the engine said no).
    """
    try:
        ask_upgrade(connection, path, body)
        expect_upgrade(connection)
    except BaseException:
        connection.close()
        raise


def ask_upgrade(connection: socket.socket, path: str, body: object) -> None:
    """The first half of `upgrade`, which waits for nothing. Raises: OSError."""
    payload = json.dumps(body).encode()
    request = (
        f"POST {path} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(payload)}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    )
    connection.sendall(request.encode() + payload)


def expect_upgrade(connection: socket.socket) -> None:
    """The second half: reads the reply's status line and headers, and not a byte more: what follows is the
    program's. Raises: OSError, EngineError.
    """
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            raise ConnectionResetError("the engine closed the connection before it answered")
        head += byte
    if head.split(b" ", 2)[1] not in (b"101", b"200"):
        said = connection.recv(4096).decode(errors="replace").strip()
        raise EngineError(f"the engine refused a stream: {said}", code="engine::refused")


def _trust(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=_text(tls.ca))
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
