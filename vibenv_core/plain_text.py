"""What a terminal showed, as lines of plain text: what scrolled off its screen, as it was then. Pure.

So what was overwritten is there once, as it was last: a progress bar at its end, a command line as it was
entered. A line that was too long for the terminal is one again. Of the alternate screen, where programs paint
that take the whole terminal, nothing is there.

Source: ECMA-48; xterm, "Control Sequences".
"""

from __future__ import annotations

import re

from .plain_screen import NARROW, Screen

_LONGEST_SEQUENCE = 4096
_TAB = 8

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
    r"|\x1b\[(?P<private>[<=>?]?)(?P<numbers>[0-9;:]*)[ -/]*(?P<csi>[@-~])"
    r"|(?P<string>\x1b[\]PX^_])"
    r"|\x1b(?P<escape>[ -/]*[0-OQ-WYZ\\`-~])"
)
_BEGUN = re.compile(r"\x1b(?:\[[<=>?]?[0-9;:]*[ -/]*|[ -/]*)")
_COLOURS = re.compile(r"\x1b\[[0-9;:]*+m")
_USUAL_LINES = re.compile(rf"(?:(?:[{NARROW}]++|{_COLOURS.pattern})*+\r\n)++")
_END_OF_STRING = re.compile(r"[\x07\x18\x1a]|(?=\x1b)")
_ALTERNATE = {"47", "1047", "1049"}


class PlainText:
    """Takes what a program writes, in pieces of any size."""

    def __init__(self, rows: int, cols: int, *, at_once: bool = False) -> None:
        """With `at_once` a line is given when the next one begins; again, if it is overwritten later."""
        self._screen = Screen(rows, cols, at_once=at_once)
        self._saved = (0, 0)
        self._alternate = self._in_string = False
        self._rest = ""

    def resize(self, rows: int, cols: int) -> None:
        """The terminal has this size from here on."""
        self._screen.resize(rows, cols)

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
            if not self._screen.col and (end := self._usual_lines(text, at)):
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
        return self._screen.taken()

    def _usual_lines(self, text: str, at: int) -> int:
        """Take whole lines that nothing is to be said of, as most are, all that follow; where they end."""
        if self._alternate or self._screen.line().text or (found := _USUAL_LINES.match(text, at)) is None:
            return 0
        plain = found[0]
        if "\x1b" in plain:
            plain = _COLOURS.sub("", plain)
        self._screen.write_lines(plain.split("\r\n")[:-1])
        return found.end()

    def end(self) -> str:
        """What is left on the screen."""
        self._screen.clear()
        self._screen.move(0, 0)
        return self._screen.taken()

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
            self._screen.write(token["text"])
        elif kind == "control":
            self._control(token["control"])
        elif kind == "csi":
            if token["csi"] != "m" and not token["private"]:
                self._sequence(token["csi"], token["numbers"])
        else:
            self._escape(token["escape"])

    def _control(self, control: str) -> None:
        screen = self._screen
        if control in "\n\v\f":
            screen.end_line()
        elif control == "\r":
            screen.col = 0
        elif control == "\b":
            screen.move(screen.row, min(screen.col, screen.cols - 1) - 1)
        elif control == "\t":
            screen.move(screen.row, (screen.col // _TAB + 1) * _TAB)

    def _escape(self, escape: str) -> None:
        screen = self._screen
        match escape:
            case "7":
                self._saved = (screen.row, screen.col)
            case "8":
                screen.move(*self._saved)
            case "D":
                screen.feed_line()
            case "E":
                screen.feed_line()
                screen.col = 0
            case "M" if screen.row == screen.top:
                screen.insert_lines(screen.top, 1)
            case "M":
                screen.move(screen.row - 1, screen.col)
            case "c":
                screen.clear()
                screen.move(0, 0)
            case _:
                pass

    def _sequence(self, letter: str, numbers: str) -> None:
        first, _, second = numbers.partition(";")
        count = _number(first)
        many = max(count, 1)
        screen = self._screen
        row, col = screen.row, screen.col
        match letter:
            case "A" | "F":
                screen.move(row - many, 0 if letter == "F" else col)
            case "B" | "E" | "e":
                screen.move(row + many, 0 if letter == "E" else col)
            case "C" | "a":
                screen.move(row, col + many)
            case "D":
                screen.move(row, min(col, screen.cols - 1) - many)
            case "G" | "`":
                screen.move(row, many - 1)
            case "d":
                screen.move(many - 1, col)
            case "H" | "f":
                screen.move(many - 1, _number(second) - 1)
            case "r":
                screen.set_margins(many - 1, (_number(second) or screen.rows) - 1)
            case "s":
                self._saved = (row, col)
            case "u":
                screen.move(*self._saved)
            case "L" | "M" | "S" | "T":
                self._move_lines(letter, many)
            case "J":
                self._erase_lines(count)
            case _:
                self._edit(letter, count, min(many, screen.cols))

    def _move_lines(self, letter: str, many: int) -> None:
        screen = self._screen
        if letter == "S":
            for _ in range(min(many, screen.rows)):
                screen.scroll()
        elif letter == "T":
            screen.insert_lines(screen.top, many)
        elif screen.top <= screen.row <= screen.bottom:
            move = screen.insert_lines if letter == "L" else screen.delete_lines
            move(screen.row, many)

    def _erase_lines(self, count: int) -> None:
        screen = self._screen
        if count == 2 or (count == 0 and screen.row == screen.col == 0):
            screen.clear()
        elif count == 0:
            del screen.lines[screen.row + 1 :]
            self._edit("K", 0, 0)
        elif count == 1:
            for line in screen.lines[: screen.row]:
                line.cells.clear()
            self._edit("K", 1, 0)

    def _edit(self, letter: str, count: int, many: int) -> None:
        cells, col = self._screen.line().cells, self._screen.col
        match letter:
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
                del cells[self._screen.cols :]
            case "b" if 0 < col <= len(cells):
                self._screen.write(cells[col - 1] * many)
            case _:
                pass


def _is_begun(text: str, at: int) -> bool:
    """Whether what is there may be the beginning of a sequence."""
    return _BEGUN.fullmatch(text, at) is not None


def _number(digits: str) -> int:
    digits = digits.partition(":")[0][:6]
    return int(digits) if digits.isdecimal() else 0
