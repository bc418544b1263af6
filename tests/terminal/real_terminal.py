"""What a real terminal shows, cell by cell, and what it would show of the same bytes with nothing between."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeAlias
from unicodedata import east_asian_width

from tests.nu.terminal.tmux import Tmux

Cell: TypeAlias = tuple[str, frozenset[str]]
"""A character with what combines with it, and the attributes and colours that are set, as SGR says them."""

_PATIENCE_S = 5.0
_POLL_S = 0.02
_PIECE = re.compile(r"\x1b\[([\d;:]*)m|([\x0e\x0f])|(.[\u0300-\u036f\ufe0f]*)")
_LINES = str.maketrans("`afgijklmnopqrstuvwxyz{|}~", "◆▒°±␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")
"""What the characters of the line drawing set (DEC Special Graphics) look like."""
_COLOURS = {"3": "foreground", "9": "foreground", "4": "background", "10": "background", "58": "underline"}
_BLANK: Cell = (" ", frozenset())
_FEATURES = "RGB,256,usstyle,strikethrough,overline"
_CURSOR_AND_TITLE = "#{cursor_y} #{cursor_x} :#{?#{==:#{pane_title},#{host}},,#{pane_title}}"
"""The title that tmux gives a pane by itself counts as none."""
_STATE = (
    "tabs #{pane_tabs} region #{scroll_region_upper}-#{scroll_region_lower}"
    " all keys of the mouse #{mouse_all_flag}"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a terminal shows and knows of itself."""

    rows: tuple[tuple[Cell, ...], ...]
    """A cell for each column: after a character of two columns comes an empty one."""
    cursor: tuple[int, int]
    """Row and column, from 0."""
    state: str
    """The modes, the scrolling region, the tab stops."""
    title: str

    def text(self) -> list[str]:
        """The characters alone."""
        return _text(self.rows)

    def differences(self, other: Seen) -> list[str]:
        """What is otherwise in `other`, for people."""
        found = []
        for number, (one, two) in enumerate(zip(self.rows, other.rows, strict=True)):
            if one != two:
                found += [f"row {number}:", f"  {_readable(one)}", f"  {_readable(two)}"]
        for name in ("cursor", "state", "title"):
            if getattr(self, name) != getattr(other, name):
                found += [f"{name}:", f"  {getattr(self, name)}", f"  {getattr(other, name)}"]
        return found


class Terminal(Tmux):
    """A real terminal, and a second one that is attached to it and only looks.

    The second one has no erasing in a background colour, so every cell it shows has been written: tmux
    itself does not tell of the colour of cells that were only erased.
    """

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, rows: int = 24, cols: int = 80
    ) -> None:
        super().__init__(argv, env=env, cwd=cwd, rows=rows, cols=cols)
        self._tmux("set-option", "-g", "remain-on-exit", "on")
        look = ["env", "-u", "TMUX", "TERM=screen-256color"]
        look += ["tmux", "-T", _FEATURES, "-S", self._socket, "attach", "-r"]
        self._eye = Tmux(look, env=env, cwd=cwd, rows=rows, cols=cols)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._eye:
            super().__exit__(kind, error, trace)

    def paste(self, text: str) -> None:
        """Paste, in brackets where the terminal was asked for them."""
        self._tmux("set-buffer", text)
        self._tmux("paste-buffer", "-p")

    @property
    def seen(self) -> Seen:
        """What it shows now."""
        rows, cols = map(int, self.ask("#{window_height} #{window_width}").split())
        if self._eye.ask("#{window_height} #{window_width}") != f"{rows} {cols}":
            self._eye.resize(rows, cols)
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            shown, own = _captured(self._eye, cols), _captured(self, cols)
            y, x, title = self.ask(_CURSOR_AND_TITLE).split(" ", 2)
            if _text(own) == _text(shown):
                return Seen(shown, (int(y), int(x)), f"{self.ask(_STATE)} {self.flags()}", title[1:])
            assert time.monotonic() < deadline, f"{_text(own)}\nis looked at as\n{_text(shown)}"

    def wait_to_show(self, wanted: Callable[[], Seen]) -> None:
        """Wait until it shows just what `wanted` gives."""
        deadline = time.monotonic() + _PATIENCE_S
        while (seen := self.seen) != (expected := wanted()):
            assert time.monotonic() < deadline, "\n".join(["seen, wanted:", *seen.differences(expected)])
            time.sleep(_POLL_S)


def _captured(terminal: Tmux, cols: int) -> tuple[tuple[Cell, ...], ...]:
    return tuple(_cells(terminal.capture("-e", "-N").split("\n")[:-1], cols))


def _text(rows: Sequence[Sequence[Cell]]) -> list[str]:
    return ["".join(character for character, _ in row).rstrip() for row in rows]


def _cells(lines: Sequence[str], cols: int) -> Iterator[tuple[Cell, ...]]:
    """The cells of lines as `tmux capture-pane -e` gives them: the attributes go on from line to line."""
    attributes: dict[str, str] = {}
    for line in lines:
        row: list[Cell] = []
        drawing = False
        for parameters, shift, character in _PIECE.findall(line):
            if character:
                seen = character.translate(_LINES) if drawing else character
                row.append((seen, frozenset(attributes.values())))
                if east_asian_width(character[0]) in "WF":
                    row.append(("", row[-1][1]))
            elif shift:
                drawing = shift == "\x0e"
            else:
                _set(attributes, parameters)
        yield (*row, *[_BLANK] * (cols - len(row)))


def _set(attributes: dict[str, str], parameters: str) -> None:
    """Follow one SGR of tmux's: it sets one colour, or clears all, or sets attributes one by one."""
    first = re.split("[;:]", parameters)[0]
    colour = _COLOURS.get(first if first == "58" else first[:-1])
    if colour:
        attributes[colour] = parameters
        if first[-1] == "9" and first[0] in "345" and first != "58":
            del attributes[colour]
        return
    for one in parameters.split(";"):
        if one in ("", "0"):
            attributes.clear()
        else:
            attributes[one.partition(":")[0]] = one


def _readable(row: Sequence[Cell]) -> str:
    """A row in one line: the attributes are said where they change."""
    said, before = "", frozenset[str]()
    for character, attributes in row:
        if attributes != before:
            said += f"⟨{' '.join(sorted(attributes))}⟩"
        said, before = said + character, attributes
    return said.rstrip()
