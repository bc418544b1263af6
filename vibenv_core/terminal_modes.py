"""Knows what of a terminal a program has changed, and how to put it right. Pure.

Source: ECMA-48 (CSI, SM, RM); xterm's control sequences (DECSET, DECSCUSR, DECSTBM, modifyOtherKeys, the
stack of titles, OSC); kitty's keyboard protocol, whose stack each of the two screens has for itself; the
hyperlinks of OSC 8, and ConEmu's progress, OSC 9;4.
"""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    rb"\x1b(?:\[(?P<prefix>[?>=<]?)(?P<numbers>[\d;:]*)(?P<final> ?[@-~])|\](?P<command>\d{1,3};4?)"
    rb"|(?P<single>[=>c]))"
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[?>=<]?[\d;:]{0,40} ?|\](?:\d{0,3}|9;))?\Z")
_ON_BY_DEFAULT = frozenset({b"12", b"?7", b"?8", b"?25", b"?1007", b"?1035", b"?1036"})
"""Among them: lines wrap, keys repeat, the cursor is seen."""
_ALTERNATE_SCREEN = frozenset({b"?47", b"?1047", b"?1049"})
_LONGEST_MODE = 4
"""Digits; so that no output makes the account grow without end."""
_MOST_TITLES = 10
"""As many as terminals keep."""
_FRESH = b"\x1b(B\x1b)B\x0f\x1b[m"
"""The usual characters, without attributes."""
_UNDO_COMMAND = {
    b"4;": b"104",
    b"4;4": b"104",
    **{b"%d;" % number: b"%d" % (number + 100) for number in (10, 11, 12, 17, 19)},
    b"8;": b"8;;",
    b"9;4": b"9;4;0",
    b"22;": b"22;",
}
"""Colours, a hyperlink that was begun, progress, the pointer's shape: by what is set with each."""


class TerminalModes:
    """Reads a terminal's output and keeps account of what is not as it was."""

    def __init__(self) -> None:
        self._unfinished = b""
        self._forget()

    def _forget(self) -> None:
        self._changed: set[bytes] = set()
        self._undo: dict[bytes, bytes] = {}
        self._keyboards = {False: 0, True: 0}
        self._titles = 0

    @property
    def alternate_screen(self) -> bool:
        """Whether the terminal shows its alternate screen."""
        return bool(self._changed & _ALTERNATE_SCREEN)

    def feed(self, output: bytes) -> None:
        """Take note of `output`, which may end amid a sequence."""
        data = self._unfinished + output
        for found in _SEQUENCE.finditer(data):
            if found["single"]:
                self._single(found["single"])
            elif found["command"]:
                self._command(found["command"])
            else:
                self._control(found["prefix"], found["numbers"], found["final"])
        unfinished = _UNFINISHED.search(data)
        self._unfinished = data[unfinished.start() :] if unfinished else b""

    def restore(self) -> bytes:
        """What puts the terminal right, leaving the alternate screen last; then nothing counts as changed."""
        other = sorted(self._changed - _ALTERNATE_SCREEN)
        parts = [_set(mode, mode in _ON_BY_DEFAULT) for mode in other]
        parts += [self._undo[key] for key in sorted(self._undo)]
        parts.append(self._pop_keyboards())
        if self.alternate_screen:
            parts += [_set(mode, on=False) for mode in sorted(self._changed & _ALTERNATE_SCREEN)]
            self._changed -= _ALTERNATE_SCREEN
            parts.append(self._pop_keyboards())
        parts.append(b"\x1b[23;0t" * self._titles)
        self._forget()
        return b"".join([*parts, _FRESH])

    def _single(self, final: bytes) -> None:
        match final:
            case b"=":
                self._undo[b"keypad"] = b"\x1b>"
            case b">":
                self._undo.pop(b"keypad", None)
            case _:
                titles = self._titles
                self._forget()
                self._titles = titles

    def _command(self, command: bytes) -> None:
        if undo := _UNDO_COMMAND.get(command):
            self._undo[command] = b"\x1b]" + undo + b"\x1b\\"

    def _control(self, prefix: bytes, numbers: bytes, final: bytes) -> None:
        match prefix, final:
            case ((b"" | b"?"), (b"h" | b"l")):
                for number in numbers.split(b";"):
                    if number.isdigit() and len(number) <= _LONGEST_MODE:
                        self._mode(prefix + number, on=final == b"h")
            case b">", b"u":
                self._keyboards[self.alternate_screen] += 1
            case b"<", b"u":
                self._keyboards[self.alternate_screen] -= int(numbers) if numbers.isdigit() else 1
            case b"=", b"u":
                self._undo[b"keyboard"] = b"\x1b[=0u"
            case b">", b"m" if numbers.startswith(b"4"):
                self._undo[b"other keys"] = b"\x1b[>4m"
            case b"", b" q":
                self._undo[b"cursor"] = b"\x1b[0 q"
            case b"", b"r":
                self._undo[b"region"] = b"\x1b7\x1b[r\x1b8"
            case b"", b"t":
                pushed = {b"22": 1, b"23": -1}.get(numbers.partition(b";")[0], 0)
                self._titles = min(max(0, self._titles + pushed), _MOST_TITLES)
            case _:
                pass

    def _mode(self, mode: bytes, *, on: bool) -> None:
        if on == (mode in _ON_BY_DEFAULT):
            self._changed.discard(mode)
        else:
            self._changed.add(mode)

    def _pop_keyboards(self) -> bytes:
        pushed = self._keyboards[self.alternate_screen]
        return b"\x1b[<%du" % pushed if pushed > 0 else b""


def _set(mode: bytes, on: bool) -> bytes:
    return b"\x1b[" + mode + (b"h" if on else b"l")
