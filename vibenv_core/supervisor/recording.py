"""Keeps the recording of a session's output in two files, of which the older is given up when both are full.

Never what was typed. Output that cannot be written (a full disk) is counted, and told of once there is room.
All is written at once: whatever ends this process, what clients have seen is here.
"""

from __future__ import annotations

# ruff: noqa: PTH103, PTH105, PTH108
# To import pathlib takes as long as to start Python.
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from . import asciicast
from .asciicast import Header, Output, Writer
from .lease import Typist

NEWEST = "session.cast"
OLDER = "session.1.cast"
_BEGUN = "session.cast.new"
_RETRY_S = 1.0
_DISK_FULL = os.strerror(errno.ENOSPC)
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class _Reached(NamedTuple):
    """How far a recording is that was there before."""

    header: Header
    head: int
    """Bytes of the file before the lines that go on from what came before it."""
    length: int
    """Bytes of the file up to the end of its last whole line."""
    time: float
    position: int
    """Bytes of output up to there, since the session's first start."""


class Recording:
    """A recording that goes on; so does one from before the session was started again."""

    def __init__(
        self, folder: str, *, limit: int, rows: int, cols: int, term: str, wall: float, now: float
    ) -> None:
        """Begin. `wall` is the time since 1970, `now` that of the clock of later times. Raises: OSError."""
        self._folder = folder
        self._limit = limit // 2
        self._size = (rows, cols)
        self._writer = Writer()
        self._lost = 0
        self._why = _DISK_FULL
        self._retry_at = 0.0
        os.makedirs(folder, exist_ok=True)
        self._file = os.open(f"{folder}/{NEWEST}", _FLAGS, 0o600)
        reached = _reached(self._file)
        self._header = reached.header if reached else Header(rows=rows, cols=cols, began=wall, term=term)
        self._length, self._position = (reached.length, reached.position) if reached else (0, 0)
        self._head = reached.head if reached else 0
        self._time = max(reached.time if reached else 0.0, wall - self._header.began)
        self._offset = self._time - now
        os.ftruncate(self._file, self._length)
        if reached:
            self._write(
                asciicast.marker(self._time, "started again") + asciicast.resize(self._time, rows, cols)
            )
        else:
            self._write(asciicast.header(self._header))
            self._head = self._length

    def output(self, data: bytes, now: float, paint: Callable[[], bytes]) -> None:
        """The program wrote this; the screen does not show it yet. `paint` gives what shows it as it is."""
        time = self._at(now)
        self._position += len(data)
        if self._lost and not self._caught_up(time, now, paint):
            self._lost += len(data)
            return
        waiting = self._writer.unfinished + len(data)
        text = self._writer.output(time, data)
        full = self._length + len(text) > self._limit
        if (full and not self._turned_over(time, self._position - waiting, paint)) or not self._write(text):
            self._lost += waiting
            self._writer = Writer()
            self._retry_at = now + _RETRY_S

    def resized(self, rows: int, cols: int, now: float) -> None:
        """The terminal has this size from now on."""
        self._size = (rows, cols)
        if not self._lost:
            self._write(asciicast.resize(self._at(now), rows, cols))

    def typed(self, typist: Typist, now: float) -> None:
        """Somebody types. Where nothing is written but this, that is given up before it takes up much."""
        author, person, size = typist
        text = asciicast.typed(self._at(now), author, person=person, size=size)
        if not self._lost and self._length + len(text) <= self._limit:
            self._write(text)

    @property
    def due(self) -> float | None:
        """When to `retry`; None as long as all is recorded."""
        return self._retry_at if self._lost else None

    @property
    def why(self) -> str:
        """Why it was that something was not recorded."""
        return self._why

    def retry(self, now: float, paint: Callable[[], bytes]) -> None:
        """Tell of what was lost, if there is room now."""
        self._caught_up(self._at(now), now, paint)

    def close(self, now: float, paint: Callable[[], bytes]) -> None:
        """Nothing more comes."""
        time = self._at(now)
        if not self._lost or self._caught_up(time, self._retry_at, paint):
            self._write(self._writer.rest(time))
        os.close(self._file)

    def _at(self, now: float) -> float:
        self._time = max(self._time, self._offset + now)
        return self._time

    def _write(self, text: str) -> bool:
        data = text.encode()
        try:
            written = os.write(self._file, data)
        except OSError as error:
            written, self._why = 0, error.strerror or str(error)
        if written < len(data):
            with suppress(OSError):
                os.ftruncate(self._file, self._length)
            return False
        self._length += written
        return True

    def _caught_up(self, time: float, now: float, paint: Callable[[], bytes]) -> bool:
        if now < self._retry_at:
            return False
        self._retry_at = now + _RETRY_S
        text = asciicast.marker(time, f"{self._lost} bytes of output not recorded: {self._why}")
        if not self._write(text + self._painted(time, paint)):
            return False
        self._lost = 0
        return True

    def _turned_over(self, time: float, before: int, paint: Callable[[], bytes]) -> bool:
        """Go on in a new file; the one until now becomes the older, and what was that is gone."""
        stage = asciicast.marker(time, f"{before} bytes of output came before this")
        stage += self._painted(time, paint)
        rows, cols = self._size
        header = self._header._replace(
            rows=rows,
            cols=cols,
            before=before,
            start=self._header.start + self._length - self._head,
            repaint=len(stage.encode()),
        )
        begun = f"{self._folder}/{_BEGUN}"
        old = (self._file, self._length)
        try:
            self._file, self._length = os.open(begun, _FLAGS | os.O_TRUNC, 0o600), 0
        except OSError as error:
            self._why = error.strerror or str(error)
            return False
        if not self._write(asciicast.header(header) + stage):
            os.close(self._file)
            with suppress(OSError):
                os.unlink(begun)
            self._file, self._length = old
            return False
        try:
            self._put_in_place(begun)
        except OSError as error:
            self._why = error.strerror or str(error)
            os.close(self._file)
            self._file, self._length = old
            return False
        os.close(old[0])
        self._header, self._head = header, self._length
        return True

    def _put_in_place(self, begun: str) -> None:
        newest, older = f"{self._folder}/{NEWEST}", f"{self._folder}/{OLDER}"
        with suppress(FileNotFoundError):
            os.unlink(older)
        with suppress(FileNotFoundError):  # somebody in the session has removed it
            os.link(newest, older)  # so that there is a newest at each moment, for those who read
        os.replace(begun, newest)

    def _painted(self, time: float, paint: Callable[[], bytes]) -> str:
        return asciicast.resize(time, *self._size) + asciicast.painted(time, paint())


def _reached(file: int) -> _Reached | None:
    """How far the recording in a file is; None where there is none."""
    with open(file, "rb", closefd=False) as lines:
        try:
            header = asciicast.read_header(lines.readline().decode())
        except ValueError:
            return None
        length, time, position = lines.tell(), 0.0, header.before
        head = length + header.repaint

        def whole() -> Iterator[str]:
            nonlocal length
            for line in lines:
                if line.endswith(b"\n"):
                    length += len(line)
                    yield line.decode(errors="replace")

        for event in asciicast.read(whole()):
            time = event.time
            if isinstance(event, Output) and not event.painted:
                position += len(event.data)
    return _Reached(header, head, length, time, position)
