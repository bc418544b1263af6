"""How fast recordings are read, of a session that runs: `python -m tests.bench.log`

Beside `docker cp` of the same files, in turns, on one engine, from one Nushell. What programs write comes in
small pieces where they write a line now and then, and in large ones where they write much at once.
"""

from __future__ import annotations

import io
import sys
import tarfile
import threading
from collections.abc import Iterator

from tests.bench.figures import Figure, at_least, at_most, beside, in_turns, timed
from tests.bench.measures import Bench, in_nu, launch_session, remove_all
from tests.bench.standing import measured
from vibenv_core import log as core
from vibenv_core.supervisor import LOG_FOLDER, asciicast
from vibenv_core.supervisor.recording import NEWEST

LARGE = 50 << 20
"""Bytes of a recording."""
SPEED = 30
"""MB/s that a recording is read with."""
FIRST_MS = 20
LINE = b"\x1b[32m%8d\x1b[0m a line of a build, as a compiler might write it: \xc3\xa9l\xc3\xa9ment\r\n"
_WAYS = {"--cast": "--cast | save --force got", "rows": "| length", "--text": "--text | save --force got"}


def measure(bench: Bench, size: int) -> Iterator[Figure]:
    """All the figures, of the session `bench`, whose recording has `size` bytes."""
    launch_session(bench, "bench", image=bench.settings.base_image)
    try:
        for pieces, lines in (("small", 1), ("large", 200)):
            content = recording(size, lines)
            _put(bench, content)
            of = f"{size >> 20} MiB in {pieces} pieces"
            yield from _first(bench, of)
            yield from _all(bench, of, len(content) / 1e6)
    finally:
        remove_all(bench)


def recording(size: int, lines: int) -> bytes:
    """A recording of about `size` bytes, whose events have so many lines."""
    writer = asciicast.Writer()
    header = asciicast.header(asciicast.Header(rows=24, cols=80, began=1.7e9, term="xterm-256color"))
    event = writer.output(0.0, b"".join(LINE % number for number in range(lines)))
    count = size // len(event.encode())
    body = (
        writer.output(number / 100, b"".join(LINE % each for each in range(number, number + lines)))
        for number in range(count)
    )
    return (header + "".join(body)).encode()


def _put(bench: Bench, content: bytes) -> None:
    """Put a recording in the place of the session's own."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as made:
        entry = tarfile.TarInfo(NEWEST)
        entry.size = len(content)
        made.addfile(entry, io.BytesIO(content))
    bench.engine.put_archive("vibenv-bench", LOG_FOLDER, iter([archive.getvalue()]))


def _first(bench: Bench, of: str) -> Iterator[Figure]:
    never = threading.Event()

    def first() -> float:
        return timed(lambda: next(core.read(bench.engine, "bench", cancelled=never).events()))

    (times,) = in_turns(bench.rounds, first)
    yield at_most(f"log, its first row, {of}", times, ms=FIRST_MS)
    head = f"^docker exec vibenv-bench head --lines 2 {LOG_FOLDER}/{NEWEST}"
    ours, other = in_nu(bench, "vibenv log bench | first 1", head)
    yield beside(f"log | first 1, {of}, to `docker exec … head`", ours, other)


def _all(bench: Bench, of: str, size_mb: float) -> Iterator[Figure]:
    copy = f"^docker cp --quiet vibenv-bench:{LOG_FOLDER}/{NEWEST} got"
    for way, line in _WAYS.items():
        times = in_nu(bench, f"vibenv log bench {line}", copy)
        ours, other = [[size_mb / ms * 1000 for ms in taken] for taken in times]
        yield at_least(f"log, {way}, {of}, to `docker cp`", ours, other, speed=SPEED)


if __name__ == "__main__":
    sys.exit(measured("tests.bench.log", __doc__, lambda bench: measure(bench, LARGE), rounds=3))
