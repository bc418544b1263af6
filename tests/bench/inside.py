"""How fast programs are run in sessions, and files read, written and copied: `python -m tests.bench.inside`

Each is held against the same by Docker's own command line, in turns, on one engine, from one Nushell.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure, at_most_times, in_turns, timed
from tests.bench.measures import Bench, in_nu, launch_session, remove_all
from tests.bench.standing import measured
from vibenv_core import exec as core

DOCKERS_SPEED = 0.8
"""What of `docker cp`'s speed is asked of copies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What is copied: bytes of the one file and of the folder, and how many small files."""

    large: int = 100 << 20
    each: int = 1 << 20
    small_files: int = 2000


def measure(bench: Bench, sizes: Sizes) -> Iterator[Figure]:
    """All the figures, of the session `bench`."""
    launch_session(bench, "bench", image=bench.settings.base_image)
    try:
        yield from _exec(bench)
        yield from _file(bench, sizes)
        yield from _folders(bench, sizes)
    finally:
        remove_all(bench)


def _exec(bench: Bench) -> Iterator[Figure]:
    wish = core.Exec(argv=["true"], env={})
    docker = ["docker", "--host", bench.url, "exec", "vibenv-bench", "true"]

    def first() -> float:
        bench.engine.kept.close()
        never = threading.Event()
        return timed(lambda: core.finished(bench.engine, "bench", wish, cancelled=never))

    times = in_turns(bench.rounds, first, lambda: timed(partial(subprocess.run, docker, check=True)))
    yield at_most_times("exec true, the first in a while, to `docker exec`", *times, factor=1)
    times = in_nu(bench, "vibenv exec bench true", "^docker exec vibenv-bench true")
    yield at_most_times("exec true, to `docker exec`", *times, factor=1)


def _file(bench: Bench, sizes: Sizes) -> Iterator[Figure]:
    (bench.folder / "large").write_bytes(os.urandom(sizes.large))
    title = f"of {sizes.large >> 20} MiB, to `docker cp`"
    times = in_nu(
        bench, "open --raw large | vibenv write bench /large", "^docker cp --quiet large vibenv-bench:/large"
    )
    yield at_most_times(f"write {title}", *times, factor=1 / DOCKERS_SPEED)
    times = in_nu(
        bench,
        "vibenv read bench /large | save --force back",
        "^docker cp --quiet vibenv-bench:/large back",
    )
    yield at_most_times(f"read {title}", *times, factor=1 / DOCKERS_SPEED)


def _folders(bench: Bench, sizes: Sizes) -> Iterator[Figure]:
    yield from _folder(bench, f"{sizes.large >> 20} MiB", sizes.large // sizes.each, sizes.each)
    yield from _folder(bench, f"{sizes.small_files} small files", sizes.small_files, 1 << 10)


def _folder(bench: Bench, title: str, count: int, size: int) -> Iterator[Figure]:
    source = Path(tempfile.mkdtemp(dir=bench.folder, prefix="folder-"))
    for number in range(count):
        (source / f"{number}").write_bytes(os.urandom(size))
    name = source.name
    times = in_nu(
        bench,
        f"vibenv push bench {name} /pushed",
        f"^docker cp --quiet {name} vibenv-bench:/pushed",
        before="vibenv exec bench rm -rf /pushed",
    )
    yield at_most_times(f"push a folder of {title}, to `docker cp`", *times, factor=1 / DOCKERS_SPEED)
    times = in_nu(
        bench,
        "vibenv pull bench /pushed pulled",
        "^docker cp --quiet vibenv-bench:/pushed pulled",
        before="rm --recursive --force pulled",
    )
    yield at_most_times(f"pull a folder of {title}, to `docker cp`", *times, factor=1 / DOCKERS_SPEED)


if __name__ == "__main__":
    sys.exit(measured("tests.bench.inside", __doc__, lambda bench: measure(bench, Sizes())))
