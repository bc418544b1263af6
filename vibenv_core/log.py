"""The recording of a session's terminal: of one that runs, that is stopped, or that left only this."""

from __future__ import annotations

import itertools
import posixpath
import re
import tarfile
import threading
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from . import kept_logs, labels, recorded, running, session_plan
from .errors import EngineError, NotFound, Unreachable, WrongState
from .inside.framing import BLOCK, OUTPUT
from .inside.read_log import NEWEST, OLDER
from .inside.unpack import File
from .inside_server import TIMEOUT
from .model import session_name
from .plain_text import PlainText
from .recorded import Event, Recorded
from .session_plan import NOT_RUNNING
from .spool import spooled
from .supervisor import LOG_FOLDER, LOG_LIMIT, asciicast
from .supervisor.asciicast import Header

if TYPE_CHECKING:
    from .engine import Engine

_TRIES = 5
"""How often what is read is asked for again while nothing new comes of it."""
_RETRY_S = 0.2
_MOST = 4 * LOG_LIMIT
"""Bytes of an archive; what is more somebody in the session has put there, to fill this machine's disk."""
_FIRST = 1 << 14
"""Bytes of a file that are looked at first: the fewer, the sooner something is shown."""


@dataclass(frozen=True, slots=True)
class Log:
    """A recording that is being read."""

    header: Header
    lines: Iterator[bytes]
    """Those that are `playable`, in blocks as they come."""

    def cast(self) -> Iterator[bytes]:
        """As asciicast v2."""
        yield asciicast.header(self.header).encode()
        yield from self.lines

    def events(self, *, since: datetime | None = None) -> Iterator[Event]:
        """What happened, from then on; its times count from `header.began`."""
        from_s = self._from_s(since)
        for block in recorded.events(self.lines):
            yield from block if from_s <= 0 else (event for event in block if event.time >= from_s)

    def text(self, *, since: datetime | None = None, at_once: bool = False) -> Iterator[str]:
        """What was shown, as `plain_text` has it: whole lines, many or few at a time."""
        from_s = self._from_s(since)
        plain = PlainText(self.header.rows, self.header.cols, at_once=at_once)
        for block in recorded.events(self.lines):
            for kind, events in itertools.groupby(block, key=lambda event: event.kind):
                if kind == "output":
                    written = "".join([event.text for event in events if event.time >= from_s])
                    if lines := plain.feed(written):
                        yield lines
                elif kind == "resize":
                    *_, (_, _, size) = events
                    cols, _, rows = size.partition("x")
                    plain.resize(_number(rows), _number(cols))
        if lines := plain.end():
            yield lines

    def _from_s(self, since: datetime | None) -> float:
        return 0.0 if since is None else since.timestamp() - self.header.began


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,5}", text) else 0


def read(
    engine: Engine,
    name: str,
    *,
    follow: bool = False,
    for_s: float | None = None,
    kept: bool = False,
    volume: str | None = None,
    cancelled: threading.Event,
) -> Log:
    """The recording of the session `name`, or of the last one that was called so; returns when it begins.

    With `follow` it goes on as the session does, and ends with it, or after `for_s`. With `kept` it is not
    that of a session that is there; `volume` says which, if not the newest. Where a link breaks meanwhile,
    it goes on once that is mended.

    Raises: UsageError, NotFound, WrongState (it has no recording), Unreachable, Interrupted; so do `lines`.
    """
    deadline = None if for_s is None else monotonic() + for_s
    reading = _Reading(engine, session_name(name), follow, deadline, cancelled)
    lines = reading.kept(volume) if kept or volume is not None else reading.session()
    first = next(lines, None)
    if reading.so_far.header is None:
        raise WrongState(
            f"there is no recording of `{name}`",
            code="log::nothing",
            help="what a session shows is recorded from its first start on",
            about="name",
        )
    return Log(reading.so_far.header, lines if first is None else itertools.chain((first,), lines))


class _Reading:
    """What is new of a recording, by one way or another; `so_far` is how far it was read."""

    def __init__(
        self, engine: Engine, name: str, follow: bool, deadline: float | None, cancelled: threading.Event
    ) -> None:
        self._engine = engine
        self._name = name
        self._follow = follow
        self._deadline = deadline
        self._cancelled = cancelled
        self.so_far = Recorded()

    def session(self) -> Iterator[bytes]:
        """The recording of a session that is there, or else of the last that was.

        An engine gives it most quickly; but as long as it does, the session cannot be entered or stopped: so
        over a link it is asked for in the session.
        """
        try:
            if (self._follow or self._engine.way is not None) and not (yield from self._inside()):
                return
            found = session_plan.find(self._name, self._engine.inspect(labels.container_name(self._name)))
            yield from self._archived(found.id)
        except NotFound as error:
            if self.so_far.header is None:
                yield from self._left_by(error)

    def kept(self, volume: str | None) -> Iterator[bytes]:
        """A recording whose session is no more; the newest, unless `volume` says which. Raises: NotFound."""
        found = kept_logs.find(self._engine, self._name, volume=volume)
        with kept_logs.reader(self._engine, found.name) as container:
            yield from self._archived(container)

    def _left_by(self, error: NotFound) -> Iterator[bytes]:
        """As `kept`. Raises: `error`, where there is none of these either."""
        try:
            yield from self.kept(None)
        except NotFound as neither:
            raise (neither if self.so_far.header else error) from None

    def _inside(self) -> Generator[bytes, None, bool]:
        """What a program in the session gives, and if that is wished, more as it comes; over a link it is
        compressed. Ends with whether there may be more that it could not give, as the session has ended.

        Raises: NotFound, Unreachable, Interrupted.
        """
        failed = 0
        while True:
            before = self.so_far.position
            try:
                yield from self._program()
            except WrongState as error:
                if error.code == f"vibenv::{NOT_RUNNING}":
                    return True
                if error.code != f"vibenv::{TIMEOUT}":
                    raise
            except Unreachable:
                failed = 0 if self.so_far.position != before else failed + 1
                if failed == _TRIES or self._cancelled.wait(_RETRY_S):
                    raise
                self._engine.ping()  # has the link mended
                continue
            return False

    def _program(self) -> Iterator[bytes]:
        compressed = self._engine.way is not None
        request = {
            "folder": LOG_FOLDER,
            "position": self.so_far.position,
            "follow": self._follow,
            "compressed": compressed,
        }
        left_s = None if self._deadline is None else max(self._deadline - monotonic(), 0.0)
        plain = zlib.decompressobj()
        frames = running.run(
            self._engine, self._name, "read_log", request, timeout_s=left_s, cancelled=self._cancelled
        )
        for kind, payload in frames:
            if kind == OUTPUT:
                piece = plain.decompress(payload) if compressed else payload
                if piece.startswith(b"{"):
                    self.so_far.begin(oldest=True)
                if lines := self.so_far.feed(piece):
                    yield lines
            elif why := running.parsed(payload).get("refused"):
                raise self._unreadable(why)

    def _unreadable(self, why: object) -> EngineError:
        return EngineError(f"the recording of `{self._name}` cannot be read: {why}", code="log::unreadable")

    def _archived(self, container: str) -> Iterator[bytes]:
        """What an engine's archives give: all that was recorded when this was called.

        Raises: NotFound (the container), EngineError, Unreachable, Interrupted.
        """
        so_far = self.so_far
        enough: int | None = None
        in_vain = 0
        while True:
            before = so_far.position
            archive = spooled(self._engine.archive(container, LOG_FOLDER), self._cancelled, most=_MOST)
            try:
                with closing(archive) as blocks:
                    yield from _unpacked(blocks, so_far, settled=in_vain >= _TRIES)
            except (Unreachable, tarfile.TarError) as error:  # the link broke; a file was replaced just then
                in_vain = 0 if so_far.position != before else in_vain + 1
                if in_vain > _TRIES and isinstance(error, Unreachable):
                    raise
                if in_vain > _TRIES:
                    raise self._unreadable(error) from error
                continue
            except OSError as error:  # of this machine's disk, where it is kept meanwhile
                raise self._unreadable(error) from error
            if so_far.missed is None:
                return
            enough = so_far.missed if enough is None else enough
            if so_far.position is not None and so_far.position >= enough:
                return
            in_vain = 0 if so_far.position != before else in_vain + 1


def _unpacked(blocks: Iterator[bytes], so_far: Recorded, *, settled: bool) -> Iterator[bytes]:
    """What is new in a tar stream of the folder; `settled` says that what is not in it is nowhere.

    Its entries come in the order of their names, the older file first.
    """
    with tarfile.open(fileobj=File(blocks), mode="r|", bufsize=BLOCK) as archive:
        for entry in archive:
            name = posixpath.basename(entry.name)
            file = archive.extractfile(entry) if name in (OLDER, NEWEST) and entry.isreg() else None
            if file is None:
                continue
            so_far.begin(oldest=settled or name == OLDER)
            for block in itertools.chain((file.read(_FIRST),), iter(partial(file.read, BLOCK), b"")):
                if lines := so_far.feed(block):
                    yield lines
