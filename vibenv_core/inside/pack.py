"""Packs a file or a folder as a tar stream; in a session, for a caller elsewhere.

Symbolic links stay links, further names of a file stay that. What leads out of the folder, and what is no
file, folder or link, is refused.

Source: POSIX.1-2001, pax interchange format; names that are no UTF-8 as `hdrcharset=BINARY`, and holes of
files as GNU tar: its manual, "Storing Sparse Files", PAX format, version 1.0.
"""

# ruff: noqa: PTH111, PTH112, PTH114, PTH115, PTH118, PTH119, PTH120, PTH208
# The standard library's paths are not made for names that are no UTF-8 and for folders by descriptors.
from __future__ import annotations

import errno
import itertools
import os
import stat
import tarfile
from collections.abc import Iterator

from . import caller, mounts
from .archive import PERMISSIONS, Refused, check_link
from .framing import BLOCK, OUTPUT


def main(asked: caller.Request) -> caller.Result:
    """Do what is asked: `path`, and `bulk`: that what is large is to be had of the engine instead."""
    path = os.path.expanduser(asked["path"])
    if asked["bulk"] and _is_for_the_engine(path):
        return {"elsewhere": os.path.realpath(path)}
    caller.send(OUTPUT, joined(pack(path)))
    return {}


def _is_for_the_engine(path: str) -> bool:
    """Whether it is much, all of it files that this user may read and the engine reaches."""
    if os.geteuid() or os.path.islink(path) or not mounts.is_in_root(path):
        return False
    folders = (
        os.walk(path) if os.path.isdir(path) else [(os.path.dirname(path), (), [os.path.basename(path)])]
    )
    found = [os.lstat(os.path.join(at, name)) for at, _, names in folders for name in names]
    there = sum(each.st_blocks * 512 for each in found)
    return there >= mounts.LARGE and sum(each.st_size for each in found) <= 2 * there  # it fills holes up


def base_of(path: str) -> str:
    """What is at `path` by its own name."""
    base = os.path.basename(os.path.normpath(path))
    return base if base not in ("", ".", "..") else os.path.basename(os.path.realpath(path)) or "root"


def pack(path: str, *, uid: int = 0, gid: int = 0) -> Iterator[bytes]:
    """The tar stream of what is at `path`, under its own name and of that owner; a link there is followed.

    Raises: OSError, Refused.
    """
    base = base_of(path)
    path = os.path.realpath(path)
    kept: dict[tuple[int, int], str] = {}
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        place = waiting.pop()
        at = os.path.join(path, *place)
        found = os.lstat(at)
        entry = tarfile.TarInfo("/".join((base, *place)))
        entry.mode, entry.mtime = found.st_mode & PERMISSIONS, int(found.st_mtime)
        entry.uid, entry.gid = uid, gid
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
            yield from _file(at, entry, sparse=found.st_blocks * 512 < found.st_size)
    yield bytes(2 * tarfile.BLOCKSIZE)


def packed_file(name: str, content: bytes, *, uid: int, gid: int) -> Iterator[bytes]:
    """The tar stream of one file."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.uid, entry.gid = len(content), 0o600, uid, gid
    yield _header(entry)
    yield content
    yield bytes(-len(content) % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)


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


def _file(path: str, entry: tarfile.TarInfo, *, sparse: bool) -> Iterator[bytes]:
    """The entry of a file, as long as it was when it was looked at; of a `sparse` one without its holes."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        parts, chart = [(0, entry.size)], b""
        if sparse:
            parts = [*_parts(file, entry.size), (entry.size, 0)]
            numbers = (len(parts), *itertools.chain.from_iterable(parts))
            chart = b"".join(b"%d\n" % number for number in numbers)
            chart += bytes(-len(chart) % tarfile.BLOCKSIZE)
            entry.pax_headers = {
                "GNU.sparse.major": "1",
                "GNU.sparse.minor": "0",
                "GNU.sparse.name": entry.name,
                "GNU.sparse.realsize": str(entry.size),
            }
            entry.name, entry.size = "GNUSparseFile.0", len(chart) + sum(size for _, size in parts)
        yield _header(entry) + chart
        for offset, size in parts:
            os.lseek(file, offset, os.SEEK_SET)
            yield from _content(path, file, size)
        yield bytes(-entry.size % tarfile.BLOCKSIZE)
    finally:
        os.close(file)


def _parts(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Where in a file there is something, and how much of it; the rest are holes."""
    end = 0
    while end < size:
        try:
            begin = os.lseek(file, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # there is nothing more
                return
            raise
        end = min(os.lseek(file, begin, os.SEEK_HOLE), size)
        if begin < end:
            yield begin, end - begin


def _content(path: str, file: int, left: int) -> Iterator[bytes]:
    while left:
        block = os.read(file, min(left, BLOCK))
        if not block:
            raise Refused(f"`{path}` became shorter while it was read")
        left -= len(block)
        yield block
