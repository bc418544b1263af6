"""Makes the file or folder of a tar stream: whole, or not at all; in a session, from a caller elsewhere.

A new folder is filled under another name and renamed at the end. Where a folder joins one that is there,
each file takes its place when it is whole, as `folder` has it.
"""

# ruff: noqa: PTH101, PTH102, PTH104, PTH111, PTH118, PTH120
# Folders are worked in by their descriptors, which the standard library's paths cannot.
from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator

from . import caller, mounts
from .archive import FILE, FOLDER, LINK, PERMISSIONS, Refused, check_place, destination, parts
from .folder import Folder
from .framing import BLOCK
from .write_file import beside, stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Unpacked(TypedDict):
        """What was made: where, how many files, and what is in them together."""

        path: str
        files: int
        size: int


def main(asked: caller.Request) -> caller.Result:
    """Do what is asked: `to`, `contents`; `bulk`: that the engine makes it if it can (`base`, `folder`)."""
    to = os.path.expanduser(asked["to"])
    target = _free(to, asked) if asked["bulk"] else None
    if target is not None:
        return {**take_over(target, asked["base"])}
    try:
        return {**unpack(caller.input_of(asked), to, contents=asked["contents"])}
    except tarfile.TarError as error:
        raise ValueError(str(error)) from error


def unpack(blocks: Iterator[bytes], to: str, *, contents: bool = False) -> Unpacked:
    """Make what is in a tar stream at `to`, as `destination` says: its `path`, `files` and their `size`.

    Raises: OSError, Refused, tarfile.TarError (a broken stream), and what `blocks` raises.
    """
    with tarfile.open(
        fileobj=File(blocks), mode="r|", bufsize=BLOCK, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        first = archive.next()
        if first is None:
            raise Refused("there is nothing in it")
        if not first.isdir() and not first.isreg():
            raise Refused(f"`{first.name}` is neither a file nor a folder")
        base = parts(first.name)
        real = os.path.realpath(to)
        target = destination(
            f"{real}/" if to.endswith("/") else real,
            _kind(real),
            base=base[-1] if base else "root",
            folder=first.isdir(),
            contents=contents,
        )
        there = _kind(target)
        check_place(target, there, folder=first.isdir())
        if not first.isdir():
            folder, name = os.path.split(target)
            made = _fill(archive, blocks, folder, base, only=(first, name))
        elif there is not None:
            made = _fill(archive, blocks, target, base)
        else:
            made = _new(archive, blocks, target, base, first)
        return {"path": target, "files": made.files, "size": made.size}


def take_over(target: str, base: str) -> Unpacked:
    """As `unpack` of what the engine puts there, called `base`, where nothing has to be joined."""
    with stage(target) as folder:
        caller.receive_in(folder)
        files = [os.lstat(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names]
        files = [found for found in files if stat.S_ISREG(found.st_mode)]
        os.rename(os.path.join(folder, base), target)
    sizes = {found.st_ino: found.st_size for found in files}
    return {"path": target, "files": len(files), "size": sum(sizes.values())}


def _free(to: str, asked: caller.Request) -> str | None:
    """Where it goes, if no folder is there that it would join, and the engine can reach that."""
    real = os.path.realpath(to)
    target = destination(
        f"{real}/" if to.endswith("/") else real,
        _kind(real),
        base=asked["base"],
        folder=asked["folder"],
        contents=asked["contents"],
    )
    check_place(target, there := _kind(target), folder=asked["folder"])
    return None if there == FOLDER or not mounts.is_in_root(os.path.dirname(target), itself=True) else target


def _kind(path: str) -> str | None:
    try:
        found = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    return FOLDER if stat.S_ISDIR(found) else LINK if stat.S_ISLNK(found) else FILE


def _new(
    archive: tarfile.TarFile,
    blocks: Iterator[bytes],
    target: str,
    base: tuple[str, ...],
    first: tarfile.TarInfo,
) -> Folder:
    """A folder that was not there, from the entries after the `first`."""
    temporary = beside(target)
    os.mkdir(temporary, 0o700)
    try:
        made = _fill(archive, blocks, temporary, base)
        os.chmod(temporary, first.mode & PERMISSIONS)
        os.utime(temporary, (first.mtime, first.mtime))
        os.rename(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return made


def _fill(
    archive: tarfile.TarFile,
    blocks: Iterator[bytes],
    root: str,
    base: tuple[str, ...],
    *,
    only: tuple[tarfile.TarInfo, str] | None = None,
) -> Folder:
    """Make the rest of an archive below the folder `root`; or `only` a file, under a name."""
    made = Folder(root, base)
    try:
        if only is not None:
            made.add_file(archive, only[0], (only[1],))
        while (entry := archive.next()) is not None:
            if only is not None:
                raise Refused(f"the entry `{entry.name}` is in no folder")
            made.add(archive, entry)
            archive.members.clear()  # type: ignore[attr-defined]  # it would keep all
        for _ in blocks:  # what comes behind the archive may be an error
            pass
        made.finish()
    finally:
        made.close()
    return made


class File(io.RawIOBase):
    """Blocks of bytes as a file that can be read once."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks

    def read(self, _size: int = -1) -> bytes:
        """The next of them."""
        return next(self._blocks, b"")
