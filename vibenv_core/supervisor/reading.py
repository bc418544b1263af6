"""What a terminal shows, as text that may be shown elsewhere. Pure.

What a program writes may hide characters that control a terminal, turn the direction of what is beside them,
or are not seen at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from . import cells
from .cells import Row
from .keys import Modes
from .screen import TextRow
from .snapshot import Color, State

_LONGEST_TITLE = 256
"""Characters."""
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_UNSEEN = dict.fromkeys(
    (
        *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
    )
)
"""Letters and marks that count as printable, and of which there is nothing to be seen."""


def title(raw: bytes) -> str:
    """A title as one line of moderate length, of characters that are seen."""
    text = raw.decode("utf-8", "replace")
    return "".join(character for character in text if character.isprintable())[:_LONGEST_TITLE]


def plain(text: str) -> str:
    """A text as one line, of characters that are seen or part words."""
    spaced = (" " if character.isspace() else character for character in text.translate(_UNSEEN))
    return "".join(character for character in spaced if character.isprintable())


def rows(state: State) -> list[TextRow]:
    """What a terminal shows."""
    palette = state.terminal.palette
    return [_text_row(row, palette) for row in state.active.rows]


def _text_row(row: Row, palette: tuple[Color, ...]) -> TextRow:
    runs = tuple(row.runs())
    text = cells.text(runs)
    look = tuple((run.text, run.look.style, run.look.link, run.marks) for run in runs)
    return TextRow(_seen(text) if row.wraps else _shown(text), row.wraps, (palette, look))


def typing(state: State) -> Modes:
    """The modes that decide which bytes a key sends."""
    on = state.terminal.modes
    return Modes(
        cursor_keys="?1" in on,
        new_line="20" in on,
        backspace="?67" in on,
        pastes="?2004" in on,
        other_keys=state.terminal.modify_other_keys,
        kitty=state.active.keyboard[-1],
    )


def pieces(of: Iterable[Row]) -> list[str]:
    """Each row as a piece of a text, which ends with a line end where its line does not go on."""
    return [_seen(row.text()) if row.wraps else f"{_shown(row.text())}\n" for row in of]


def text(of: Iterable[str]) -> str:
    """A text's pieces joined, without blank lines at its end."""
    return "".join(of).rstrip("\n") + "\n"


def _shown(text: str) -> str:
    return _seen(text).rstrip()


def _seen(text: str) -> str:
    return text if text.isprintable() else HIDDEN.sub("", text)
