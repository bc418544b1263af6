"""Finds the keys that detach in what is typed, however the terminal writes them. Pure: no clock, no I/O.

They are named as Docker names them. Its configuration's `detachKeys` is not looked at: there it says how to
leave `docker attach`, and is often set to what nobody can type so that ctrl-p is left alone.

Source: docker/cli, docs of `docker attach` ("Override the detach sequence"); kitty's keyboard protocol (CSI
code ; modifiers : event u; 57441 to 57454 are the modifiers' own keys), xterm's modifyOtherKeys (CSI 27 ;
modifiers ; code ~). Of the modifiers, less 1, 1 is shift, 4 ctrl, 64 caps lock and 128 num lock.
"""

from __future__ import annotations

import re

from .errors import UsageError

DEFAULT = "ctrl-\\"
_CONTROLS = "@abcdefghijklmnopqrstuvwxyz[\\]^_"
"""The keys that ctrl makes a character of, in the order of these."""
_PLAIN = rb"(?:1|65|129|193)"
_CTRL = rb"(?:5|69|133|197)"
_CTRL_SHIFT = rb"(?:5|6|69|70|133|134|197|198)"
_BETWEEN = rb"(?:\x1b\[[\d:]*;\d*:3[\d:;]*u|\x1b\[574(?:4[1-9]|5[0-4])[\d:;]*u)*"
"""Keys that are let go, and those that only modify others."""
_UNFINISHED = rb"\x1b(?:\[[\d:;]{0,30})?"


class DetachKey:
    """Lets typed bytes through up to the keys that detach, which may be split over any number of reads."""

    def __init__(self, keys: str = DEFAULT) -> None:
        """`keys` is as for Docker's `--detach-keys`: `ctrl-\\`, or several: `ctrl-p,ctrl-q`.

        Raises: UsageError.
        """
        self.keys = keys
        self.held = b""
        """The end of what was typed, kept back as it may be the start of the keys."""
        patterns = [_pattern(key) for key in keys.split(",")]
        self._whole = re.compile(_BETWEEN.join(patterns), re.DOTALL)
        begun = [b"".join(key + _BETWEEN for key in patterns[:count]) for count in range(1, len(patterns))]
        starts = [*(b"%s(?:%s)?" % (some, _UNFINISHED) for some in reversed(begun)), _UNFINISHED]
        self._start = re.compile(rb"(?:%s)\Z" % b"|".join(starts))

    @property
    def begun(self) -> bool:
        """Whether what is held is more than the start of what a terminal writes in one piece."""
        return re.fullmatch(_UNFINISHED, self.held) is None

    def feed(self, typed: bytes) -> tuple[bytes, bool]:
        """What is to be passed on, and whether the keys were found; what was typed after them is dropped."""
        data = self.held + typed
        self.held = b""
        if keys := self._whole.search(data):
            return data[: keys.start()], True
        if start := self._start.search(data):
            self.held = data[start.start() :]
            return data[: start.start()], False
        return data, False

    def release(self) -> tuple[bytes, bool]:
        """As `feed`, of what was held back, when nothing has followed for so long that nothing will."""
        held, self.held = self.held, b""
        if held == b"\x1b" and self.keys == "ctrl-[":
            return b"", True
        return held, False


def _pattern(key: str) -> bytes:
    """What terminals write for a key. Raises: UsageError (no such key)."""
    control = key.removeprefix("ctrl-")
    if len(key) == 1 and key.isascii() and key.isprintable():
        return rb"(?:%s|\x1b\[%d(?:;%s(?::[12])?)?u)" % (re.escape(key.encode()), ord(key), _PLAIN)
    if key == control or len(control) != 1 or control not in _CONTROLS:
        raise UsageError(
            f"`{key}` is no key that detaches",
            code="attach::bad_detach_keys",
            help="a key is one character, or `ctrl-` and a letter or one of @ [ \\ ] ^ _; "
            "several are divided by commas: `--detach-keys ctrl-p,ctrl-q`",
            about="detach_keys",
        )
    code = ord(control)
    plain = re.escape(bytes([_CONTROLS.index(control)]))
    if control == "[":
        plain = rb"\x1b(?![\[O]|\Z)"  # what else a terminal writes begins with it too
    modifiers = _CTRL if control.isalpha() else _CTRL_SHIFT
    kitty = rb"\x1b\[(?:\d+:)?%d(?::\d*)*;%s(?::[12])?(?:;[\d:]*)?u" % (code, modifiers)
    return rb"(?:%s|%s|\x1b\[27;%s;%d~)" % (plain, kitty, modifiers, code)
