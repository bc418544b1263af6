"""The main screen of a terminal, as far as text goes: what scrolls off it is given, as it was then. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, east_asian_width

_MOST_ROWS, _MOST_COLS = 500, 2000
"""A recording may say that its terminal is larger."""
_LONGEST_CELL = 32
"""Characters that are put on top of one another."""
NARROW = (
    r"\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f"
    r"\u2010-\u2027\u2030-\u203f\u2190-\u22ff\u2500-\u25fc"
)
"""Characters of one cell each, of those that are usual."""
_NARROWS = re.compile(rf"[{NARROW}]*")


class Line:
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


class Screen:
    """Rows of cells, a cursor, and margins between which lines scroll. Rows and columns count from 0."""

    def __init__(self, rows: int, cols: int, *, at_once: bool) -> None:
        """With `at_once` a line is given when the next one begins; again, if it is overwritten later."""
        self._at_once = at_once
        self.lines: list[Line] = []
        """Those that anything was on, from the first."""
        self.row = self.col = 0
        """The cursor; in the column after the last, what is written next is in the next line."""
        self._given: list[str] = []
        self.resize(rows, cols)

    def taken(self) -> str:
        """What was given since the last time, each line with its end."""
        given, self._given = "".join(self._given), []
        return given

    def move(self, row: int, col: int) -> None:
        """Put the cursor there, or as near as there is a cell."""
        self.row, self.col = min(max(row, 0), self.rows - 1), min(max(col, 0), self.cols - 1)

    def resize(self, rows: int, cols: int) -> None:
        """The terminal has this size from here on; what does not fit any more is given with what comes."""
        self.rows = min(max(rows, 1), _MOST_ROWS)
        self.cols = min(max(cols, 1), _MOST_COLS)
        self.top, self.bottom = 0, self.rows - 1
        while self.row >= self.rows:
            if self.lines:
                self._give(self.lines.pop(0))
            self.row -= 1
        del self.lines[self.rows :]
        self.col = min(self.col, self.cols)

    def write_lines(self, lines: list[str]) -> None:
        """Write lines of `NARROW` characters, each with its end, from an empty line on."""
        whole = self.row == self.bottom == self.rows - 1 and not self.top
        if whole and not self._at_once and len(max(lines, key=len)) <= self.cols:
            self._scroll_through(lines)
            return
        for line in lines:
            self.write(line)
            self.end_line()
            self.col = 0

    def _scroll_through(self, lines: list[str]) -> None:
        """The same, where all of them go over the whole screen."""
        shown = [*self.lines[:-1], *map(Line, lines[-self.bottom :] if self.bottom else [])]
        gone = len(shown) - self.bottom
        for line in shown[: min(gone, len(self.lines) - 1)]:
            self._give(line)
        if len(lines) > self.bottom:
            self._given += [f"{line.rstrip(' ')}\n" for line in lines[: len(lines) - self.bottom]]
        self.lines = [*shown[gone:], Line()]

    def line(self) -> Line:
        """The one that the cursor is in."""
        while len(self.lines) <= self.row:
            self.lines.append(Line())
        return self.lines[self.row]

    def write(self, text: str) -> None:
        """Put text where the cursor is, and on into the next lines."""
        if _NARROWS.fullmatch(text):
            while text:
                room = self._room(1)
                self._put([*text[:room]])
                text = text[room:]
            return
        for character in text:
            if wide := width(character):
                self._room(wide)
                self._put([character, ""][:wide])
            else:
                self._put_upon(character)

    def _put_upon(self, mark: str) -> None:
        """Put an accent, or what else takes no cell, upon what is before it."""
        cells, before = self.line().cells, self.col - 1
        if 0 <= before < len(cells) and len(cells[before]) < _LONGEST_CELL:
            cells[before] += mark

    def _room(self, width: int) -> int:
        """How many cells there are for what is at least so wide; in the next line, if there are not."""
        if self.cols - self.col < width and self.col:
            self.line().wrapped = True
            self.feed_line()
            self.col = 0
        return max(self.cols - self.col, 1)

    def _put(self, cells: list[str]) -> None:
        line = self.line().cells
        if (missing := self.col - len(line)) > 0:
            line += [" "] * missing
        line[self.col : self.col + len(cells)] = cells
        self.col += len(cells)

    def end_line(self) -> None:
        """Say that the line is no longer than the screen, and go to the next."""
        self.line().wrapped = False
        self.feed_line()

    def feed_line(self) -> None:
        """Go to the next line, for which another goes off the screen where there is none."""
        if self._at_once:
            self._give(self.line(), again=False)
        if self.row == self.bottom:
            self.scroll()
        else:
            self.row = min(self.row + 1, self.rows - 1)
            self.line()

    def scroll(self) -> None:
        """The lines between the margins move up; what was the first on the screen is gone from it."""
        while len(self.lines) <= self.bottom:
            self.lines.append(Line())
        line = self.lines.pop(self.top)
        if self.top == 0:
            self._give(line)
        self.lines.insert(self.bottom, Line())

    def _give(self, line: Line, *, again: bool = True) -> None:
        text = line.text
        text = text if line.wrapped else text.rstrip(" ") + "\n"
        if line.said is None or (again and text != line.said and text != "\n"):
            self._given.append(text)
            line.said = text

    def clear(self) -> None:
        """What was on the screen has been read, and is gone."""
        while self.lines and not self.lines[-1].text.strip(" "):
            self.lines.pop()
        for line in self.lines:
            self._give(line)
        self.lines.clear()

    def insert_lines(self, row: int, count: int) -> None:
        """Put empty lines at `row`; as many go off at the lower margin."""
        for _ in range(min(count, self.rows)):
            self.lines.insert(row, Line())
            del self.lines[self.bottom + 1 : self.bottom + 2]
        del self.lines[self.rows :]

    def delete_lines(self, row: int, count: int) -> None:
        """Take lines away at `row`; as many empty ones come in at the lower margin."""
        for _ in range(min(count, self.rows)):
            if row < len(self.lines):
                self.lines.pop(row)
                if self.bottom < len(self.lines):
                    self.lines.insert(self.bottom, Line())

    def set_margins(self, top: int, bottom: int) -> None:
        """Let only the lines between them scroll, or where that is none, all."""
        bottom = min(bottom, self.rows - 1)
        self.top, self.bottom = (top, bottom) if top < bottom else (0, self.rows - 1)
        self.row = self.col = 0


@lru_cache(4096)
def width(character: str) -> int:
    """The cells that a character takes."""
    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    if category(character) == "Cn":  # of which Python says that it is wide
        return 1
    return 2 if east_asian_width(character) in "WF" else 1
