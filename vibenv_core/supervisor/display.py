"""What the session's terminal shows, and the last of what came to it; the same for all clients. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .queries import Queries
    from .screen import Screen

KEPT = 1 << 18
"""Bytes of output that are kept at least: so far a client can be behind or away, and still get all."""
_LARGEST_SIZE = (500, 1000)
"""Rows and columns: no client can have the supervisor keep a larger screen than this in memory."""


class Display:
    """The emulated screen, and of the output that made it what it is the part that clients can have."""

    def __init__(self, screen: Screen, queries: Queries, rows: int, cols: int) -> None:
        self.screen = screen
        self.rows = rows
        self.cols = cols
        self.end = 0
        """The position after the last output."""
        self.resized_at = 0
        """The position at which the terminal last got another size: what came before was for the old one."""
        self.version = 0
        """Another number each time that it may show something else."""
        self.exit_code: int | None = None
        """Set once the program has ended and all of its output is here."""
        self._queries = queries
        self._kept = bytearray()

    @property
    def start(self) -> int:
        """The position of the oldest output that is kept."""
        return self.end - len(self._kept)

    def feed(self, output: bytes) -> bytes:
        """Show output; gives the terminal's answers to queries in it."""
        shown, passed = self._queries.feed(output)
        answers = self.screen.feed(shown)
        self._kept += passed
        if len(self._kept) > 2 * KEPT:
            del self._kept[:-KEPT]
        self.end += len(passed)
        self.version += 1
        return answers

    def output(self, position: int, most: int) -> bytes:
        """Output from a position on, that must be between `start` and `end`."""
        at = position - self.start
        with memoryview(self._kept) as kept:
            return bytes(kept[at : at + most])

    def resize(self, rows: int, cols: int) -> bytes:
        """Give the terminal another size; gives what the program has asked to be told of that."""
        self.rows, self.cols = rows, cols
        self.resized_at = self.end
        self.version += 1
        return self.screen.resize(rows, cols)


def bounded(rows: int, cols: int) -> tuple[int, int]:
    """A client's size as far as it is taken; 0, 0 unless both are known."""
    if not (rows and cols):
        return 0, 0
    return min(rows, _LARGEST_SIZE[0]), min(cols, _LARGEST_SIZE[1])
