"""Makes the file or folder of a tar stream: whole, or not at all; in a session, from a caller elsewhere.

A new folder is filled under another name and renamed at the end. Where a folder joins one that is there,
each file takes its place when it is whole. No path is followed over a link: neither one that came in the
stream nor one that was there leads out of the folder.
"""

# ruff: noqa: PTH101, PTH102, PTH104, PTH111, PTH118, PTH120
# Folders are worked in by their descriptors, which the standard library's paths cannot.
from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator

from . import caller, mounts
from .archive import FILE, FOLDER, LINK, PERMISSIONS, Refused, check_link, check_place, destination, parts
from .framing import BLOCK
from .write_file import beside, stage, temporary_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Unpacked(TypedDict):
        """What was made: where, how many files, and what is in them together."""

        path: str
        files: int
        size: int


_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ZEROS = bytes(BLOCK)


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
) -> _Folder:
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
) -> _Folder:
    """Make the rest of an archive below the folder `root`; or `only` a file, under a name."""
    made = _Folder(root, base)
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


class _Folder:
    """A folder that is filled."""

    def __init__(self, root: str, base: tuple[str, ...]) -> None:
        self.files = 0
        self.size = 0
        self._base = base
        self._root = os.open(root, _OPEN_FOLDER)
        self._at: tuple[tuple[str, ...], int] = ((), self._root)
        """The folder that was worked in last, and its descriptor."""
        self._made: list[tuple[tuple[str, ...], tarfile.TarInfo]] = []

    def add(self, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> None:
        """Make what an entry says."""
        place = self._place(entry.name)
        if entry.isdir():
            if place and self._make_folder(place):
                self._made.append((place, entry))
        elif entry.isreg():
            self.add_file(archive, entry, place)
        elif entry.issym():
            check_link(place, entry.linkname)
            with self._replaced(place) as (temporary, folder):
                os.symlink(entry.linkname, temporary, dir_fd=folder)
                os.utime(temporary, (entry.mtime, entry.mtime), dir_fd=folder, follow_symlinks=False)
        elif entry.islnk():
            self._add_name(place, self._place(entry.linkname))
        else:
            raise Refused(f"`{entry.name}` is neither a file nor a folder nor a link")

    def add_file(self, archive: tarfile.TarFile, entry: tarfile.TarInfo, place: tuple[str, ...]) -> None:
        """Make a file."""
        content = archive.extractfile(entry)
        assert content is not None
        with self._replaced(place) as (temporary, folder):
            file = os.open(
                temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder
            )
            try:
                while block := content.read(BLOCK):
                    _write(file, block)
                os.ftruncate(file, entry.size)
                os.fchmod(file, entry.mode & PERMISSIONS)
                os.utime(file, (entry.mtime, entry.mtime))
            finally:
                os.close(file)
        self.files += 1
        self.size += entry.size

    def finish(self) -> None:
        """Give the folders that were made their modes and times, which filling them would change."""
        for place, entry in reversed(self._made):
            folder = self._open(place)
            os.fchmod(folder, entry.mode & PERMISSIONS)
            os.utime(folder, (entry.mtime, entry.mtime))

    def close(self) -> None:
        """Work in it no more."""
        for folder in {self._root, self._at[1]}:
            os.close(folder)

    def _place(self, name: str) -> tuple[str, ...]:
        steps = parts(name)
        if steps[: len(self._base)] != self._base:
            raise Refused(f"the entry `{name}` is in no folder of the others")
        return steps[len(self._base) :]

    def _make_folder(self, place: tuple[str, ...]) -> bool:
        """Whether there was none."""
        try:
            os.mkdir(place[-1], 0o700, dir_fd=self._open(place[:-1]))
        except FileExistsError:
            self._open(place)
            return False
        return True

    def _add_name(self, place: tuple[str, ...], known: tuple[str, ...]) -> None:
        source = os.dup(self._open(known[:-1]))
        try:
            with self._replaced(place) as (temporary, folder):
                os.link(known[-1], temporary, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)
        finally:
            os.close(source)
        self.files += 1

    @contextlib.contextmanager
    def _replaced(self, place: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """A name to make something under, and its folder; it then takes the place of what was there."""
        if not place:
            raise Refused("the folder itself is something else too")
        folder, name = self._open(place[:-1]), place[-1]
        temporary = temporary_name(name)
        try:
            yield temporary, folder
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
            raise

    def _open(self, place: tuple[str, ...]) -> int:
        """The descriptor of a folder, until another is asked for; it is made where it is missing."""
        if self._at[0] == place:
            return self._at[1]
        folder = os.dup(self._root)
        try:
            for depth, step in enumerate(place, 1):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(step, 0o755, dir_fd=folder)
                try:
                    inner = os.open(step, _OPEN_FOLDER, dir_fd=folder)
                except NotADirectoryError:  # a link is none either
                    raise Refused(f"`{'/'.join(place[:depth])}` is there, and is no folder") from None
                os.close(folder)
                folder = inner
        except BaseException:
            os.close(folder)
            raise
        if self._at[1] != self._root:
            os.close(self._at[1])
        self._at = (place, folder)
        return folder


class File(io.RawIOBase):
    """Blocks of bytes as a file that can be read once."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks

    def read(self, _size: int = -1) -> bytes:
        """The next of them."""
        return next(self._blocks, b"")


def _write(file: int, block: bytes) -> None:
    """Write `block`, or leave out what is all zeros: a hole in the file, which takes no room."""
    if block == _ZEROS[: len(block)]:
        os.lseek(file, len(block), os.SEEK_CUR)
        return
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(file, rest) :]
