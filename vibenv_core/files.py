"""Files of sessions: read, written, and copied from and to this machine."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import running
from .errors import EngineError, NotFound, UsageError, VibenvError, WrongState
from .inside.framing import OUTPUT

if TYPE_CHECKING:
    from .engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of a session that was written; `path` is where links led."""

    path: str
    size: int


def read(engine: Engine, name: str, path: str, *, cancelled: threading.Event) -> Iterator[bytes]:
    """The content of a file of the session `name`, in blocks as they come.

    Raises: UsageError, NotFound (also of the file), Foreign, WrongState (it does not run; it is no file; it
    may not be read), Unreachable, Interrupted.
    """
    for kind, payload in running.run(engine, name, "read_file", {"path": path}, cancelled=cancelled):
        if kind == OUTPUT:
            yield payload
        else:
            check(name, running.parsed(payload))


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

    One that is replaced keeps its mode, unless another is wished, and its owner. Raises: as `read`, and
    EngineError (the disk is full).
    """
    request = {"path": path, "mode": mode}
    said = running.result(
        running.run(engine, name, "write_file", request, input=content, cancelled=cancelled)
    )
    check(name, said)
    return Written(path=said["path"], size=said["size"])


def check(place: str, said: Mapping[str, Any]) -> None:
    """Raise what a program meant by an error; `place` is where it worked."""
    if "refused" in said:
        raise failed(place, said.get("errno"), said["refused"], said.get("path") or "")


def failed(place: str, number: int | None, why: str, path: str) -> VibenvError:
    """What the system's error `number` about a `path` is to the user; None is a refusal of our own."""
    at = f"`{path}` in `{place}`" if path else f"`{place}`"
    match number:
        case None:
            return UsageError(f"nothing was copied: {why}", code="file::refused", help=None, about="path")
        case errno.ENOENT | errno.ENOTDIR:
            return NotFound(
                f"there is no {at}",
                code="file::not_found",
                help=f"`vibenv exec {place} ls` shows what is in the session's own folder",
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
                help="`vibenv exec NAME df -h` shows which disk is full",
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return WrongState(f"{at}: {why}", code="file::no_permission", about="path")
        case _:
            return EngineError(f"{at}: {why}", code="file::failed")
