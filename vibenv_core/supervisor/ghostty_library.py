"""libghostty-vt as a library: found, loaded and compared with what is known of it here.

Source: `include/ghostty/vt.h` and what it includes. The library tells itself how its structures are laid out
and which number each of its names has (`ghostty_type_json`): another version is refused, not misread.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any

from . import TOOLS

INSTALLED = f"{TOOLS}/lib/libghostty-vt.so"
"""Where the tools volume has the library."""
SUCCESS, OUT_OF_SPACE, IO_ERROR = 0, -3, -5


class Unusable(RuntimeError):
    """A library that is missing, or another than this module was written for."""


class String(ctypes.Structure):
    """Bytes that are the library's."""

    _fields_ = (("ptr", ctypes.c_void_p), ("len", ctypes.c_size_t))

    def value(self) -> bytes:
        """A copy of them."""
        return ctypes.string_at(self.ptr, self.len) if self.len else b""


class Writer(ctypes.Structure):
    """A callback that takes what the library writes."""

    _fields_ = (("write", ctypes.c_void_p), ("userdata", ctypes.c_void_p))


class SizeReportSize(ctypes.Structure):
    """A terminal's size, and a character's in pixels."""

    _fields_ = (
        ("rows", ctypes.c_uint16),
        ("columns", ctypes.c_uint16),
        ("cell_width", ctypes.c_uint32),
        ("cell_height", ctypes.c_uint32),
    )


class ColorRgb(ctypes.Structure):
    """A colour."""

    _fields_ = (("r", ctypes.c_uint8), ("g", ctypes.c_uint8), ("b", ctypes.c_uint8))


class TerminalDesktopNotification(ctypes.Structure):
    """OSC 9 and OSC 777."""

    _fields_ = (("size", ctypes.c_size_t), ("title", String), ("body", String))


class TerminalProgressReport(ctypes.Structure):
    """OSC 9;4."""

    _fields_ = (("size", ctypes.c_size_t), ("state", ctypes.c_int), ("progress", ctypes.c_int8))


class TerminalUnknownOscSequence(ctypes.Structure):
    """An OSC that the library has no use for."""

    _fields_ = (("truncated", ctypes.c_bool), ("content", String), ("terminator", ctypes.c_int))


class TerminalUnknownSequence(ctypes.Structure):
    """A sequence that the library has no use for."""

    _fields_ = (("tag", ctypes.c_int), ("value", ctypes.c_uint64 * 16))

    def osc(self) -> TerminalUnknownOscSequence:
        """What it is if its tag says so."""
        return TerminalUnknownOscSequence.from_buffer(self.value)


_STRUCTURES = (
    String,
    Writer,
    SizeReportSize,
    ColorRgb,
    TerminalDesktopNotification,
    TerminalProgressReport,
    TerminalUnknownOscSequence,
    TerminalUnknownSequence,
)

_HANDLE = ctypes.c_void_p
WRITE = ctypes.CFUNCTYPE(ctypes.c_bool, _HANDLE, ctypes.c_void_p, ctypes.c_size_t)
CALLBACKS = {
    "WRITE_PTY": ctypes.CFUNCTYPE(None, _HANDLE, _HANDLE, ctypes.c_void_p, ctypes.c_size_t),
    "BELL": ctypes.CFUNCTYPE(None, _HANDLE, _HANDLE),
    "TITLE_CHANGED": ctypes.CFUNCTYPE(None, _HANDLE, _HANDLE),
    "SIZE": ctypes.CFUNCTYPE(ctypes.c_bool, _HANDLE, _HANDLE, ctypes.POINTER(SizeReportSize)),
    "COLOR_SCHEME": ctypes.CFUNCTYPE(ctypes.c_bool, _HANDLE, _HANDLE, ctypes.POINTER(ctypes.c_int)),
    "DESKTOP_NOTIFICATION": ctypes.CFUNCTYPE(
        None, _HANDLE, _HANDLE, ctypes.POINTER(TerminalDesktopNotification)
    ),
    "PROGRESS_REPORT": ctypes.CFUNCTYPE(None, _HANDLE, _HANDLE, ctypes.POINTER(TerminalProgressReport)),
    "UNKNOWN_SEQUENCE": ctypes.CFUNCTYPE(None, _HANDLE, _HANDLE, ctypes.POINTER(TerminalUnknownSequence)),
}
"""What the library calls, by the option that sets it; its first arguments are the terminal and nothing."""


class Library:
    """The loaded library: its functions, and the numbers of its names."""

    def __init__(self, path: str) -> None:
        """Raises: Unusable."""
        try:
            self.calls = ctypes.CDLL(path)
            self.calls.ghostty_type_json.restype = ctypes.c_char_p
            types = json.loads(self.calls.ghostty_type_json())["types"]
            for structure in _STRUCTURES:
                _compare(structure, types[f"Ghostty{structure.__name__}"])
            self.options: dict[str, int] = types["GhosttyTerminalOption"]["values"]
            self.data: dict[str, int] = types["GhosttyTerminalData"]["values"]
            self.unknown: dict[str, int] = types["GhosttyTerminalUnknownSequenceTag"]["values"]
            self.bel: int = types["GhosttyOscTerminator"]["values"]["BEL"]
        except (OSError, AttributeError, LookupError, ValueError) as error:
            raise Unusable(f"{path} is no libghostty-vt that can be used: {error}") from error
        handle_and_bytes = (_HANDLE, ctypes.c_char_p, ctypes.c_size_t)
        self.calls.ghostty_terminal_vt_write.argtypes = handle_and_bytes
        self.calls.ghostty_terminal_vt_write.restype = None
        self.calls.ghostty_terminal_continuation_buf.argtypes = (*handle_and_bytes, ctypes.c_void_p)
        self.calls.ghostty_terminal_free.restype = None
        self.calls.ghostty_snapshot_encode.argtypes = (_HANDLE, Writer)


def _compare(structure: type[ctypes.Structure], told: dict[str, Any]) -> None:
    """Raises: Unusable (the library has it otherwise)."""
    here = {name: getattr(structure, name) for name, *_ in structure._fields_}
    there = {name: (field["offset"], field["size"]) for name, field in told["fields"].items()}
    layout = {name: (field.offset, field.size) for name, field in here.items()}
    if layout != there or ctypes.sizeof(structure) != told["size"]:
        raise Unusable(f"libghostty-vt lays out its {structure.__name__} otherwise than is known here")


def find() -> str:
    """Where the library is: in the tools volume, else in an installed `pyghostty`. Raises: Unusable."""
    for place in (INSTALLED, *(f"{place}/pyghostty/_lib/libghostty-vt.so" for place in sys.path)):
        if os.access(place, os.R_OK):
            return place
    raise Unusable(f"there is no {INSTALLED}, and no pyghostty is installed")
