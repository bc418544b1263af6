"""The recording of a session's terminal: of one that runs, that is stopped, or that left only this."""

from __future__ import annotations

import itertools
import posixpath
import tarfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import kept_logs, labels, running, session_plan
from .errors import EngineError, NotFound, Unreachable, WrongState
from .inside.framing import BLOCK, OUTPUT
from .inside.read_log import NEWEST, OLDER
from .inside.unpack import File
from .model import session_name
from .recorded import Recorded
from .session_plan import NOT_RUNNING
from .spool import spooled
from .supervisor import LOG_FOLDER, asciicast
from .supervisor.asciicast import Header

if TYPE_CHECKING:
    from .engine import Engine

_TRIES = 5
"""How often what is read is asked for again while nothing new comes of it."""
_RETRY_S = 0.2


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


def read(
    engine: Engine,
    name: str,
    *,
    follow: bool = False,
    kept: bool = False,
    volume: str | None = None,
    cancelled: threading.Event,
) -> Log:
    """The recording of the session `name`, or of the last one that was called so; returns when it begins.

    With `follow` it goes on as the session does, and ends with it. With `kept` it is not that of a session
    that is there; `volume` says which, if not the newest. What goes on over a link that breaks goes on.

    Raises: UsageError, NotFound, WrongState (it has no recording), Unreachable, Interrupted; so do `lines`.
    """
    recorded = Recorded()
    if kept or volume is not None:
        lines = _kept(engine, session_name(name), volume, recorded, cancelled)
    else:
        lines = _of_session(engine, session_name(name), recorded, follow, cancelled)
    first = next(lines, None)
    if recorded.header is None:
        raise WrongState(
            f"there is no recording of `{name}`",
            code="log::nothing",
            help="what a session shows is recorded from its first start on",
            about="name",
        )
    return Log(recorded.header, lines if first is None else itertools.chain((first,), lines))


def _of_session(
    engine: Engine, name: str, recorded: Recorded, follow: bool, cancelled: threading.Event
) -> Iterator[bytes]:
    """The recording of a session that is there, or else of the last that was.

    The engine reads most quickly, but a session cannot be entered or stopped meanwhile, so not over a link.
    """
    try:
        if follow or engine.way is not None:
            try:
                yield from _from_inside(engine, name, recorded, follow, cancelled)
            except WrongState as error:
                if error.code != f"vibenv::{NOT_RUNNING}":
                    raise
            else:
                return
        found = session_plan.find(name, engine.inspect(labels.container_name(name)))
        yield from _archived(engine, found.id, recorded, cancelled)
    except NotFound:
        if recorded.header is None:
            yield from _kept(engine, name, None, recorded, cancelled)


def _kept(
    engine: Engine, name: str, volume: str | None, recorded: Recorded, cancelled: threading.Event
) -> Iterator[bytes]:
    found = kept_logs.find(engine, name, volume=volume)
    with kept_logs.reader(engine, found.name) as container:
        yield from _archived(engine, container, recorded, cancelled)


def _from_inside(
    engine: Engine, name: str, recorded: Recorded, follow: bool, cancelled: threading.Event
) -> Iterator[bytes]:
    """What is new, by a program in the session, and more as it comes; over a link it is compressed.

    Raises: NotFound; WrongState, also once the session ends.
    """
    failed = 0
    while True:
        before = recorded.position
        request = {
            "folder": LOG_FOLDER,
            "position": before,
            "follow": follow,
            "compressed": engine.way is not None,
        }
        plain = zlib.decompressobj()
        try:
            for kind, payload in running.run(engine, name, "read_log", request, cancelled=cancelled):
                if kind != OUTPUT:
                    return
                piece = plain.decompress(payload) if request["compressed"] else payload
                if piece.startswith(b"{"):
                    recorded.begin(oldest=True)
                if lines := recorded.feed(piece):
                    yield lines
        except Unreachable:
            failed = 0 if recorded.position != before else failed + 1
            if failed == _TRIES or cancelled.wait(_RETRY_S):
                raise
            engine.ping()  # has the link mended


def _archived(
    engine: Engine, container: str, recorded: Recorded, cancelled: threading.Event
) -> Iterator[bytes]:
    """What is new, by the engine's archives: of all that was recorded when this was called.

    Raises: NotFound (the container).
    """
    enough: int | None = None
    in_vain = 0
    while True:
        before = recorded.position
        broken: Exception | None = None
        try:
            with closing(spooled(engine.archive(container, LOG_FOLDER), cancelled)) as blocks:
                yield from _unpacked(blocks, recorded, settled=in_vain >= _TRIES)
        except (Unreachable, tarfile.TarError) as error:  # the latter where a file was another one meanwhile
            broken = error
        if broken is None and recorded.missed is None:
            return
        if enough is None:
            enough = recorded.missed
        if enough is not None and recorded.position is not None and recorded.position >= enough:
            return
        in_vain = 0 if recorded.position != before else in_vain + 1
        if broken is not None and in_vain > _TRIES:
            raise EngineError(
                f"the recording could not be read: {broken}", code="log::unreadable"
            ) from broken


def _unpacked(blocks: Iterator[bytes], recorded: Recorded, *, settled: bool) -> Iterator[bytes]:
    """What is new in a tar stream of the folder; `settled` says that what is not in it is nowhere.

    Its entries come in the order of their names, the older file first.
    """
    with tarfile.open(fileobj=File(blocks), mode="r|", bufsize=BLOCK) as archive:
        for entry in archive:
            name = posixpath.basename(entry.name)
            file = archive.extractfile(entry) if name in (OLDER, NEWEST) and entry.isreg() else None
            if file is None:
                continue
            recorded.begin(oldest=settled or name == OLDER)
            while block := file.read(BLOCK):
                if lines := recorded.feed(block):
                    yield lines
