"""What the supervisor asks of a terminal emulator; `ghostty` has the one that is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from .keys import Modes


class Event(NamedTuple):
    """Something that the program told the terminal, other than what to show."""

    kind: str
    """title, bell, notification, progress, prompt (OSC 133), reset (RIS) or report (OSC 7501)."""
    text: str = ""
    """What is shown, or for a prompt or a report its content as the program wrote it: not to be trusted."""


class View(NamedTuple):
    """What a terminal of another size than the session's can show of it: the part round the cursor."""

    rows: Sequence[bytes]
    """One per row of that terminal, from the top: what paints it from its first column on, all of it and with
    nothing taken for granted but the usual character set; attributes are reset at its end."""
    cursor: tuple[int, int] | None
    """Row and column on that terminal, from 0; None when it is not to be seen."""
    offset: tuple[int, int]
    """Row and column of the session's screen that are in the view's corner."""
    modes: bytes
    """What sets the modes that matter for typing (paste, application keys, kitty keys; mouse if the offset is
    0, 0), the cursor's style and the title, whatever they were."""


class TextRow(NamedTuple):
    """A row as text; no control characters."""

    text: str
    """Without blanks at its end, unless its line goes on below."""
    wraps: bool = False
    """Whether it does."""
    look: object = None
    """The same for rows that look the same."""


class Styles(NamedTuple):
    """How what is shown looks."""

    cells: list[list[dict[str, Any]]]
    """For each row, as `requests.Shown` has it."""
    colors: dict[str, str]
    """Those of `foreground`, `background` and `cursor` that the program has set, as `#rrggbb`."""
    cursor_shape: str
    """block, underline or bar."""


class Screen(Protocol):
    """An emulated terminal: the program's output goes in, what a client has to be painted comes out."""

    def feed(self, output: bytes) -> bytes:
        """Take output, which may end amid a sequence or a character; gives the answers to its queries."""

    def events(self) -> Sequence[Event]:
        """What has come since they were asked for last; the oldest are forgotten when there are too many."""

    def resize(self, rows: int, cols: int) -> bytes:
        """Give it another size; what it shows is wrapped anew where the program does not paint that itself.

        Gives what the program has asked to be told of that. Sizes that no terminal has are made to fit.
        """

    def rest(self) -> None:
        """Take up less memory; for a time when nothing is fed."""

    def repaint(self, *, history: int = 0) -> bytes:
        """What makes any terminal of this size show exactly this.

        Screen, cursor and its style, attributes, modes, scrolling region, tab stops, character sets, title,
        keyboard modes, the saved cursor, and the part of a sequence that has begun; before that `history`
        bytes of scrollback at most. It counts on nothing that the terminal was in before.
        """

    def view(self, rows: int, cols: int) -> View:
        """What a terminal of that size can show."""

    @property
    def is_between_sequences(self) -> bool:
        """Whether nothing that was fed waits for its end: neither a sequence nor a character."""

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Row and column, from 0; None while it is not to be seen."""

    @property
    def title(self) -> str:
        """As the program set it; no control characters."""

    @property
    def alternate(self) -> bool:
        """Whether it shows its alternate screen."""

    @property
    def typing(self) -> Modes:
        """The modes that decide which bytes a key sends."""

    def rows(self) -> list[TextRow]:
        """What it shows, from the top."""

    def styles(self) -> Styles:
        """How that looks."""

    def text(self) -> str:
        """Scrollback and screen as text; lines that were wrapped are whole again."""
