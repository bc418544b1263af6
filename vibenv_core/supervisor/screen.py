"""What the supervisor asks of a terminal emulator; `ghostty` has the one that is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a terminal of another size than the session's can show of its screen: the part round the cursor."""

    rows: Sequence[bytes]
    """One per row from the top: what paints it from its first column on; attributes are reset at its end."""
    cursor: tuple[int, int] | None
    """Row and column, from 0; None when it is not to be seen."""
    modes: bytes
    """What sets the modes that matter for typing (mouse, paste, application keys, kitty keys) and the title."""


class Screen(Protocol):
    """An emulated terminal: the program's output goes in, what a client has to be painted comes out."""

    def feed(self, output: bytes) -> bytes:
        """Take output, which may end amid a sequence or a character; gives the answers to its queries."""

    def resize(self, rows: int, cols: int) -> None:
        """Give it another size; what it shows is wrapped anew where the program does not paint that itself."""

    def repaint(self, *, history: int = 0) -> bytes:
        """What makes any terminal of this size show exactly this.

        Screen, cursor and its style, attributes, modes, scrolling region, tab stops, character sets, title,
        keyboard modes, the saved cursor, and the part of a sequence that has begun; before that `history`
        bytes of scrollback at most. It counts on nothing that the terminal was in before.
        """

    def view(self, rows: int, cols: int) -> View:
        """What a terminal of that size can show."""

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column, from 0."""

    @property
    def title(self) -> str:
        """As the program set it; no control characters."""

    @property
    def alternate(self) -> bool:
        """Whether it shows its alternate screen."""

    def lines(self) -> list[str]:
        """The rows as text, without trailing blanks; no control characters."""

    def text(self) -> str:
        """Scrollback and screen as text; lines that were wrapped are whole again."""
