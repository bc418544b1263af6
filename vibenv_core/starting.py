"""A container's start in one round trip: all that it takes is asked before anything is answered.

An engine answers the questions of one connection in turn, each after it has done what the one before asked;
so folders are there before the container starts, and what is told of it is how it is then. Its output comes
on a connection of its own.

Source: RFC 9112, 9.3.2 (pipelining); Engine API v1.41, POST /containers/{id}/attach, PUT …/archive.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from .hosts import Host
from .model import Folder
from .refusals import refusal
from .stream import Stream, ask_upgrade, dial, expect_upgrade

_STAYS = "cannot overwrite"
"""What an engine says of a folder where there is something else of that name."""
_END_OF_TAR = bytes(1024)


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    path: str
    body: bytes = b""


class Starter:
    """Two connections to an engine for the start of one container; close it, or use `with`.

    They are opened when it is made: over a link that takes a round trip, in which to ask something else.
    """

    def __init__(self, endpoint: Host, api_version: str, timeout_s: float) -> None:
        self._prefix = f"/v{api_version}/containers"
        with ExitStack() as opened:
            self._output = opened.enter_context(dial(endpoint, timeout_s))
            self._orders = opened.enter_context(dial(endpoint, timeout_s))
            opened.pop_all()

    def start(
        self, container: str, *, folders: Sequence[Folder] = (), first: bool
    ) -> tuple[Stream, dict[str, Any]]:
        """Start a container: what its first process writes, and the container as it is inspected then.

        With `first`, for a container that never ran, the output is whole. Otherwise it begins with this
        start, and the engine is asked for it a round trip earlier.

        Raises: OSError, ValueError and http.client.HTTPException (no answer, or one that is none),
        VibenvError (the engine said no).
        """
        at = f"{self._prefix}/{container}"
        ask_upgrade(self._output, f"{at}/attach?logs={int(first)}&stream=1&stdout=1&stderr=1", {})
        if not first:
            expect_upgrade(self._output)
        puts = [_put(at, folder) for folder in folders]
        questions = [*puts, _Question("POST", f"{at}/start"), _Question("GET", f"{at}/json")]
        self._orders.sendall(b"".join(map(_encoded, questions)))
        if first:
            expect_upgrade(self._output)
        *made, inspected = _answers(self._orders, questions)
        for status, body in made:
            if status >= 400 and _STAYS not in (said := _said(body)):
                raise refusal(status, said)
        if inspected[0] >= 400:
            raise refusal(inspected[0], _said(inspected[1]))
        return Stream(self._output), json.loads(inspected[1])

    def close(self) -> None:
        """Close both, the output too."""
        self._output.close()
        self._orders.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _put(at: str, folder: Folder) -> _Question:
    entry = tarfile.TarInfo(folder.path.name)
    entry.type, entry.mode = tarfile.DIRTYPE, folder.mode
    path = f"{at}/archive?path={quote(str(folder.path.parent))}&noOverwriteDirNonDir=true"
    return _Question("PUT", path, entry.tobuf() + _END_OF_TAR)


def _encoded(question: _Question) -> bytes:
    head = (
        f"{question.method} {question.path} HTTP/1.1\r\nHost: docker\r\n"
        f"Content-Type: application/x-tar\r\nContent-Length: {len(question.body)}\r\n\r\n"
    )
    return head.encode() + question.body


def _answers(connection: socket.socket, questions: Sequence[_Question]) -> Iterator[tuple[int, bytes]]:
    """The status and the body of each answer."""
    received = _Received(connection)
    for question in questions:
        answer = http.client.HTTPResponse(received, method=question.method)  # type: ignore[arg-type]
        answer.begin()
        yield answer.status, answer.read()


class _Received(io.BufferedReader):
    """A connection that answers are read from one after the other: none of them closes it, or reads ahead."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(socket.SocketIO(connection, "r"))

    def makefile(self, _mode: str) -> Self:
        """What http.client asks a socket for."""
        return self

    def close(self) -> None:
        """Leave it to whoever opened the connection."""


def _said(body: bytes) -> str:
    return str(json.loads(body)["message"])
