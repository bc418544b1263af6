"""What a client is owed that speaks dtach's way: the terminal's output as it is. Pure."""

from __future__ import annotations

from .client import MAIN_SCREEN, RESET, Client
from .frames import Kind

_SETTLED_S = 0.2
"""`docker exec -it` starts its command on a window of no size, and sets that right a little later."""


class DtachClient(Client):
    """A client that gets the terminal's output as it is; its connection's buffer is its window."""

    kind = "dtach"

    def attach(self, now: float) -> None:
        """From now on it gets output, painted first: once its size is known, or does not come."""
        self._shows = True
        self.repaint()
        self._paint_at = now if self.rows else now + _SETTLED_S

    def detach(self) -> None:
        """It gets no more output."""
        self._shows = False

    def resized(self, rows: int, cols: int) -> None:
        """As for each client; its first painting waited for this."""
        if rows and not self.rows:
            self._paint_at = 0.0
        super().resized(rows or self.rows, cols or self.cols)

    def _wrap(self, kind: Kind, position: int, data: bytes) -> bytes:
        return data

    def _last_word(self, exit_code: int) -> bytes:
        if not self._shows:
            return b""
        return (MAIN_SCREEN if self._display.screen.alternate else b"") + RESET + b"\x1b[?25h"
