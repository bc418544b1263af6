"""A folder that is filled with what is in a tar stream, and nothing beside it.

No path is followed over a link: neither one that came in the stream nor one that was there leads out of the
folder. What is replaced is so by what is whole.
"""

from __future__ import annotations

import contextlib
import os
import tarfile
from collections.abc import Iterator

from .archive import PERMISSIONS, Refused, check_link, parts
from .framing import BLOCK
from .write_file import temporary_name

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ZEROS = bytes(BLOCK)


class Folder:
    """A folder that is filled from an archive, whose entries are all below the folder `base` there."""

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


def _write(file: int, block: bytes) -> None:
    """Write `block`, or leave out what is all zeros: a hole in the file, which takes no room."""
    if block == _ZEROS[: len(block)]:
        os.lseek(file, len(block), os.SEEK_CUR)
        return
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(file, rest) :]
