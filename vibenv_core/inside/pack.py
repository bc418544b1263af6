"""Packs a file or a folder as a tar stream; in a session, for a caller elsewhere.

Symbolic links stay links, further names of a file stay that. What leads out of the folder, and what is no
file, folder or link, is refused.

Source: POSIX.1-2001, pax interchange format; names that are no UTF-8 as `hdrcharset=BINARY`, as GNU tar.
"""

# ruff: noqa: PTH111, PTH115, PTH118, PTH119, PTH208
# The standard library's paths are not made for names that are no UTF-8 and for folders by descriptors.
from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator

from . import caller
from .archive import Refused, check_link
from .framing import BLOCK, OUTPUT


def main() -> None:
    """Do what the request says: `path`."""
    asked = caller.request()
    try:
        caller.send(OUTPUT, joined(pack(os.path.expanduser(str(asked["path"])))))
    except (OSError, ValueError, EOFError) as error:
        caller.end_with(error)
    else:
        caller.end({})


def pack(path: str) -> Iterator[bytes]:
    """The tar stream of what is at `path`, under its own name; a link there is followed.

    Raises: OSError, Refused.
    """
    base = os.path.basename(os.path.normpath(path))
    if base in ("", ".", ".."):
        base = os.path.basename(os.path.realpath(path)) or "root"
    path = os.path.realpath(path)
    kept: dict[tuple[int, int], str] = {}
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        place = waiting.pop()
        at = os.path.join(path, *place)
        found = os.lstat(at)
        entry = tarfile.TarInfo("/".join((base, *place)))
        entry.mode, entry.mtime = stat.S_IMODE(found.st_mode), int(found.st_mtime)
        if stat.S_ISDIR(found.st_mode):
            entry.type = tarfile.DIRTYPE
            yield _header(entry)
            waiting += [(*place, name) for name in sorted(os.listdir(at), reverse=True)]
        elif stat.S_ISLNK(found.st_mode):
            entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(at)
            check_link(place, entry.linkname)
            yield _header(entry)
        elif not stat.S_ISREG(found.st_mode):
            raise Refused(f"`{at}` is neither a file nor a folder nor a link")
        elif found.st_nlink > 1 and (known := kept.get((found.st_dev, found.st_ino))):
            entry.type, entry.linkname = tarfile.LNKTYPE, known
            yield _header(entry)
        else:
            kept[found.st_dev, found.st_ino] = entry.name
            entry.size = found.st_size
            yield _header(entry)
            yield from _content(at, found.st_size)
    yield bytes(2 * tarfile.BLOCKSIZE)


def joined(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer blocks."""
    waiting: list[bytes] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _header(entry: tarfile.TarInfo) -> bytes:
    return entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _content(path: str, size: int) -> Iterator[bytes]:
    """As many bytes as the file had when it was looked at, up to a whole block of zeros."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        left = size
        while left:
            block = os.read(file, min(left, BLOCK))
            if not block:
                raise Refused(f"`{path}` became shorter while it was read")
            left -= len(block)
            yield block
        yield bytes(-size % tarfile.BLOCKSIZE)
    finally:
        os.close(file)
