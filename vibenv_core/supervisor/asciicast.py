"""The recording's format, both ways: what happened to lines, and lines to what happened. Pure.

asciicast v2: a header, then one JSON array a line: time, kind, data. Output is `o`, a new size `r`, a marker
`m`. Who types is an event `a`: at the beginning of each stretch of typing, and for each text that a program
sends; never what. Output that is no UTF-8 has U+FFFD for what is not, so that players play it; an event `b`
after that `o` has the bytes themselves, as base64. After a marker `PAINTED` the next `o` is not output: it
paints the screen as it was, for what follows to be played upon.

Source: asciinema's description of asciicast v2; it lets readers pass over kinds that they do not know.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, NamedTuple

PAINTED = "screen painted"
_LONGEST_CHARACTER = 4
_SIZE = re.compile(r"[0-9]{1,5}x[0-9]{1,5}")
_TYPED = re.compile(r"(person|program): (.*?)(?: \(([0-9]{1,9}) bytes\))?")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


class Output(NamedTuple):
    """What the program wrote; or, if `painted`, what shows the screen as it was."""

    time: float
    data: bytes
    painted: bool = False


class Resize(NamedTuple):
    """The terminal got another size."""

    time: float
    rows: int
    cols: int


class Marker(NamedTuple):
    """Something that the supervisor says, such as what is missing."""

    time: float
    text: str


class Typed(NamedTuple):
    """Somebody began to type, or a program sent a text."""

    time: float
    author: str
    """As they call themselves."""
    person: bool
    size: int | None = None
    """How many bytes a program sent; None where it types as a person does, key by key."""


Event = Output | Resize | Marker | Typed


class Header(NamedTuple):
    """What a recording begins with."""

    rows: int
    cols: int
    began: float
    """Seconds since 1970; the events' times count from there."""
    term: str
    before: int = 0
    """Bytes of output that came before this file's."""
    start: int = 0
    """Where its lines begin in the recording as a whole: bytes of lines before it, each file's header and
    repaint not counted. So what follows what can be told, however the files turn over meanwhile."""
    repaint: int = 0
    """Bytes of lines after this one that only show the screen as it was: not to be read after what came
    before."""


class Writer:
    """Makes a recording's lines. A character that two pieces of output share is written with the second."""

    def __init__(self) -> None:
        self._unfinished = b""

    def output(self, time: float, data: bytes) -> str:
        """One piece of output; empty as long as there is not one whole character."""
        data = self._unfinished + data
        end = len(data) - _begun(data)
        data, self._unfinished = data[:end], data[end:]
        return _output(time, data) if data else ""

    @property
    def unfinished(self) -> int:
        """Bytes that wait for the rest of their character."""
        return len(self._unfinished)

    def rest(self, time: float) -> str:
        """What is left over from a character that never was completed; empty in the usual case."""
        data, self._unfinished = self._unfinished, b""
        return _output(time, data) if data else ""


def header(what: Header) -> str:
    """A recording's first line."""
    said = {
        "version": 2,
        "width": what.cols,
        "height": what.rows,
        "timestamp": round(what.began, 6),
        "env": {"TERM": what.term},
        "vibenv": {"before": what.before, "start": what.start, "repaint": what.repaint},
    }
    return json.dumps(said) + "\n"


def resize(time: float, rows: int, cols: int) -> str:
    """The line that tells of another size."""
    return f'[{time:.6f}, "r", "{cols}x{rows}"]\n'


def marker(time: float, text: str) -> str:
    """The line that says something."""
    return f'[{time:.6f}, "m", {encode_basestring(text)}]\n'


def typed(time: float, author: str, *, person: bool, size: int | None = None) -> str:
    """The line that says who types."""
    text = f"{'person' if person else 'program'}: {author}" + ("" if size is None else f" ({size} bytes)")
    return f'[{time:.6f}, "a", {encode_basestring(text)}]\n'


def painted(time: float, painting: bytes) -> str:
    """The lines that paint the screen as it was."""
    return marker(time, PAINTED) + _output(time, painting)


def read_header(line: str) -> Header:
    """A recording's first line. Raises: ValueError (it is none of vibenv's)."""
    match _parsed(line):
        case {
            "height": int(rows),
            "width": int(cols),
            "timestamp": int() | float() as began,
            "env": {"TERM": str(term)},
            "vibenv": {"before": int(before), "start": int(start), "repaint": int(repaint)},
        }:
            return Header(rows, cols, began, term, before, start, repaint)
        case _:
            raise ValueError("no recording of vibenv's")


def read(lines: Iterable[str]) -> Iterator[Event]:
    """What happened, from the lines after the header; a line that makes no sense is left out.

    Whoever is in the session can write to the file, so nothing in it is counted on.
    """
    held: Output | None = None
    paint = False
    for time, kind, data in filter(None, map(_fields, lines)):
        if held and kind == "b":
            held = Output(held.time, a2b_base64(data), held.painted)
            continue
        if held:
            yield held
            held = None
        if kind == "o":
            held, paint = Output(time, data.encode(errors="replace"), paint), False
        elif kind == "r":
            cols, _, rows = data.partition("x")
            yield Resize(time, int(rows), int(cols))
        elif kind == "m":
            paint = data == PAINTED
            yield Marker(time, data)
        elif found := _TYPED.fullmatch(data):
            yield Typed(time, found[2], found[1] == "person", None if found[3] is None else int(found[3]))
    if held:
        yield held


def _fields(line: str) -> tuple[float, str, str] | None:
    match _parsed(line):
        case [int() | float() as time, "o" | "m" as kind, str(data)]:
            return time, kind, data
        case [int() | float() as time, "r", str(data)] if _SIZE.fullmatch(data):
            return time, "r", data
        case [int() | float() as time, "a", str(data)] if _TYPED.fullmatch(data):
            return time, "a", data
        case [int() | float() as time, "b", str(data)] if _BASE64.fullmatch(data):
            return time, "b", data
        case _:
            return None


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _output(time: float, data: bytes) -> str:
    try:
        return f'[{time:.6f}, "o", {_quoted(data.decode())}]\n'
    except UnicodeDecodeError:
        raw = b2a_base64(data, newline=False).decode()
        text = data.decode(errors="replace")
        return f'[{time:.6f}, "o", {encode_basestring(text)}]\n[{time:.6f}, "b", "{raw}"]\n'


def _quoted(text: str) -> str:
    # What is ASCII only is the same either way, and a third faster as such.
    return encode_basestring_ascii(text) if text.isascii() else encode_basestring(text)


def _begun(data: bytes) -> int:
    """How many bytes at the end are the beginning of a character."""
    for length in range(1, min(_LONGEST_CHARACTER, len(data) + 1)):
        byte = data[-length]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return length if length < needed else 0
    return 0
