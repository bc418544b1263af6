"""A screen of lines, for tests of what is done with a screen: nothing is emulated."""

from __future__ import annotations

from vibenv_core.supervisor.keys import Modes
from vibenv_core.supervisor.screen import Event, Styles, TextRow, View

_KEPT = 10_000


class PlainScreen:
    """Shows the last lines that were fed to it; `?` is a query, which it answers with `!`."""

    title = "a title"
    alternate = False

    def __init__(self, rows: int = 24, cols: int = 80) -> None:
        self.size = (rows, cols)
        self.modes = b"<modes>"
        self.fed = ""
        self.told: list[Event] = []
        self.is_between_sequences = True
        self.keys = Modes()
        self._count = 0

    def feed(self, output: bytes) -> bytes:
        self._count += len(output)
        self.fed = (self.fed + output[-_KEPT:].decode())[-_KEPT:]
        return b"!" * output.count(b"?")

    def events(self) -> list[Event]:
        events, self.told = self.told, []
        return events

    def resize(self, rows: int, cols: int) -> bytes:
        self.size = (rows, cols)
        return b""

    def rest(self) -> None:
        """Has nothing to give back."""

    def repaint(self, *, history: int = 0) -> bytes:
        return f"<painted {self._count} history {history}>".encode()

    def view(self, rows: int, cols: int) -> View:
        lines = [line[:cols].encode() for line in self.fed.splitlines()[-rows:]]
        return View(lines + [b""] * (rows - len(lines)), self.cursor, (0, 0), self.modes)

    @property
    def cursor(self) -> tuple[int, int]:
        return 0, 0

    @property
    def typing(self) -> Modes:
        return self.keys

    def rows(self) -> list[TextRow]:
        return [TextRow(line) for line in self.fed.splitlines()[-self.size[0] :]]

    def text(self) -> str:
        return self.fed

    def styles(self) -> Styles:
        return Styles([[{"text": row.text, "bold": True}] for row in self.rows()], {}, "block")


class PlainQueries:
    """Keeps queries from clients."""

    def feed(self, output: bytes) -> tuple[bytes, bytes]:
        return output, output.replace(b"?", b"")
