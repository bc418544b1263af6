"""A session's recording, read as its readers do: asciicast v2.

Source: asciicast v2 (a header, then a line for each event: seconds, kind, data). What vibenv adds: after an
`o` whose bytes were no UTF-8 an event `b` has them as they were, in base64; a marker says what is missing;
the header, how many bytes came before this file; and after the marker `screen painted` an `o` only paints.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Self, TypeAlias


@dataclass(frozen=True, slots=True)
class Output:
    """What the program printed."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Resize:
    """The terminal has another size from here on."""

    rows: int
    cols: int


@dataclass(frozen=True, slots=True)
class Marker:
    """Something is said about the recording itself."""

    text: str

    @property
    def missing(self) -> int:
        """How many bytes of output it says are not recorded here."""
        found = re.match(r"(\d+) bytes of output not recorded", self.text)
        return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Painted:
    """What shows the screen as it was where this file begins; the program did not print it."""

    data: bytes


Event: TypeAlias = Output | Resize | Marker | Painted


@dataclass(frozen=True, slots=True)
class Recording:
    """What one file holds, in order; begins with a Resize, the size in the header."""

    events: tuple[Event, ...]
    before: int
    """How many bytes of output came before this file."""

    @classmethod
    def read(cls, recorded: bytes) -> Self:
        """Read a file that may still be written to: a last line without its end is left out."""
        header, *lines = recorded.split(b"\n")[:-1]
        said = json.loads(header)
        assert said["version"] == 2, said
        events: list[Event] = [Resize(said["height"], said["width"])]
        last = 0.0
        for line in lines:
            at, kind, data = json.loads(line)
            assert at >= last, f"an event of second {at} after one of {last}"
            last = at
            match kind:
                case "o" if events[-1] == Marker("screen painted"):
                    events.append(Painted(data.encode()))
                case "o":
                    events.append(Output(data.encode()))
                case "b":
                    assert isinstance(events[-1], Output)
                    events[-1] = Output(base64.b64decode(data, validate=True))
                case "r":
                    cols, rows = data.split("x")
                    events.append(Resize(int(rows), int(cols)))
                case "m":
                    events.append(Marker(data))
                case "a":
                    pass  # who typed
                case _:
                    raise AssertionError(f"an event that no player knows: {kind}")
        return cls(tuple(events), said["vibenv"]["before"])

    @property
    def output(self) -> bytes:
        """All the output in it."""
        return b"".join(event.data for event in self.events if isinstance(event, Output))

    @property
    def missing(self) -> int:
        """How many bytes of output it says are not in it."""
        return sum(event.missing for event in self.events if isinstance(event, Marker))

    def lost(self, printed: bytes) -> int:
        """How many of the printed bytes are neither here nor said to be missing; asserts that the others are
        as they were printed."""
        at = self.before
        for event in self.events:
            if isinstance(event, Marker):
                at += event.missing
            elif isinstance(event, Output):
                assert printed[at : at + len(event.data)] == event.data, f"other bytes at {at}"
                at += len(event.data)
        return len(printed) - at
