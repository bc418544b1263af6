"""A session's recording is read while it is written and its files turn over: nothing is lost or doubled."""

import dataclasses
import errno
import itertools
import json
import os
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.core.plain_session import NEVER, PlainEngine
from vibenv_core import log
from vibenv_core.errors import EngineError, Interrupted, WrongState
from vibenv_core.model import Container, SessionState
from vibenv_core.recorded import Event
from vibenv_core.spool import spooled
from vibenv_core.supervisor.recording import NEWEST, OLDER, Recording

STEP = 8
"""Bytes that a number takes on the terminal."""


class Writer:
    """The supervisor's recording: numbers, one a line; its two files hold at most `limit` bytes."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._recording = Recording(
            str(folder), limit=limit, rows=24, cols=80, term="xterm", wall=1000.0, now=0.0
        )
        self.written = 0

    def write(self, count: int) -> None:
        for _ in range(count):
            self._recording.output(b"%06d\r\n" % self.written, self.written / 1000, lambda: b"<painted>")
            self.written += 1


class LoggedEngine(PlainEngine):
    """An engine whose one session has a recording, which it can give as an archive."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.log = folder / "log"
        self.log.mkdir()
        self.state = SessionState.RUNNING
        self.meanwhile: Callable[[], object] = lambda: None
        """Called while an archive is made."""
        self.archives = 0

    def inspect(self, container: str) -> Container:
        return dataclasses.replace(super().inspect(container), state=self.state)

    def ping(self) -> None:
        """It answers at once."""

    def archive(self, _container: str, _path: str) -> Generator[bytes]:  # type: ignore[override]
        """As Docker makes it: the size of a file is announced before it is opened, and never gone beyond."""
        self.archives += 1
        folder = tarfile.TarInfo("session")
        folder.type = tarfile.DIRTYPE
        yield folder.tobuf()
        for path in sorted(self.log.iterdir()):
            entry = tarfile.TarInfo(f"session/{path.name}")
            entry.size = path.stat().st_size
            self.meanwhile()
            content = path.read_bytes()[: entry.size]
            yield entry.tobuf()
            for at in range(0, len(content), 1000):
                self.meanwhile()
                yield content[at : at + 1000]
            if len(content) < entry.size:
                return
            yield bytes(-entry.size % tarfile.BLOCKSIZE)
        yield bytes(2 * tarfile.BLOCKSIZE)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoggedEngine]:
    """Such an engine, whose session's programs have ended with the test."""
    engine = LoggedEngine(tmp_path)
    monkeypatch.setattr(log, "LOG_FOLDER", str(engine.log))
    yield engine
    engine.kept.close()
    for process in engine.started:
        try:
            process.wait(timeout=10)
        finally:
            process.kill()


def read(engine: LoggedEngine, **wishes: Any) -> log.Log:
    return log.read(engine.as_engine, "a", **{"cancelled": NEVER, **wishes})


def checked(events: Iterable[Event], *, missing: bool) -> Iterator[int]:
    """Numbers follow one another; unless it is said, if that may be, how many bytes came before the next."""
    expected, gone = 0, None
    for event in events:
        if event.kind == "marker":
            gone = int(event.text.split()[0])
        elif event.kind == "output":
            number = int(event.text)
            assert number == expected or (missing and gone == STEP * number), (number, expected, gone)
            expected, gone = number + 1, None
            yield number


@pytest.mark.parametrize("way", [None, "a link"])
def test_a_recording_is_read_whole_by_either_way(engine: LoggedEngine, way: str | None) -> None:
    engine.way = way
    Writer(engine.log, 1 << 20).write(500)
    assert list(checked(read(engine).events(), missing=False)) == list(range(500))
    assert bool(engine.archives) == (way is None)


def test_by_archives_nothing_is_lost_that_is_there_when_the_files_turn_over_meanwhile(
    engine: LoggedEngine,
) -> None:
    engine.way = None
    writer = Writer(engine.log, 40_000)
    writer.write(800)
    engine.meanwhile = lambda: writer.write(26) if engine.archives == 1 else None
    found = list(checked(read(engine).events(), missing=False))
    assert found[-1] >= 800
    assert engine.archives == 2


def test_by_archives_of_a_writer_that_is_quicker_all_that_is_missing_is_said(engine: LoggedEngine) -> None:
    engine.way = None
    writer = Writer(engine.log, 6_000)
    writer.write(300)
    engine.meanwhile = lambda: writer.write(90)
    assert list(checked(read(engine).events(), missing=True))[-1] >= 299
    assert 1 < engine.archives < 50


def test_an_archive_that_breaks_off_each_time_is_no_recording(engine: LoggedEngine) -> None:
    engine.way = None
    Writer(engine.log, 1 << 20).write(10)
    engine.meanwhile = lambda: (engine.log / NEWEST).write_bytes(b"")
    with pytest.raises((EngineError, WrongState)):
        list(read(engine).lines)


def test_who_follows_sees_what_is_written_as_the_files_turn_over(engine: LoggedEngine) -> None:
    writer = Writer(engine.log, 200_000)
    writer.write(1)
    numbers = checked(read(engine, follow=True).events(), missing=False)
    assert next(numbers) == 0
    late = []
    for _ in range(60):
        begun = time.monotonic()
        writer.write(100)
        while next(numbers) != writer.written - 1:
            pass
        late.append(time.monotonic() - begun)
    assert sorted(late)[len(late) // 2] < 0.5
    assert (engine.log / "session.1.cast").exists()


def test_who_follows_a_writer_that_is_quicker_is_told_what_is_missing(engine: LoggedEngine) -> None:
    writer = Writer(engine.log, 3_000)
    writer.write(1)
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            writer.write(200)

    thread = threading.Thread(target=write)
    numbers = checked(read(engine, follow=True).events(), missing=True)
    thread.start()
    try:
        found = list(itertools.islice(numbers, 3000))
    finally:
        ended.set()
        thread.join()
    assert found[-1] > len(found)


@pytest.mark.parametrize("way", [None, "a link"])
def test_a_connection_that_is_cut_is_made_again_and_nothing_comes_twice(
    engine: LoggedEngine, way: str | None
) -> None:
    engine.way = way
    writer = Writer(engine.log, 1 << 20)
    writer.write(10)
    numbers = checked(read(engine, follow=True).events(), missing=False)
    for last in (9, 19, 29):
        while next(numbers) != last:
            pass
        engine.started[-1].kill()
        writer.write(10)
    assert next(numbers) == 30
    assert len(engine.started) == 4


def test_what_came_last_is_there_when_the_session_has_ended(engine: LoggedEngine) -> None:
    writer = Writer(engine.log, 1 << 20)
    writer.write(10)
    numbers = checked(read(engine, follow=True).events(), missing=False)
    assert next(numbers) == 0
    engine.started[-1].kill()
    writer.write(10)
    engine.state = SessionState.STOPPED
    assert list(numbers)[-1] == 19


def test_who_follows_ends_when_it_was_to(engine: LoggedEngine) -> None:
    Writer(engine.log, 1 << 20).write(10)
    begun = time.monotonic()
    assert list(checked(read(engine, follow=True, for_s=2.0).events(), missing=False)) == list(range(10))
    assert 2.0 <= time.monotonic() - begun < 10


def test_who_follows_ends_when_it_is_cancelled(engine: LoggedEngine) -> None:
    Writer(engine.log, 1 << 20).write(1)
    cancelled = threading.Event()
    numbers = checked(read(engine, follow=True, cancelled=cancelled).events(), missing=False)
    assert next(numbers) == 0
    threading.Timer(0.1, cancelled.set).start()
    with pytest.raises(Interrupted):
        next(numbers)


def test_who_follows_does_not_keep_a_processor_busy(engine: LoggedEngine) -> None:
    Writer(engine.log, 1 << 20).write(1)
    cancelled = threading.Event()
    events = read(engine, follow=True, cancelled=cancelled).events()
    next(events)
    stat = Path(f"/proc/{engine.started[-1].pid}/stat")

    def ticks() -> int:
        return sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))

    before, after = ticks(), []

    def look() -> None:
        after.append(ticks())
        cancelled.set()

    threading.Timer(1.0, look).start()
    with pytest.raises(Interrupted):
        next(events)
    assert after[0] - before < 0.2 * os.sysconf("SC_CLK_TCK")


def test_only_what_came_since_a_time_is_given(engine: LoggedEngine) -> None:
    Writer(engine.log, 1 << 20).write(100)
    since = datetime.fromtimestamp(1000.0 + 0.0895, UTC)
    assert [int(event.text) for event in read(engine).events(since=since)] == list(range(90, 100))
    assert "".join(read(engine).text(since=since)).split() == [f"{number:06d}" for number in range(90, 100)]


def test_a_session_without_a_recording_says_so(engine: LoggedEngine) -> None:
    with pytest.raises(WrongState) as raised:
        read(engine)
    assert raised.value.code == "vibenv::log::nothing"


def test_a_recording_that_cannot_be_read_in_the_session_does_not_look_whole(engine: LoggedEngine) -> None:
    engine.way = "a link"
    Writer(engine.log, 1 << 20).write(10)
    older = (engine.log / NEWEST).rename(engine.log / OLDER)
    header = json.loads(older.read_bytes().splitlines()[0])
    header["vibenv"] |= {"start": 1, "repaint": -1_000_000}
    (engine.log / NEWEST).write_text(json.dumps(header) + "\n")
    with pytest.raises(EngineError, match="the recording of `a` cannot be read: Invalid argument"):
        list(read(engine).lines)


def test_a_file_that_is_larger_than_any_recording_does_not_fill_the_disk(
    engine: LoggedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.way = None
    Writer(engine.log, 1 << 20).write(10)
    (engine.log / "large").write_bytes(bytes(1 << 20))
    monkeypatch.setattr(log, "_MOST", 1 << 19)
    with pytest.raises(EngineError, match="File too large"):
        list(read(engine).lines)


def test_a_full_disk_is_told_of(engine: LoggedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    engine.way = None
    Writer(engine.log, 1 << 20).write(10)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(EngineError, match="No space left on device"):
        read(engine)


def test_a_slow_reader_does_not_hold_up_the_engine() -> None:
    taken = threading.Event()

    def blocks() -> Generator[bytes]:
        for _ in range(64):
            yield bytes(1 << 18)
        taken.set()

    slow = spooled(blocks(), NEVER, most=1 << 30)
    first = next(slow)
    assert taken.wait(10)
    assert len(first) + sum(map(len, slow)) == 64 << 18


def test_an_error_comes_after_what_came_before_it() -> None:
    def blocks() -> Generator[bytes]:
        yield b"some"
        raise EngineError("no more", code="engine::refused")

    found = spooled(blocks(), NEVER, most=1 << 30)
    assert next(found) == b"some"
    with pytest.raises(EngineError):
        next(found)


def test_who_leaves_early_ends_what_is_read() -> None:
    closed = threading.Event()

    def blocks() -> Generator[bytes]:
        try:
            while True:
                yield b"more"
        finally:
            closed.set()

    found = spooled(blocks(), NEVER, most=1 << 30)
    next(found)
    found.close()
    assert closed.wait(10)
