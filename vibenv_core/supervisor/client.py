"""What one client is owed next: output, the screen painted anew, a part of the screen, or a word. Pure.

Nothing is queued for a client: it is at a position of the output, and is given what comes after that when it
has room. One that is too far behind is painted the screen as it is by then. One whose terminal has another
size than the session's gets a view of it.

Whoever holds the connection calls `pull` when it can send; what that gives has to be sent before it is called
again. Times are of a monotonic clock, in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .frames import LARGEST, OUTPUT_WINDOW, Kind

if TYPE_CHECKING:
    from .display import Display
    from .screen import View

_PIECE = 1 << 16
"""Bytes given at once to a client that has no window of its own."""
_LATE_S = 0.05
"""So long a client may have less than there is, before that counts as stale."""
_FRAME_S = 1 / 30
"""Between two paintings for the same client."""
_LITTLE = OUTPUT_WINDOW // 4
"""Output between two paintings that is no flood any more; less room than that is not worth a frame."""
_FRESH = OUTPUT_WINDOW * 3 // 4
"""A client is painted the screen when it has no more than this before it: so what it sees then is fresh."""

RESET = (
    b"\x1b[!p\x1b[?7h\x1b[r\x1b[m\x1b(B\x0f\x1b>\x1b[<99u\x1b[=0u\x1b[>4m\x1b[0 q"
    b"\x1b[?1;9;66;1000;1002;1003;1004;1005;1006;1007;1015;1016;2004;2031;2048l"
)
"""Sets right what a program may have changed, but for the screen that is shown."""
MAIN_SCREEN = b"\x1b[?1049l"
_BEGIN, _END = b"\x1b[?2026h\x1b[?25l", b"\x1b[?2026l"


class Client:
    """A client and what its terminal shows; the base of those that speak dtach's way and in frames."""

    kind: str

    def __init__(self, name: str, display: Display) -> None:
        self.name = name
        """What its typing is accounted to."""
        self.author = ""
        """Who it is, as it says itself; empty if it does not."""
        self.person = True
        """Whether somebody sits at its terminal."""
        self.rows = self.cols = 0
        """Its terminal's size; 0 when it is not known."""
        self.watching = False
        self.over = False
        """Whether it is to be closed: replaced, or nothing is left to be said."""
        self._display = display
        self._shows = False
        self._painted = False
        self._at = 0
        self._view: View | None = None
        self._seen = -1
        self._paint_at = 0.0
        self._late_since: float | None = None
        self._flooded = False
        self._history = 0

    def repaint(self) -> None:
        """Have the whole screen painted for it, at the next opportunity."""
        self._painted = False
        self._view = None

    def resized(self, rows: int, cols: int) -> None:
        """Its terminal has this size now, and shows nothing that can be counted on."""
        self.rows, self.cols = rows, cols
        self.repaint()

    def pull(self, now: float) -> bytes:
        """What is to be sent to it next; empty when there is nothing, or no room."""
        if word := self._word():
            return word
        display = self._display
        piece = b""
        if self._shows:
            self._look(now)
            if not self._painted:
                piece = self._paint() if self._may_paint(now) else b""
            elif self._view:
                piece = self._changes() if self._seen != display.version and self._may_paint(now) else b""
            elif self._at < display.end and not self._flooded:
                piece = self._output(now)
        if not piece and display.exit_code is not None and not self.over and self._has_all():
            self.over = True
            piece = self._last_word(display.exit_code)
        return piece

    def due(self, now: float) -> float | None:
        """When to pull next though nothing has happened; None when there is no such time."""
        waits = self._shows and not self._has_all() and self._outstanding() <= _FRESH
        return self._paint_at if waits and self._paint_at > now else None

    def notice(self, text: str) -> None:
        """Tell its user something, if it can be told without disturbing what it shows."""

    def _word(self) -> bytes:
        return b""

    def _last_word(self, exit_code: int) -> bytes:
        raise NotImplementedError

    def _outstanding(self) -> int:
        return 0

    def _room(self) -> int:
        return _PIECE

    def _wrap(self, kind: Kind, position: int, data: bytes) -> bytes:
        raise NotImplementedError

    def _look(self, now: float) -> None:
        """See whether there is more output than it takes: then it is painted the screen again and again
        instead, until what comes between two paintings is little."""
        if not self._painted or self._view:
            return
        behind = self._at < self._display.start
        late = self._late_since is not None and now - self._late_since > _LATE_S
        if behind or late:
            self._flooded = True
            self._painted = False
        elif self._flooded and now >= self._paint_at:
            self._flooded = self._display.end - self._at > _LITTLE
            self._painted = not self._flooded

    def _may_paint(self, now: float) -> bool:
        if now < self._paint_at or self._outstanding() > _FRESH:
            return False
        self._paint_at = now + _FRAME_S
        return True

    def _has_all(self) -> bool:
        if not self._shows:
            return True
        shown = self._seen == self._display.version if self._view else self._at == self._display.end
        return self._painted and shown

    def _output(self, now: float) -> bytes:
        room = self._room()
        left = self._display.end - self._at
        if room < min(left, _LITTLE):
            self._late_since = self._late_since or now
            return b""
        data = self._display.output(self._at, room)
        piece = self._wrap(Kind.OUTPUT, self._at, data)
        self._at += len(data)
        if self._at == self._display.end:
            self._late_since = None
        return piece

    def _paint(self) -> bytes:
        display = self._display
        self._painted, self._late_since = True, None
        self._at, self._seen = display.end, display.version
        if self.rows and (self.rows, self.cols) != (display.rows, display.cols):
            return self._paint_view()
        painting = display.screen.repaint(history=self._history)
        self._history = 0
        return self._wrap(Kind.REPAINT, display.end, painting[: LARGEST - 8])

    def _paint_view(self) -> bytes:
        self._view = self._display.screen.view(self.rows, self.cols)
        rows = b"".join(map(_row, range(len(self._view.rows)), self._view.rows))
        whole = (MAIN_SCREEN, RESET, _BEGIN, b"\x1b[2J", rows, self._view.modes, _cursor(self._view), _END)
        return self._wrap(Kind.VIEW, self._display.end, b"".join(whole))

    def _changes(self) -> bytes:
        old = self._view
        new = self._view = self._display.screen.view(self.rows, self.cols)
        self._seen = self._display.version
        if not old or old.modes != new.modes or len(old.rows) != len(new.rows):
            return self._paint_view()
        rows = [_row(number, row) for number, row in enumerate(new.rows) if row != old.rows[number]]
        if not rows and old.cursor == new.cursor:
            return b""
        return self._wrap(Kind.VIEW, self._display.end, b"".join((_BEGIN, *rows, _cursor(new), _END)))


def _row(number: int, row: bytes) -> bytes:
    return b"\x1b[%d;1H%b" % (number + 1, row)


def _cursor(view: View) -> bytes:
    return b"\x1b[%d;%dH\x1b[?25h" % (view.cursor[0] + 1, view.cursor[1] + 1) if view.cursor else b""
