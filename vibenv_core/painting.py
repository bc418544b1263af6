"""The terminal on which a session is shown: what is on its way there, and what it shows by now. Pure."""

from __future__ import annotations

from .terminal_modes import TerminalModes

_END_OF_STRING = b"\x1b\\"
"""Ends what a sequence has begun, whichever; elsewhere it means nothing."""
_SAVE_TITLE = b"\x1b[22;0t"


class Painting:
    """What a session paints, and a line over it that says how things are.

    While the line is there, the session's output is not painted but passed over; only a repaint of all takes
    the line away, and it leaves no trace.
    """

    def __init__(self) -> None:
        self.to_screen = bytearray()
        self.at: int | None = None
        """The position in the output up to which all is shown or on its way; None: it has to be painted."""
        self.line = ""
        """What covers the last row; nothing when empty."""
        self._came = 0
        self._begun = False
        self._modes = TerminalModes()

    def begin(self, rows: int) -> None:
        """Make room, once: what the screen showed moves up into the scrollback."""
        if not self._begun:
            self._begun = True
            self.to_screen += _SAVE_TITLE + b"\n" * rows + b"\x1b[H\x1b[J"

    def connected(self) -> None:
        """Count what comes from nothing again."""
        self._came = 0

    def output(self, position: int, data: bytes) -> None:
        """Paint what the program wrote at a position."""
        self._came += len(data)
        if self.line:
            self.at = None
        else:
            self.to_screen += data
            self.at = position + len(data)

    def repaint(self, position: int, data: bytes) -> None:
        """Paint all as it was at a position; takes the line away."""
        self.view(data)
        self.at = position

    def view(self, data: bytes) -> None:
        """Paint a part of a screen of another size; takes the line away, too."""
        self._came += len(data)
        self.to_screen += _END_OF_STRING + data
        self.at, self.line = None, ""

    def pass_over(self, data: bytes) -> None:
        """Do not paint what came."""
        self._came += len(data)
        self.at = None

    def cover(self, text: str, rows: int, cols: int) -> None:
        """Have the last row say `text`; the cursor stays where it is."""
        text = "".join(char if char.isprintable() else " " for char in text)[: cols - 1]
        if not self._begun or text == self.line:
            return
        self.line, self.at = text, None
        self.to_screen += b"\x1b7\x1b[?6l\x1b(B\x0f\x1b[%d;1H" % rows
        self.to_screen += b"\x1b[0;7m" + text.encode() + b"\x1b[m\x1b[K\x1b8"

    def report(self, pairs: str) -> None:
        """Let the terminal know what a program reports of itself (OSC 7501)."""
        self.to_screen += b"\x1b]7501;%b\x1b\\" % pairs.encode()

    def painted(self, count: int) -> None:
        """Take note that the terminal has taken so many bytes of `to_screen`, and remove them."""
        self._modes.feed(bytes(self.to_screen[:count]))
        del self.to_screen[:count]

    @property
    def taken(self) -> int:
        """How many bytes that came by this connection the terminal has; at times some less."""
        return max(0, self._came - len(self.to_screen))

    def leave(self) -> None:
        """End with the terminal's modes as they were, and a fresh line for whoever writes next.

        What is still on its way is dropped, so that this does not have to wait for it.
        """
        self.to_screen.clear()
        if self._begun:
            fresh_line = b"" if self._modes.alternate_screen else b"\r\n"
            self.to_screen += _END_OF_STRING + self._modes.restore() + fresh_line + b"\x1b[J"
