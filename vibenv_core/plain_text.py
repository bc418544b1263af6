"""What a terminal showed, as lines of plain text: what scrolled off its screen, as it was then. Pure.

So what was overwritten is there once, as it was last: a progress bar at its end, a command line as it was
entered. A line that was too long for the terminal is one again. Of the alternate screen, where programs paint
that take the whole terminal, nothing is there.

Source: ECMA-48; xterm, "Control Sequences".
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, east_asian_width

_MOST_ROWS, _MOST_COLS = 500, 2000
"""A recording may say that its terminal is larger."""
_LONGEST_SEQUENCE = 4096
_LONGEST_CELL = 32
"""Characters that are put on top of one another."""
_TAB = 8

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
    r"|\x1b\[(?P<private>[<=>?]?)(?P<numbers>[0-9;:]*)[ -/]*(?P<csi>[@-~])"
    r"|(?P<string>\x1b[\]PX^_])"
    r"|\x1b(?P<escape>[ -/]*[0-OQ-WYZ\\`-~])"
)
_NARROW = (
    r"\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f"
    r"\u2010-\u2027\u2030-\u203f\u2190-\u22ff\u2500-\u25fc"
)
"""Characters of one cell each, of those that are usual."""
_BEGUN = re.compile(r"\x1b(?:\[[<=>?]?[0-9;:]*[ -/]*|[ -/]*)")
_COLOURS = re.compile(r"\x1b\[[0-9;:]*+m")
_USUAL_LINES = re.compile(rf"(?:(?:[{_NARROW}]++|{_COLOURS.pattern})*+\r\n)++")
_USUAL = re.compile(rf"[{_NARROW}]*")
_END_OF_STRING = re.compile(r"[\x07\x18\x1a]|(?=\x1b)")
_ALTERNATE = {"47", "1047", "1049"}


class _Line:
    """A row of the screen."""

    __slots__ = ("_cells", "_text", "said", "wrapped")

    def __init__(self, text: str = "") -> None:
        """Of text whose characters take a cell each."""
        self._text = text
        self._cells: list[str] | None = None
        """In the place of the text, once they are asked for."""
        self.wrapped = False
        """Whether the next one goes on with it."""
        self.said: str | None = None
        """What was given of it already."""

    @property
    def cells(self) -> list[str]:
        """A string for each cell, empty for the second one of a wide character; may be changed."""
        if self._cells is None:
            self._cells = [*self._text]
        return self._cells

    @property
    def text(self) -> str:
        """What is in them."""
        return self._text if self._cells is None else "".join(self._cells)


class PlainText:
    """Takes what a program writes, in pieces of any size."""

    def __init__(self, rows: int, cols: int, *, at_once: bool = False) -> None:
        """With `at_once` a line is given when the next one begins; again, if it is overwritten later."""
        self._at_once = at_once
        self._lines: list[_Line] = []
        self._row = self._col = 0
        self._saved = (0, 0)
        self._alternate = self._in_string = False
        self._rest = ""
        self._given: list[str] = []
        self._rows, self._cols = 1, 1
        self.resize(rows, cols)

    def resize(self, rows: int, cols: int) -> None:
        """The terminal has this size from here on; what does not fit any more is given with what comes."""
        self._rows = min(max(rows, 1), _MOST_ROWS)
        self._cols = min(max(cols, 1), _MOST_COLS)
        self._top, self._bottom = 0, self._rows - 1
        while self._row >= self._rows:
            if self._lines:
                self._give(self._lines.pop(0))
            self._row -= 1
        del self._lines[self._rows :]
        self._col = min(self._col, self._cols)

    def feed(self, text: str) -> str:
        """The lines that will not change any more, each with its end; or that are complete for now."""
        text, at = self._rest + text, 0
        self._rest = ""
        while at < len(text):
            if self._in_string:
                found = _END_OF_STRING.search(text, at)
                if found is None:
                    break
                self._in_string, at = False, found.end()
                continue
            if not self._col and (end := self._usual_lines(text, at)):
                at = end
                continue
            token = _TOKEN.match(text, at)
            if token is None:
                if len(text) - at < _LONGEST_SEQUENCE and _is_begun(text, at):
                    self._rest = text[at:]
                    break
                at += 1
                continue
            at = token.end()
            self._take(token)
        given, self._given = "".join(self._given), []
        return given

    def _usual_lines(self, text: str, at: int) -> int:
        """Take whole lines that nothing is to be said of, as most are, all that follow; where they end."""
        if self._alternate or self._line().text or (found := _USUAL_LINES.match(text, at)) is None:
            return 0
        plain = found[0]
        if "\x1b" in plain:
            plain = _COLOURS.sub("", plain)
        lines = plain.split("\r\n")[:-1]
        if self._row != self._bottom or self._is_partly_still() or len(max(lines, key=len)) > self._cols:
            for line in lines:
                self._write(line)
                self._control("\r")
                self._control("\n")
        else:
            self._scroll_through(lines)
        return found.end()

    def _is_partly_still(self) -> bool:
        """Whether there is more to scrolling than that lines go off the screen."""
        return self._at_once or self._top > 0 or self._bottom < self._rows - 1

    def _scroll_through(self, lines: list[str]) -> None:
        """Have these go over the screen, in the last row of which the cursor is."""
        shown = [*self._lines[:-1], *map(_Line, lines[-self._bottom :] if self._bottom else [])]
        gone = len(shown) - self._bottom
        for line in shown[: min(gone, len(self._lines) - 1)]:
            self._give(line)
        if len(lines) > self._bottom:
            self._given += [f"{line.rstrip(' ')}\n" for line in lines[: len(lines) - self._bottom]]
        self._lines = [*shown[gone:], _Line()]

    def end(self) -> str:
        """What is left on the screen."""
        self._clear()
        self._row = self._col = 0
        given, self._given = "".join(self._given), []
        return given

    def _take(self, token: re.Match[str]) -> None:
        kind = token.lastgroup
        if kind == "string":
            self._in_string = True
        elif kind == "csi" and token["private"] == "?" and token["csi"] in "hl":
            if not _ALTERNATE.isdisjoint(token["numbers"].split(";")):
                self._alternate = token["csi"] == "h"
        elif self._alternate:
            pass
        elif kind == "text":
            self._write(token["text"])
        elif kind == "control":
            self._control(token["control"])
        elif kind == "csi":
            if token["csi"] != "m" and not token["private"]:
                self._sequence(token["csi"], token["numbers"])
        else:
            self._escape(token["escape"])

    def _line(self) -> _Line:
        """The one that the cursor is in."""
        while len(self._lines) <= self._row:
            self._lines.append(_Line())
        return self._lines[self._row]

    def _write(self, text: str) -> None:
        if _USUAL.fullmatch(text):
            while text:
                room = self._room(1)
                self._put([*text[:room]])
                text = text[room:]
            return
        for character in text:
            if width := _width(character):
                self._room(width)
                self._put([character, ""][:width])
            else:
                self._put_upon(character)

    def _put_upon(self, mark: str) -> None:
        """Put an accent, or what else takes no cell, upon what is before it."""
        cells, before = self._line().cells, self._col - 1
        if 0 <= before < len(cells) and len(cells[before]) < _LONGEST_CELL:
            cells[before] += mark

    def _room(self, width: int) -> int:
        """How many cells there are for what is at least so wide; in the next line, if there are not."""
        if self._cols - self._col < width and self._col:
            self._line().wrapped = True
            self._feed_line()
            self._col = 0
        return max(self._cols - self._col, 1)

    def _put(self, cells: list[str]) -> None:
        line = self._line().cells
        if (missing := self._col - len(line)) > 0:
            line += [" "] * missing
        line[self._col : self._col + len(cells)] = cells
        self._col += len(cells)

    def _control(self, control: str) -> None:
        if control == "\n" or control in "\v\f":
            self._line().wrapped = False
            self._feed_line()
        elif control == "\r":
            self._col = 0
        elif control == "\b":
            self._col = max(min(self._col, self._cols - 1) - 1, 0)
        elif control == "\t":
            self._col = min((self._col // _TAB + 1) * _TAB, self._cols - 1)

    def _feed_line(self) -> None:
        if self._at_once:
            self._give(self._line(), again=False)
        if self._row == self._bottom:
            self._scroll()
        else:
            self._row = min(self._row + 1, self._rows - 1)
            self._line()

    def _scroll(self) -> None:
        """The lines between the margins move up; what was the first on the screen is gone from it."""
        while len(self._lines) <= self._bottom:
            self._lines.append(_Line())
        line = self._lines.pop(self._top)
        if self._top == 0:
            self._give(line)
        self._lines.insert(self._bottom, _Line())

    def _give(self, line: _Line, *, again: bool = True) -> None:
        text = line.text
        text = text if line.wrapped else text.rstrip(" ") + "\n"
        if line.said is None or (again and text != line.said and text != "\n"):
            self._given.append(text)
            line.said = text

    def _clear(self) -> None:
        """What was on the screen has been read, and is gone."""
        while self._lines and not self._lines[-1].text.strip(" "):
            self._lines.pop()
        for line in self._lines:
            self._give(line)
        self._lines.clear()

    def _escape(self, escape: str) -> None:
        match escape:
            case "7":
                self._saved = (self._row, self._col)
            case "8":
                self._row, self._col = self._saved
            case "D":
                self._feed_line()
            case "E":
                self._feed_line()
                self._col = 0
            case "M" if self._row == self._top:
                self._insert_lines(self._top, 1)
            case "M":
                self._row = max(self._row - 1, 0)
            case "c":
                self._clear()
                self._row = self._col = 0
            case _:
                pass

    def _insert_lines(self, row: int, count: int) -> None:
        for _ in range(min(count, self._rows)):
            self._lines.insert(row, _Line())
            del self._lines[self._bottom + 1 : self._bottom + 2]
        del self._lines[self._rows :]

    def _delete_lines(self, row: int, count: int) -> None:
        for _ in range(min(count, self._rows)):
            if row < len(self._lines):
                self._lines.pop(row)
                if self._bottom < len(self._lines):
                    self._lines.insert(self._bottom, _Line())

    def _sequence(self, letter: str, numbers: str) -> None:
        first, _, second = numbers.partition(";")
        count = _number(first)
        many = max(count, 1)
        match letter:
            case "A" | "F":
                self._row = max(self._row - many, 0)
                self._col = 0 if letter == "F" else self._col
            case "B" | "E" | "e":
                self._row = min(self._row + many, self._rows - 1)
                self._col = 0 if letter == "E" else self._col
            case "C" | "a":
                self._col = min(self._col + many, self._cols - 1)
            case "D":
                self._col = max(min(self._col, self._cols - 1) - many, 0)
            case "G" | "`":
                self._col = min(many, self._cols) - 1
            case "d":
                self._row = min(many, self._rows) - 1
            case "H" | "f":
                self._row = min(many, self._rows) - 1
                self._col = min(max(_number(second), 1), self._cols) - 1
            case "r":
                bottom = _number(second) or self._rows
                self._top, self._bottom = many - 1, min(bottom, self._rows) - 1
                if self._top >= self._bottom:
                    self._top, self._bottom = 0, self._rows - 1
                self._row = self._col = 0
            case "s":
                self._saved = (self._row, self._col)
            case "u":
                self._row, self._col = self._saved
            case _:
                self._edit(letter, count, many)

    def _edit(self, letter: str, count: int, many: int) -> None:
        cells, col = self._line().cells, self._col
        many = min(many, self._cols)
        match letter:
            case "J" if count == 2 or (count == 0 and self._row == self._col == 0):
                self._clear()
            case "J" if count == 0:
                del cells[col:], self._lines[self._row + 1 :]
            case "J" if count == 1:
                for line in self._lines[: self._row]:
                    line.cells.clear()
                cells[: col + 1] = [" "] * len(cells[: col + 1])
            case "K" if count == 0:
                del cells[col:]
            case "K" if count == 1:
                cells[: col + 1] = [" "] * len(cells[: col + 1])
            case "K":
                cells.clear()
            case "X":
                cells[col : col + many] = [" "] * len(cells[col : col + many])
            case "P":
                del cells[col : col + many]
            case "@" if col < len(cells):
                cells[col:col] = [" "] * many
                del cells[self._cols :]
            case "b" if 0 < col <= len(cells):
                self._write(cells[col - 1] * min(many, self._cols))
            case "L" if self._top <= self._row <= self._bottom:
                self._insert_lines(self._row, many)
            case "M" if self._top <= self._row <= self._bottom:
                self._delete_lines(self._row, many)
            case "S":
                for _ in range(min(many, self._rows)):
                    self._scroll()
            case "T":
                self._insert_lines(self._top, many)
            case _:
                pass


def _is_begun(text: str, at: int) -> bool:
    """Whether what is there may be the beginning of a sequence."""
    return _BEGUN.fullmatch(text, at) is not None


def _number(digits: str) -> int:
    digits = digits.partition(":")[0][:6]
    return int(digits) if digits.isdecimal() else 0


@lru_cache(4096)
def _width(character: str) -> int:
    """The cells that a character takes."""
    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    if category(character) == "Cn":  # of which Python says that it is wide
        return 1
    return 2 if east_asian_width(character) in "WF" else 1
