"""The terminal emulator: libghostty-vt, the core of the Ghostty terminal, called through `ctypes`."""

from __future__ import annotations

import ctypes
import re
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from . import reading, repainting, snapshot, styling, viewing
from .cells import Row
from .ghostty_library import (
    CALLBACKS,
    IO_ERROR,
    OUT_OF_SPACE,
    SUCCESS,
    WRITE,
    ColorRgb,
    Library,
    SizeReportSize,
    String,
    TerminalUnknownOscSequence,
    Writer,
    find,
)
from .keys import Modes
from .screen import Event, Styles, TextRow, View

_NAME = b"vibenv"
"""What a program is told that asks for the terminal's name (XTVERSION)."""
_TERMINFO = b"xterm-256color"
_FOREGROUND, _BACKGROUND = (0xE5, 0xE5, 0xE5), (0, 0, 0)
"""What a program is told that asks for colours it has not set."""
_DARK = 1
_CELL = (8, 16)
"""Width and height of a character in pixels, as no terminal's font is known."""
_SCROLLBACK_BYTES = 15 << 19
"""Of memory, before it rests: 10,000 lines of 80 columns. No limit in lines: what is beyond one the library
gives back to the system and asks for again, which takes three times as long as to use it again."""
_ALL = 1
"""Of `GhosttyTerminalCompressionMode`."""
_LARGEST = 1000
"""Rows or columns; more is no terminal's size and would only take memory."""
_PIECE = 32 << 10
"""Bytes given to the emulator at once, so that a sequence's beginning is seen before it is too long."""
_LONGEST_SEQUENCE = 4 * _PIECE
"""Bytes of an unfinished sequence that are kept, for a terminal that is painted before its end."""
_ENDS = {b"\x1b[": re.compile(rb"[@-~\x18\x1a\x1b]"), b"\x1b]": re.compile(rb"[\x07\x18\x1a\x1b]")}
_ENDS_STRING = re.compile(rb"[\x18\x1a\x1b]")
_IGNORED_CONTROL = b"\x1b[ 0"
"""How a control sequence begins that every terminal passes over."""
_STATUS = b"7501;"
_STATUS_QUERY = _STATUS + b"?"
_UNTOLD = re.compile(rb"\x1b(?:c|\]133;([A-Za-z][^\x07\x18\x1a\x1b]{0,256})(?=[\x07\x1b]))")
"""What the library does not tell of: RIS, and what a shell marks its prompts and commands with."""
_HAS_UNTOLD = re.compile(rb"\x1b(?:c|\]133;)")
_EVENTS = 4096
"""As many as one piece of output can have of those that count each; of the others the last counts."""
_LAST_COUNTS = ("bell", "progress", "title")
_LONGEST_REPORT = 4096
"""Bytes, from its ESC through its end."""


class GhosttyScreen:
    """A `Screen`; not to be used by two threads at once."""

    def __init__(self, rows: int, cols: int, *, library: str | None = None) -> None:
        """Raises: Unusable."""
        self._library = Library(library or find())
        self._calls = self._library.calls
        self._rows, self._cols = _clamp(rows), _clamp(cols)
        self._answers: list[bytes] = []
        self._events: deque[Event] = deque(maxlen=_EVENTS)
        self._begins = self._passed_over = b""
        self._terminal = ctypes.c_void_p()
        handle = ctypes.byref(self._terminal)
        self._check(self._calls.ghostty_terminal_new(None, handle, self._cols, self._rows), "new")
        self._callbacks = {name: CALLBACKS[name](call) for name, call in self._reactions().items()}
        for name, callback in self._callbacks.items():
            self._set(name, callback)
        for name, number in (
            ("SCROLLBACK_MAX_BYTES", _SCROLLBACK_BYTES),
            ("CONTINUATION_MAX_BYTES", _LONGEST_SEQUENCE),
            ("APC_MAX_BYTES", _LONGEST_SEQUENCE),
            ("UNKNOWN_MAX_BYTES", 4096),
            ("KITTY_IMAGE_STORAGE_LIMIT", 0),
        ):
            self._set(name, ctypes.byref(ctypes.c_uint64(number)))
        for name, rgb in (("FOREGROUND", _FOREGROUND), ("BACKGROUND", _BACKGROUND), ("CURSOR", _FOREGROUND)):
            self._set(f"COLOR_{name}", ctypes.byref(ColorRgb(*rgb)))
        terminfo = ctypes.create_string_buffer(_TERMINFO)
        named = String(ctypes.cast(terminfo, ctypes.c_void_p), len(_TERMINFO))
        self._set("TERMINFO_NAME", ctypes.byref(named))

    def close(self) -> None:
        """Give its memory back; it cannot be used any more."""
        self._calls.ghostty_terminal_free(self._terminal)
        self._terminal = ctypes.c_void_p()

    def feed(self, output: bytes) -> bytes:
        begin = 0
        for untold in _UNTOLD.finditer(output) if b"\x1b" in output and _HAS_UNTOLD.search(output) else ():
            self._feed(output[begin : untold.end()])
            begin = untold.end()
            mark = untold[1]
            self._tell("reset") if mark is None else self._tell("prompt", mark.decode("utf-8", "replace"))
        self._feed(output[begin:])
        return self._said()

    def resize(self, rows: int, cols: int) -> bytes:
        self._rows, self._cols = _clamp(rows), _clamp(cols)
        self._resize()
        return self._said()

    def repaint(self, *, history: int = 0) -> bytes:
        unfinished = _IGNORED_CONTROL if self._passed_over == b"\x1b[" else self._passed_over
        above = repainting.Scrollback(history)
        state = self._read(above.older) if history else self._read()
        return repainting.repaint(state, above.lines) + unfinished

    def view(self, rows: int, cols: int) -> View:
        return viewing.view(self.state(), _clamp(rows), _clamp(cols))

    @property
    def is_between_sequences(self) -> bool:
        return bool(self._number("VT_GROUND"))

    @property
    def cursor(self) -> tuple[int, int] | None:
        if not self._number("CURSOR_VISIBLE"):
            return None
        return self._number("CURSOR_Y"), self._number("CURSOR_X")

    @property
    def title(self) -> str:
        title = String()
        self._get("TITLE", title)
        return reading.title(title.value())

    @property
    def alternate(self) -> bool:
        return self._number("ACTIVE_SCREEN") == snapshot.ALTERNATE

    @property
    def typing(self) -> Modes:
        return reading.typing(self.state())

    def rows(self) -> list[TextRow]:
        return reading.rows(self.state())

    def styles(self) -> Styles:
        state = self.state()
        return Styles(
            styling.styled(state.active.rows, state.terminal),
            styling.colors(state.terminal),
            styling.cursor_shape(state.active),
        )

    def text(self) -> str:
        older: list[list[str]] = []

        def keep(_: snapshot.State, rows: Sequence[Row]) -> bool:
            older.append(reading.pieces(rows))
            return True

        state = self._read(keep)
        pieces = [*chain.from_iterable(reversed(older)), *reading.pieces(state.active.rows)]
        return reading.text(pieces)

    def rest(self) -> None:
        """Have the scrollback take up less memory; for a time when nothing is written."""
        self._check(
            self._calls.ghostty_terminal_compress(self._terminal, _ALL, ctypes.byref(ctypes.c_int())),
            "compress",
        )

    def events(self) -> list[Event]:
        events = list(self._events)
        self._events.clear()
        return events

    def state(self) -> snapshot.State:
        """All of it but the scrollback."""
        return self._read()

    def _read(self, older: Callable[[snapshot.State, Sequence[Row]], bool] | None = None) -> snapshot.State:
        reader = snapshot.Reader(older)
        failed: list[Exception] = []

        def write(_: int, data: int, length: int) -> bool:
            try:
                return reader.feed(ctypes.string_at(data, length))
            except Exception as error:  # the library must not be left by it
                failed.append(error)
                return False

        callback = WRITE(write)
        writer = Writer(ctypes.cast(callback, ctypes.c_void_p), None)
        result = self._calls.ghostty_snapshot_encode(self._terminal, writer)
        if failed:
            raise failed[0]
        if result != IO_ERROR:  # what it says when no more is wanted
            self._check(result, "snapshot")
        return reader.state

    def _feed(self, output: bytes) -> None:
        for at in range(0, len(output), _PIECE):
            self._write(output[at : at + _PIECE])

    def _write(self, piece: bytes) -> None:
        if self._passed_over:
            end = _ENDS.get(self._passed_over, _ENDS_STRING).search(piece)
            if end is None:
                return
            self._passed_over = b""
            piece = piece[end.start() if end[0] == b"\x1b" else end.end() :]
        self._calls.ghostty_terminal_vt_write(self._terminal, piece, len(piece))
        if self._number("COLS") != self._cols:
            self._resize()  # DECCOLM does not change the size of the program's terminal
        if not self._number("VT_GROUND"):
            self._keep_short()

    def _keep_short(self) -> None:
        """Note how an unfinished sequence begins; when it has become too long, pass over the rest of it."""
        begins, needed = ctypes.create_string_buffer(2), ctypes.c_size_t()
        result = self._calls.ghostty_terminal_continuation_buf(
            self._terminal, begins, len(begins), ctypes.byref(needed)
        )
        if result in (SUCCESS, OUT_OF_SPACE):
            self._begins = begins.raw
        else:
            self._passed_over = self._begins
            self._calls.ghostty_terminal_vt_write(self._terminal, b"\x18", 1)

    def _resize(self) -> None:
        result = self._calls.ghostty_terminal_resize(self._terminal, self._cols, self._rows, *_CELL)
        self._check(result, "resize")

    def _reactions(self) -> dict[str, Any]:
        """What is done when the library calls; nothing must be written to the terminal meanwhile."""

        def answer(_terminal: int, _: int, data: int, length: int) -> None:
            said = ctypes.string_at(data, length)
            self._answers.append(said.replace(b"libghostty", _NAME) if said.startswith(b"\x1bP>|") else said)

        def size(_terminal: int, _: int, told: Any) -> bool:
            told[0] = SizeReportSize(self._rows, self._cols, *_CELL)
            return True

        def scheme(_terminal: int, _: int, told: Any) -> bool:
            told[0] = _DARK
            return True

        def notification(_terminal: int, _: int, told: Any) -> None:
            parts = (reading.title(part.value()) for part in (told[0].title, told[0].body))
            self._tell("notification", ": ".join(part for part in parts if part))

        def unknown(_terminal: int, _: int, told: Any) -> None:
            if told[0].tag == self._library.unknown["OSC"]:
                self._unknown(told[0].osc())

        return {
            "WRITE_PTY": answer,
            "SIZE": size,
            "COLOR_SCHEME": scheme,
            "BELL": lambda *_: self._tell("bell"),
            "TITLE_CHANGED": lambda *_: self._tell("title", self.title),
            "DESKTOP_NOTIFICATION": notification,
            "PROGRESS_REPORT": lambda _terminal, _, told: self._tell(
                "progress", f"{told[0].state};{told[0].progress}"
            ),
            "UNKNOWN_SEQUENCE": unknown,
        }

    def _unknown(self, sequence: TerminalUnknownOscSequence) -> None:
        content = sequence.content.value()
        end = b"\x07" if sequence.terminator == self._library.bel else b"\x1b\\"
        whole = b"\x1b]" + content + end
        if content == _STATUS_QUERY:
            self._answers.append(whole)
        elif content.startswith(_STATUS) and not sequence.truncated and len(whole) <= _LONGEST_REPORT:
            self._tell("report", content[len(_STATUS) :].decode("utf-8", "replace"))

    def _tell(self, kind: str, text: str = "") -> None:
        if kind in _LAST_COUNTS and self._events and self._events[-1].kind == kind:
            self._events.pop()
        self._events.append(Event(kind, text))

    def _said(self) -> bytes:
        """The answers that there are."""
        answers = b"".join(self._answers)
        self._answers.clear()
        return answers

    def _number(self, name: str) -> int:
        number = ctypes.c_int()
        self._get(name, number)
        return number.value

    def _get(self, name: str, into: Any) -> None:
        data = self._library.data[name]
        self._check(self._calls.ghostty_terminal_get(self._terminal, data, ctypes.byref(into)), name)

    def _set(self, name: str, value: Any) -> None:
        option = self._library.options[name]
        self._check(self._calls.ghostty_terminal_set(self._terminal, option, value), name)

    @staticmethod
    def _check(result: int, what: str) -> None:
        if result != SUCCESS:
            raise RuntimeError(f"libghostty-vt: {what}: {result}")


def _clamp(size: int) -> int:
    return min(max(size, 1), _LARGEST)
