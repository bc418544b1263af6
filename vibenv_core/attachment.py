"""The near side of a session's terminal: what is typed and painted, bytes in and bytes out. Pure.

`attach` does the I/O: it feeds an `Attachment` with what it reads and with the time, and writes what has
gathered in `to_session` and `to_screen`.
"""

from __future__ import annotations

import struct

from . import session_process
from .detach_key import DetachKey
from .inside.relay import GREETING
from .terminal_modes import TerminalModes

_KEY_PAUSE_S = 0.02
"""Escape sequences arrive in one piece; after this long, a lone escape is the escape key."""
_REPAINT_PAUSE_S = 0.03, 0.3
"""The least and the most that a program has to paint for the first of two sizes before the second comes."""
_FRAME_HEADER_SIZE = 8
_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2


class Attachment:
    """One terminal attached to one session. Times are seconds of any one clock that never goes back."""

    def __init__(self, rows: int, cols: int) -> None:
        self.to_session = bytearray()
        self.to_screen = bytearray()
        self.detached = False
        """Whether the detach key was typed."""
        self.complaint = b""
        """What the far side of the connection said about itself, outside the terminal."""
        self.reached = False
        """Whether the far side has sent anything for the screen, as it does once it is at the terminal."""
        self._size = rows, cols
        self._painted = False
        self._key = DetachKey()
        self._modes = TerminalModes()
        self._frames = b""
        self._release_at: float | None = None
        self._repaint_after = 0.0
        self._repaint_at: float | None = None

    def resized(self, rows: int, cols: int) -> None:
        """Take note of the terminal's size, and pass it on when it is another."""
        if (rows, cols) == self._size:
            return
        self._size = rows, cols
        if self.reached and self._repaint_at is None:
            self.to_session += session_process.resize(rows, cols)

    def typed(self, data: bytes, now: float) -> None:
        """Pass on what was typed, up to the detach key."""
        passed, self.detached = self._key.feed(data)
        self.to_session += session_process.push(passed)
        if self.detached and self._repaint_at is not None:
            self.to_session += session_process.resize(*self._size)
        self._release_at = now + _KEY_PAUSE_S if self._key.held else None

    def received(self, data: bytes, now: float) -> None:
        """Take what came over the connection: the engine's frames of standard output and standard error.

        Source: Engine API v1.41, POST /containers/{id}/attach, "Stream format".
        """
        self._frames += data
        while len(self._frames) >= _FRAME_HEADER_SIZE:
            kind, length = struct.unpack_from(">BxxxI", self._frames)
            if kind > _STANDARD_ERROR:  # no frame: the engine could not start the far side, and says why
                kind, length = _STANDARD_ERROR, len(self._frames) - _FRAME_HEADER_SIZE
            end = _FRAME_HEADER_SIZE + length
            if len(self._frames) < end:
                return
            content, self._frames = self._frames[_FRAME_HEADER_SIZE:end], self._frames[end:]
            if kind == _STANDARD_OUTPUT and (self.reached or content.startswith(GREETING)):
                self._paint(content, now)
            else:
                self.complaint += content

    def tick(self, now: float) -> None:
        """Do what has come due."""
        if self._release_at is not None and now >= self._release_at:
            self.to_session += session_process.push(self._key.release())
            self._release_at = None
        if self._repaint_at is not None and now >= self._repaint_at:
            self.to_session += session_process.resize(*self._size)
            self._repaint_at = None

    def due(self) -> float | None:
        """When `tick` has something to do next."""
        return min((at for at in (self._release_at, self._repaint_at) if at is not None), default=None)

    def _paint(self, output: bytes, now: float) -> None:
        if not self.reached:
            self._reach(now)
        elif self._repaint_at is not None:
            self._repaint_at = min(self._repaint_at, max(self._repaint_after, now))
        self._modes.feed(output)
        self.to_screen += output

    def _reach(self, now: float) -> None:
        """Ask for the terminal's output, on an empty screen, and for a repaint.

        What the screen showed moves up into the scrollback. Many programs repaint only for a size they do
        not have yet, so they are given one row less, and once they have painted for that, the real size.
        """
        rows, cols = self._size
        self.reached = self._painted = True
        self.to_screen += b"\n" * rows + b"\x1b[H\x1b[J"
        self.to_session += session_process.attach()
        self.to_session += session_process.redraw(rows - 1 if rows > 1 else 2, cols)
        least, most = _REPAINT_PAUSE_S
        self._repaint_after, self._repaint_at = now + least, now + most

    def cut(self) -> None:
        """Begin anew with another connection; what is not sent yet is dropped, the terminal's modes stay."""
        self.to_session.clear()
        self.reached = False
        self.complaint = self._frames = b""
        self._key = DetachKey()
        self._release_at = self._repaint_at = None

    def leave(self) -> None:
        """End with the terminal's modes as they were, and a fresh line for whoever writes next."""
        if not self._painted:
            return
        fresh_line = b"" if self._modes.alternate_screen else b"\r\n"
        self.to_screen += self._modes.restore() + fresh_line + b"\x1b[J"
