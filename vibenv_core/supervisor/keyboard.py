"""What clients type, on its way to the program: in order, each byte once, nothing lost. Pure.

A program that does not read leaves it waiting here. How much may wait is for the connections to keep: they
are not read from while `is_full`.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from .frames import INPUT_WINDOW

_MOST = 16 * INPUT_WINDOW
"""Bytes that may wait in all before no client is read from, however little of that it typed itself."""
_CLIENTS = 1024
"""How many clients' positions are remembered; beyond, the longest silent of them are forgotten."""
_PIECE = 4096


class _Waiting(NamedTuple):
    client: str
    data: memoryview
    withdrawable: bool = False


class Keyboard:
    """Bytes waiting for the program, and how far each numbered client is."""

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._taken: dict[str, int] = {}
        self._written: dict[str, int] = {}

    def position(self, client: str) -> int:
        """Up to where the program has what a client typed."""
        return self._written.get(client, 0)

    def taken(self, client: str) -> int:
        """Up to where it is here what a client typed."""
        return self._taken.get(client, 0)

    def is_full(self, client: str) -> bool:
        """Whether a client has to wait until the program has read more."""
        own = self._taken.get(client, 0) - self._written.get(client, 0)
        return own >= INPUT_WINDOW or self._size >= _MOST

    def take(self, client: str, position: int, data: bytes, *, withdrawable: bool = False) -> bytes:
        """Queue what a client typed at a position of its own; what was taken before is skipped.

        Gives what was new. A gap means that the client gave up what is missing. What is `withdrawable` may be
        taken back by `withdraw`, as long as there is nothing else that may.
        """
        taken = self._taken.pop(client, None)
        if taken is None or position > taken:
            waiting = 0 if taken is None else taken - self._written[client]
            self._written[client], taken = position - waiting, position
        new = data[taken - position :]
        self._taken[client] = taken + len(new)
        self._queue(client, new, withdrawable=withdrawable)
        self._forget()
        return new

    def push(self, client: str, data: bytes) -> None:
        """Queue what a client typed that does not number it."""
        self.take(client, self._taken.get(client, 0), data)

    def withdraw(self, rest: bytes) -> None:
        """Take back what may be, as far as the program has it not, and queue `rest` in its place."""
        waiting, self._waiting = self._waiting, deque()
        for piece in waiting:
            if not piece.withdrawable:
                self._waiting.append(piece)
                continue
            self._size -= len(piece.data)
            self._taken[piece.client] -= len(piece.data) - len(rest)
            self._queue(piece.client, rest)
            rest = b""

    def answer(self, data: bytes) -> None:
        """Queue the terminal's answer to a query; left out where answers pile up that nobody reads."""
        if self._size < _MOST:
            self._queue("", data)

    def next(self) -> memoryview | None:
        """What the program should be given next; None when nothing waits."""
        return self._waiting[0].data[:_PIECE] if self._waiting else None

    def wrote(self, count: int) -> None:
        """The program's terminal has taken that many bytes of `next`."""
        first = self._waiting.popleft()
        self._size -= count
        if first.client in self._written:
            self._written[first.client] += count
        if count < len(first.data):
            self._waiting.appendleft(first._replace(data=first.data[count:]))

    def _queue(self, client: str, data: bytes, *, withdrawable: bool = False) -> None:
        if data:
            self._waiting.append(_Waiting(client, memoryview(data), withdrawable))
            self._size += len(data)

    def _forget(self) -> None:
        if len(self._taken) > _CLIENTS:
            oldest = next(iter(self._taken))
            taken = self._taken.pop(oldest)
            if taken == self._written[oldest]:
                del self._written[oldest]
            else:
                self._taken[oldest] = taken
