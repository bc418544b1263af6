"""Finds ctrl-\\ in what is typed, however the terminal writes it. Pure: no clock, no I/O.

Source: kitty's keyboard protocol (CSI code ; modifiers : event u), xterm's modifyOtherKeys (CSI 27 ;
modifiers ; code ~); 92 is the backslash, ctrl is 5, and 69, 133 or 197 with caps lock, num lock or both.
"""

from __future__ import annotations

import re

_CTRL = rb"(?:5|69|133|197)"
_KEY = re.compile(
    rb"\x1c|\x1b\[92(?::\d*)*;" + _CTRL + rb"(?::[12])?(?:;[\d:]*)?u|\x1b\[27;" + _CTRL + rb";92~"
)
_START = re.compile(rb"\x1b(?:\[(?:9|92[\d:;]{0,24}|2|27[\d:;]{0,24})?)?\Z")


class DetachKey:
    """Lets typed bytes through up to the detach key, which may be split over any number of reads."""

    def __init__(self) -> None:
        self.held = b""
        """The end of what was typed, kept back as it may be the start of the key."""

    def feed(self, typed: bytes) -> tuple[bytes, bool]:
        """What is to be passed on, and whether the key was found; what was typed after it is dropped."""
        data = self.held + typed
        self.held = b""
        if key := _KEY.search(data):
            return data[: key.start()], True
        if start := _START.search(data):
            self.held = data[start.start() :]
            return data[: start.start()], False
        return data, False

    def release(self) -> bytes:
        """What was held back, when nothing has followed it for so long that it is a key of its own."""
        held, self.held = self.held, b""
        return held
