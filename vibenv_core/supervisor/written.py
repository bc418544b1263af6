"""What a program wrote, as text to look for something in: without escape sequences. Pure.

What moves the cursor to another line, or to a line's beginning, is a line end here; what moves it to the
right, blanks. So text that is written piece by piece is not run together.

Source: ECMA-48 (control sequences and strings), xterm's control sequences.
"""

from __future__ import annotations

import codecs
import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SEQUENCE = re.compile(
    r"""
    (?P<begun> (?: \r+ | \x1b (?: \[ [0-?]* [ -/]* | [\]PX^_] [^\x07\x18\x1a\x1b]* \x1b? | [ -/]* )? ) \Z )
  | \x1b\[ (?P<numbers> [0-?]* ) [ -/]* (?P<final> [@-~] )
  | \x1b[\]PX^_] [^\x07\x18\x1a\x1b]* (?: \x07 | \x1b\\ | [\x18\x1a] | (?=\x1b) )
  | \x1b [ -/]* (?P<escape> [0-~] )
  | (?P<line> \r+\n? | [\x0b\x0c] )
  | [\x00-\x08\x0e-\x1f\x7f-\x9f]
    """,
    re.VERBOSE,
)
_TO_ANOTHER_LINE = frozenset("ABEFHJLMSTdf")
_TO_THE_RIGHT = frozenset("CGa`")
_WIDEST = 1000
_LONGEST = 4096
"""Characters of an unfinished sequence that are kept: of what is longer, its beginning alone."""


class Written:
    """Takes output as it comes, cut anywhere."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""

    def feed(self, output: bytes) -> str:
        """The text in it; a sequence or character that has begun comes with its end."""
        text = self._begun + self._decode.decode(output)
        self._begun = ""
        text = text.replace("\r\n", "\n")
        return _SEQUENCE.sub(self._instead, text) if _CONTROL.search(text) else text

    def copy(self) -> Written:
        """Another one that has taken the same."""
        other = Written()
        other._decode.setstate(self._decode.getstate())
        other._begun = self._begun
        return other

    def length(self, output: bytes, characters: int) -> int:
        """How many bytes of output, which is not taken, it needs for so many characters of text."""
        low, high = 0, len(output)
        while low < high:
            middle = (low + high) // 2
            if len(self.copy().feed(output[:middle])) < characters:
                low = middle + 1
            else:
                high = middle
        return low

    def _instead(self, found: re.Match[str]) -> str:
        if begun := found["begun"]:
            self._begun = begun if len(begun) <= _LONGEST else begun[:2]
            return ""
        if found["line"] or found["escape"] in ("D", "E", "M") or found["final"] in _TO_ANOTHER_LINE:
            return "\n"
        if found["final"] in _TO_THE_RIGHT:
            columns = found["numbers"] if found["final"] in "Ca" else ""
            return " " * (min(int(columns), _WIDEST) if columns.isdecimal() and len(columns) < 9 else 1)
        return ""
