"""Files of sessions: read, written, and copied from and to this machine."""

from __future__ import annotations

import contextlib
import errno
import itertools
import stat
import tarfile
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import labels, running
from .errors import EngineError, Interrupted, NotFound, UsageError, VibenvError, WrongState
from .inside.archive import Refused
from .inside.framing import OUTPUT
from .inside.mounts import LARGE
from .inside.pack import base_of, joined, pack, packed_file
from .inside.unpack import unpack
from .inside.write_file import CONTENT
from .inside_programs import EARLY
from .session_plan import NOT_RUNNING

if TYPE_CHECKING:
    from .engine import Engine

_HERE = "this machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that was written; `path` is where links led."""

    path: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied: where it is now, how many files that is, and what is in them together."""

    path: str
    files: int
    size: int


def read(engine: Engine, name: str, path: str, *, cancelled: threading.Event) -> Iterator[bytes]:
    """The content of a file of the session `name`, running or not, in blocks as they come.

    Raises: UsageError, NotFound (also of the file), Foreign, WrongState (it is no file; it may not be read),
    Unreachable, Interrupted.
    """
    yield from _output(engine, name, "read_file", path, engine.read_file, cancelled)


def write(
    engine: Engine,
    name: str,
    path: str,
    content: bytes | Iterable[bytes],
    *,
    mode: int | None = None,
    cancelled: threading.Event,
) -> Written:
    """Put `content` into a file of the session `name`: at once when all is there, or not at all.

    One that is replaced keeps its mode, unless another is wished, and its owner.

    Raises: as `read`, WrongState (it does not run), EngineError (the disk is full), what `content` raises.
    """
    input = content if isinstance(content, bytes) else _gathered(iter(content))
    bulk = engine.way is None and isinstance(input, bytes) and len(input) >= LARGE
    request = {"path": path, "mode": mode, "bulk": bulk}

    def place(at: running.Result) -> None:
        assert isinstance(input, bytes)
        blocks = packed_file(CONTENT, input, uid=at["uid"], gid=at["gid"])
        _put(engine, name, at["folder"], blocks, cancelled)

    said = running.result(
        running.run(engine, name, "write_file", request, input=input, place=place, cancelled=cancelled)
    )
    _check(name, said)
    return Written(path=said["path"], size=said["size"])


def push(
    engine: Engine, name: str, source: str, to: str, *, contents: bool = False, cancelled: threading.Event
) -> Copied:
    """Copy the file or folder `source` of this machine into the session `name`, by the rules of `docker cp`.

    With `contents` only what is in the folder. A file and a new folder are there whole or not at all; where a
    folder joins one that is there, each of its files is.

    Raises: as `write`, and UsageError for what leads out of the folder, or is no file, folder or link.
    """
    try:
        input = _gathered(joined(pack(source)))
        bulk = engine.way is None and not isinstance(input, bytes) and not _has_holes(source)
        request = {
            "to": to,
            "contents": contents,
            "bulk": bulk,
            "base": base_of(source),
            "folder": Path(source).is_dir(),
        }

        def place(at: running.Result) -> None:
            blocks = joined(pack(source, uid=at["uid"], gid=at["gid"]))
            _put(engine, name, at["folder"], blocks, cancelled)

        said = running.result(
            running.run(engine, name, "unpack", request, input=input, place=place, cancelled=cancelled)
        )
    except (OSError, Refused) as error:
        raise _failed_here(error) from error
    _check(name, said)
    return Copied(path=said["path"], files=said["files"], size=said["size"])


def pull(
    engine: Engine, name: str, source: str, to: str, *, contents: bool = False, cancelled: threading.Event
) -> Copied:
    """Copy the file or folder `source` of the session `name`, running or not, to this machine: as `push`."""
    with contextlib.closing(_output(engine, name, "pack", source, engine.archive, cancelled)) as blocks:
        try:
            made = unpack(blocks, to, contents=contents)
        except (OSError, Refused, tarfile.TarError) as error:
            raise _failed_here(error) from error
    return Copied(**made)


def made_folder(path: str) -> str:
    """The folder `path` of this machine, made where it is missing."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failed_here(error) from error
    return path.rstrip("/")


def _output(
    engine: Engine,
    name: str,
    program: str,
    path: str,
    of_engine: Callable[[str, str], Iterator[bytes]],
    cancelled: threading.Event,
) -> Generator[bytes]:
    """What a program gives of what is at `path`; or the engine does, where the session does not run.

    It also does where that is quicker: for much, unless it is a link that is slow.
    """
    container = labels.container_name(name)
    request = {"path": path, "bulk": engine.way is None}
    begun = False
    try:
        for kind, payload in running.run(engine, name, program, request, cancelled=cancelled):
            if kind == OUTPUT:
                begun = True
                yield payload
                continue
            said = running.parsed(payload)
            _check(name, said)
            if "elsewhere" in said:
                yield from _heeding(cancelled, of_engine(container, said["elsewhere"]))
    except WrongState as error:
        if error.code != f"vibenv::{NOT_RUNNING}" or begun:
            raise
        found = engine.stat_path(container, path)
        if found is None:
            raise failed(name, errno.ENOENT, "", path) from error
        yield from _heeding(cancelled, of_engine(container, found.link_target or path))


def _put(engine: Engine, name: str, folder: str, blocks: Iterator[bytes], cancelled: threading.Event) -> None:
    """Have the engine make what is in a tar stream, which is twice as fast as by a program there."""

    def heeding() -> Iterator[bytes]:
        try:
            yield from _heeding(cancelled, blocks)
        except (OSError, Refused) as error:  # of this machine, and not of the way to the engine
            raise _failed_here(error) from error

    engine.put_archive(labels.container_name(name), folder, heeding())


def _has_holes(path: str) -> bool:
    """Whether a file takes less room than it is long: an engine would fill it up."""
    found = Path(path).stat()
    return stat.S_ISREG(found.st_mode) and found.st_blocks * 512 < found.st_size


def _heeding(cancelled: threading.Event, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, until somebody cancels it. Raises: Interrupted."""
    for block in blocks:
        if cancelled.is_set():
            raise Interrupted("copying")
        yield block


def _gathered(blocks: Iterator[bytes]) -> bytes | Iterable[bytes]:
    """The same, as bytes where it is few enough to travel with the request."""
    first = b""
    for block in blocks:
        first += block
        if len(first) > EARLY:
            return itertools.chain((first,), blocks)
    return first


def _failed_here(error: Exception) -> VibenvError:
    if isinstance(error, OSError) and error.errno is not None:
        path = error.filename if isinstance(error.filename, str) else ""
        return failed(_HERE, error.errno, error.strerror or "", path)
    return failed(_HERE, None, str(error), "")


def _check(place: str, said: Mapping[str, Any]) -> None:
    """Raise what a program meant by an error; `place` is where it worked."""
    if "refused" in said:
        raise failed(place, said.get("errno"), said["refused"], said.get("path") or "")


def failed(place: str, number: int | None, why: str, path: str) -> VibenvError:
    """What the system's error `number` about a `path` is to the user; None is a refusal of our own."""
    where = f"on {place}" if place == _HERE else f"in `{place}`"
    at = f"`{path}` {where}" if path else where.partition(" ")[2]
    match number:
        case None:
            return UsageError(
                f"nothing was copied: {why}",
                code="file::refused",
                help="copy what is beside it by itself, or what it leads to",
                about="path",
            )
        case errno.ENOENT | errno.ENOTDIR:
            return NotFound(
                f"there is no {at}",
                code="file::not_found",
                help=None
                if place == _HERE
                else f"`vibenv exec {place} ls` shows what is in the session's folder",
                about="path",
            )
        case errno.EISDIR:
            return WrongState(
                f"{at} is a folder", code="file::is_folder", help="`vibenv pull` copies folders", about="path"
            )
        case errno.ENOSPC | errno.EDQUOT:
            return EngineError(
                f"no space is left for {at}; what was there before is unchanged",
                code="file::disk_full",
                help="`df -h` shows which disk is full"
                if place == _HERE
                else f"`vibenv exec {place} df -h` shows which disk",
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return WrongState(f"{at}: {why}", code="file::no_permission", about="path")
        case _:
            return EngineError(f"{at}: {why}", code="file::failed")
