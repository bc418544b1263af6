"""The last line of each of many containers' logs: a round trip for all, on a connection that is kept.

An engine answers the questions of one connection in turn; all are asked before anything is answered.

Source: RFC 9112, 9.3.2 (pipelining); Engine API v1.41, GET /containers/{id}/logs.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Sequence
from time import monotonic
from typing import Self

from .hosts import Host
from .http_answers import Answers
from .kept import Kept
from .multiplexed import Multiplexed
from .stream import dial

_OK = 200
_AT_ONCE = 256
"""As many questions fit what a connection holds while nobody reads: all are sent before an answer is read."""


class Tails:
    """Asks one engine, from several threads at once. `answer_s` is how long it may be silent."""

    def __init__(self, endpoint: Host, api_version: str, answer_s: float) -> None:
        self._endpoint = endpoint
        self._prefix = f"/v{api_version}/containers"
        self._answer_s = answer_s
        self._kept: Kept[None, _Connection] = Kept()
        weakref.finalize(self, self._kept.close)
        self._known: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def ask_again(self) -> Asked:
        """Ask for those that were asked for last, on a connection that there is; waits for nothing."""
        with self._lock:
            known = self._known[:_AT_ONCE]
        asked = Asked(monotonic())
        if known and (connection := self._kept.take(None)) is not None:
            with contextlib.suppress(OSError):  # then they are asked for when they are looked at
                connection.ask(self._paths(known))
                asked.containers, asked.connection = known, connection
        return asked

    def last_lines(self, containers: Sequence[str], asked: Asked) -> dict[str, bytes]:
        """The last line on standard output of each container, as far as there is one; `asked` is used up.

        Raises: OSError and ValueError (no answer, or one that is none).
        """
        found = self._answers(asked)
        new = [container for container in containers if container not in found]
        for at in range(0, len(new), _AT_ONCE):
            found |= self._asked(new[at : at + _AT_ONCE])
        with self._lock:
            self._known = tuple(containers)
        return {container: line for container in containers if (line := found[container])}

    def _answers(self, asked: Asked) -> dict[str, bytes]:
        """What was answered to `asked`; nothing where that cannot be had any more."""
        connection, asked.connection = asked.connection, None
        if connection is None:
            return {}
        if monotonic() - asked.at > self._answer_s:  # the way to the engine was made anew meanwhile
            connection.close()
            return {}
        with contextlib.suppress(OSError, ValueError):
            return self._received(connection, asked.containers)
        return {}

    def _asked(self, containers: Sequence[str]) -> dict[str, bytes]:
        if (kept := self._kept.take(None)) is not None:
            with contextlib.suppress(OSError, ValueError):  # it may lead nowhere by now
                kept.ask(self._paths(containers))
                return self._received(kept, containers)
        connection = _Connection(self._endpoint, self._answer_s)
        connection.ask(self._paths(containers))
        return self._received(connection, containers)

    def _received(self, connection: _Connection, containers: Sequence[str]) -> dict[str, bytes]:
        lines = connection.lines(len(containers))
        self._kept.give(None, connection)
        return dict(zip(containers, lines, strict=True))

    def _paths(self, containers: Sequence[str]) -> list[str]:
        return [f"{self._prefix}/{container}/logs?stdout=1&tail=1" for container in containers]


class Asked:
    """Questions under way, for `Tails.last_lines`; close them, or use `with`."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.containers: Sequence[str] = ()
        self.connection: _Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.connection is not None:
            self.connection.close()


class _Connection:
    """One that questions are asked on; when that fails, it is closed."""

    def __init__(self, endpoint: Host, answer_s: float) -> None:
        self._socket = dial(endpoint, answer_s)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def ask(self, paths: Sequence[str]) -> None:
        questions = "".join(f"GET {path} HTTP/1.1\r\nHost: docker\r\n\r\n" for path in paths)
        try:
            self._socket.sendall(questions.encode())
        except BaseException:
            self.close()
            raise

    def lines(self, count: int) -> list[bytes]:
        """The last line that each of the next answers has, nothing for one that is a refusal."""
        try:
            return self._lines(count)
        except BaseException:
            self.close()
            raise

    def _lines(self, count: int) -> list[bytes]:
        answers, lines = Answers(), list[bytes]()
        output, said = Multiplexed(), b""
        while len(lines) < count:
            received = self._socket.recv(1 << 16)
            if not received:
                raise ConnectionResetError("the engine closed the connection before it answered")
            for piece in answers.feed(received):
                if piece.status == _OK:
                    said += output.feed(piece.data)
                if piece.ended:
                    lines.append(said.rstrip(b"\n").rpartition(b"\n")[2])
                    output, said = Multiplexed(), b""
        return lines
