"""An engine's answers without end, many in one thread: events, and what follows logs and statistics."""

from __future__ import annotations

import selectors
from collections.abc import Iterator
from typing import Self

from .hosts import Host
from .http_answers import Answers
from .stream import Stream, get

_OK = 200


class Following:
    """Each answer has a connection of its own, and is known by a key. Close it, or use `with`."""

    def __init__(self, endpoint: Host, api_version: str, timeout_s: float) -> None:
        self._endpoint = endpoint
        self._prefix = f"/v{api_version}"
        self._timeout_s = timeout_s
        self._selector = selectors.DefaultSelector()
        self._opened: dict[str, Stream] = {}

    def open(self, key: str, path: str) -> None:
        """GET `path`, and wait for nothing but the connection. Raises: OSError."""
        stream = self._opened[key] = get(self._endpoint, f"{self._prefix}{path}", self._timeout_s)
        self._selector.register(stream, selectors.EVENT_READ, (key, Answers()))

    def opened(self) -> set[str]:
        """The keys of the answers that have not ended."""
        return set(self._opened)

    def wait(self, timeout_s: float) -> Iterator[tuple[str, bytes]]:
        """What comes within that time, as soon as something does: keys with bytes, in turn; none at the end
        of that answer, which has no connection then. Of one that says much no more than of the others.
        """
        for ready, _ in self._selector.select(timeout_s):
            key, answers = ready.data
            received = self._opened[key].recv()
            if received is None:
                continue
            try:
                pieces = list(answers.feed(received))
            except ValueError:  # it is no answer
                received, pieces = b"", []
            if data := b"".join(piece.data for piece in pieces if piece.status == _OK):
                yield key, data
            if not received or any(piece.ended for piece in pieces):
                self.drop(key)
                yield key, b""

    def drop(self, key: str) -> None:
        """Want no more of one, if there is still any."""
        stream = self._opened.pop(key, None)
        if stream is not None:
            self._selector.unregister(stream)
            stream.close()

    def close(self) -> None:
        """Want no more of any."""
        for key in [*self._opened]:
            self.drop(key)
        self._selector.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
