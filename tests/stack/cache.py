"""What was built or fetched, kept by content in the user's cache folder.

An entry's name is its kind and a digest of everything it is made from, so a changed recipe makes a new entry.
An entry appears whole or not at all: it is made beside its place and renamed into it.
"""

import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path


def root() -> Path:
    """The folder of all entries: `vibenv` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "vibenv"


def digest(*inputs: str | Path) -> str:
    """Twelve hex digits over texts, files' contents, and folders' names and contents."""
    total = hashlib.sha256()
    for item in inputs:
        if isinstance(item, str):
            total.update(item.encode() + b"\0")
            continue
        files = [item] if item.is_file() else sorted(path for path in item.rglob("*") if path.is_file())
        for path in files:
            total.update(
                path.relative_to(item.parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
            )
    return total.hexdigest()[:12]


def entry(kind: str, inputs: str, make: Callable[[Path], None]) -> Path:
    """The entry of `kind` made from what `inputs` is the digest of; `make(path)` writes it when missing.

    Two that want the same entry at once make it once.
    """
    place = root() / f"{kind}-{inputs}"
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with (root() / f".{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.exists():
            return place
        half = root() / f".{place.name}.half"
        _remove(half)
        print(f"  making {kind} ...", file=sys.stderr, flush=True)
        began = time.monotonic()
        make(half)
        half.rename(place)
        print(f"  made {kind} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return place


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
