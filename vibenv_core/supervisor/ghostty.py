"""The terminal emulator: libghostty-vt, the core of the Ghostty terminal, called through `ctypes`.

Source: `include/ghostty/vt.h` and what it includes. The library tells itself how its structures are laid out
and which number each of its names has; that is compared with what is here before anything else is called.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any

from . import TOOLS, reading, repainting, snapshot, viewing
from .screen import View

INSTALLED = f"{TOOLS}/lib/libghostty-vt.so"
"""Where the tools volume has the library."""

_PIECE = 32 << 10
"""Bytes given to the emulator at once, so that an unfinished sequence is seen before it is too long."""
_LONGEST_SEQUENCE = 4 * _PIECE
"""Bytes of an unfinished sequence that are kept, for a terminal that is painted before its end."""
_SCROLLBACK_BYTES = 8 << 20
_CELL = (8, 16)
"""Width and height of a character in pixels, as no terminal's font is known."""
_LARGEST = 1000
"""Rows or columns; more is no terminal's size and would only take memory."""
_SUCCESS, _IO_ERROR = 0, -5


class Unusable(RuntimeError):
    """A library that is missing, or another than this module was written for."""


class String(ctypes.Structure):
    """`GhosttyString`."""

    _fields_ = (("ptr", ctypes.c_void_p), ("len", ctypes.c_size_t))


class Writer(ctypes.Structure):
    """`GhosttyWriter`."""

    _fields_ = (("write", ctypes.c_void_p), ("userdata", ctypes.c_void_p))


class SizeReportSize(ctypes.Structure):
    """`GhosttySizeReportSize`."""

    _fields_ = (
        ("rows", ctypes.c_uint16),
        ("columns", ctypes.c_uint16),
        ("cell_width", ctypes.c_uint32),
        ("cell_height", ctypes.c_uint32),
    )


_Write = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_Answer = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_Size = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(SizeReportSize))


class Library:
    """The loaded library."""

    def __init__(self, path: str) -> None:
        """Raises: Unusable."""
        try:
            self.calls = ctypes.CDLL(path)
            self.calls.ghostty_type_json.restype = ctypes.c_char_p
            types = json.loads(self.calls.ghostty_type_json())["types"]
        except (OSError, AttributeError, LookupError, ValueError) as error:
            raise Unusable(f"{path} is no libghostty-vt that can be used: {error}") from error
        for structure in (String, Writer, SizeReportSize):
            _compare(structure, types[f"Ghostty{structure.__name__}"])
        self.options: dict[str, int] = types["GhosttyTerminalOption"]["values"]
        self.data: dict[str, int] = types["GhosttyTerminalData"]["values"]
        self.calls.ghostty_terminal_vt_write.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
        self.calls.ghostty_terminal_vt_write.restype = None
        self.calls.ghostty_snapshot_encode.argtypes = (ctypes.c_void_p, Writer)


def _compare(structure: type[ctypes.Structure], told: dict[str, Any]) -> None:
    here = {name: getattr(structure, name) for name, *_ in structure._fields_}
    there = told["fields"]
    same = here.keys() == there.keys() and ctypes.sizeof(structure) == told["size"]
    if not same or any(
        (field.offset, field.size) != (there[name]["offset"], there[name]["size"])
        for name, field in here.items()
    ):
        raise Unusable(f"libghostty-vt lays out its {structure.__name__} otherwise than is known here")


class GhosttyScreen:
    """A `Screen`."""

    def __init__(self, rows: int, cols: int, *, library: str | None = None, scrollback: int = 10_000) -> None:
        """`scrollback` in lines. Raises: Unusable."""
        self._library = Library(library or find())
        self._calls = self._library.calls
        self._answers: list[bytes] = []
        self._rows, self._cols = _clamp(rows), _clamp(cols)
        self._terminal = ctypes.c_void_p()
        self._check(
            self._calls.ghostty_terminal_new(None, ctypes.byref(self._terminal), self._cols, self._rows),
            "new",
        )
        self._callbacks = (_Answer(self._answered), _Size(self._sized))
        for name, callback in zip(("WRITE_PTY", "SIZE"), self._callbacks, strict=True):
            self._set(name, callback)
        for name, number in (
            ("SCROLLBACK_MAX_LINES", scrollback),
            ("SCROLLBACK_MAX_BYTES", _SCROLLBACK_BYTES),
            ("CONTINUATION_MAX_BYTES", _LONGEST_SEQUENCE),
            ("APC_MAX_BYTES", _LONGEST_SEQUENCE),
            ("KITTY_IMAGE_STORAGE_LIMIT", 0),
        ):
            self._set(name, ctypes.byref(ctypes.c_uint64(number)))

    def close(self) -> None:
        """Give back the memory."""
        self._calls.ghostty_terminal_free(self._terminal)

    def feed(self, output: bytes) -> bytes:
        for at in range(0, len(output), _PIECE):
            piece = output[at : at + _PIECE]
            self._calls.ghostty_terminal_vt_write(self._terminal, piece, len(piece))
        return self._answered_so_far()

    def resize(self, rows: int, cols: int) -> bytes:
        self._rows, self._cols = _clamp(rows), _clamp(cols)
        self._check(
            self._calls.ghostty_terminal_resize(self._terminal, self._cols, self._rows, *_CELL), "resize"
        )
        return self._answered_so_far()

    def repaint(self, *, history: int = 0) -> bytes:
        return repainting.repaint(self.state(history), history)

    def view(self, rows: int, cols: int) -> View:
        return viewing.view(self.state(), _clamp(rows), _clamp(cols))

    def lines(self) -> list[str]:
        return reading.rows(self.state().active.rows)

    def text(self) -> str:
        state = self.state(sys.maxsize)
        primary = state.screens[snapshot.PRIMARY]
        return "\n".join(reading.lines([*primary.history, *state.active.rows])).rstrip("\n") + "\n"

    def state(self, history: int = 0) -> snapshot.State:
        """All of it, with about so many characters of the primary screen's scrollback."""
        reader = snapshot.Reader(history)

        def write(_: int, data: int, length: int) -> bool:
            return reader.feed(ctypes.string_at(data, length))

        callback = _Write(write)
        result = self._calls.ghostty_snapshot_encode(
            self._terminal, Writer(ctypes.cast(callback, ctypes.c_void_p), None)
        )
        if result not in (_SUCCESS, _IO_ERROR):
            self._check(result, "snapshot")
        return reader.state()

    @property
    def cursor(self) -> tuple[int, int]:
        x, y = ctypes.c_uint16(), ctypes.c_uint16()
        self._get("CURSOR_X", x)
        self._get("CURSOR_Y", y)
        return y.value, x.value

    @property
    def title(self) -> str:
        title = String()
        self._get("TITLE", title)
        return reading.title(ctypes.string_at(title.ptr, title.len) if title.len else b"")

    @property
    def alternate(self) -> bool:
        active = ctypes.c_int()
        self._get("ACTIVE_SCREEN", active)
        return active.value == snapshot.ALTERNATE

    def _answered(self, _terminal: int, _userdata: int, data: int, length: int) -> None:
        self._answers.append(ctypes.string_at(data, length))

    def _sized(self, _terminal: int, _userdata: int, size: Any) -> bool:
        told = size.contents
        told.rows, told.columns, (told.cell_width, told.cell_height) = self._rows, self._cols, _CELL
        return True

    def _answered_so_far(self) -> bytes:
        answers = b"".join(self._answers)
        self._answers.clear()
        return answers

    def _set(self, name: str, value: Any) -> None:
        self._check(
            self._calls.ghostty_terminal_set(self._terminal, self._library.options[name], value), name
        )

    def _get(self, name: str, into: Any) -> None:
        result = self._calls.ghostty_terminal_get(
            self._terminal, self._library.data[name], ctypes.byref(into)
        )
        self._check(result, name)

    def _check(self, result: int, what: str) -> None:
        if result != _SUCCESS:
            raise RuntimeError(f"libghostty-vt: {what}: {result}")


def _clamp(size: int) -> int:
    return min(max(size, 1), _LARGEST)


def find() -> str:
    """Where the library is: in the tools volume, else in an installed `pyghostty`. Raises: Unusable."""
    places = [INSTALLED, *(f"{place}/pyghostty/_lib/libghostty-vt.so" for place in sys.path)]
    for place in places:
        if os.access(place, os.R_OK):
            return place
    raise Unusable(f"there is no {INSTALLED}, and no pyghostty is installed")
