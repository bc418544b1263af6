"""The recording of a session's terminal: of one that runs or is stopped, and kept ones of those removed."""

from __future__ import annotations

import contextlib
import itertools
import posixpath
import tarfile
import threading
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import labels, running, session_plan
from .errors import EngineError, NotFound, Unreachable, WrongState
from .inside.framing import BLOCK, OUTPUT
from .inside.read_log import NEWEST, OLDER
from .inside.unpack import File
from .model import session_name
from .recorded import Recorded
from .session_plan import NOT_FOUND, NOT_RUNNING
from .spool import spooled
from .supervisor import LOG_FOLDER, asciicast
from .supervisor.asciicast import Header, Marker, Output, Resize

if TYPE_CHECKING:
    from .engine import Engine

_TRIES = 5
"""How often something is read again that nothing new came of."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was recorded: its time, its kind, and what of it can be read."""

    time: datetime
    kind: str
    """output, resize (`COLSxROWS`), typed (by whom) or marker (what the recording says of itself)."""
    text: str


@dataclass(frozen=True, slots=True)
class Log:
    """A recording as it is read: what it begins with, and its whole lines, in blocks as they come."""

    header: Header
    lines: Iterator[bytes]

    def cast(self) -> Iterator[bytes]:
        """As asciicast v2."""
        yield asciicast.header(self.header).encode()
        yield from self.lines

    def events(self) -> Iterator[Event]:
        """What happened; what only shows the screen as it was is left out."""
        began = self.header.began
        for event in asciicast.read(self._split()):
            ...

    def _split(self) -> Iterator[str]:
        for block in self.lines:
            yield from block.decode().split("\n")
