"""Files that are written into a session, read and copied: whole or not at all, and never out of a folder."""

import errno
import io
import os
import socket
import stat
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.plain_session import NEVER, PlainEngine, session
from vibenv_core import files
from vibenv_core.errors import EngineError, Interrupted, NotFound, UsageError, WrongState
from vibenv_core.inside.archive import Refused
from vibenv_core.inside.pack import joined, pack
from vibenv_core.inside.unpack import unpack

__all__ = ["session"]

ALL_BYTES = bytes(range(256))
SIZE = 1 << 30


def read(session: PlainEngine, path: str) -> bytes:
    return b"".join(files.read(session.as_engine, "a", path, cancelled=NEVER))


def write(session: PlainEngine, path: str, content: Any, **wishes: Any) -> files.Written:
    return files.write(session.as_engine, "a", path, content, **{"cancelled": NEVER, **wishes})


def push(session: PlainEngine, source: Path, to: str, **wishes: Any) -> files.Copied:
    return files.push(session.as_engine, "a", str(source), to, **{"cancelled": NEVER, **wishes})


def pull(session: PlainEngine, source: str, to: Path, **wishes: Any) -> files.Copied:
    return files.pull(session.as_engine, "a", source, str(to), **{"cancelled": NEVER, **wishes})


def names(folder: Path) -> list[str]:
    """All that is in a folder, hidden or not."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("size", [0, 1, 256, 48 << 10, 3_000_000])
def test_what_is_written_is_read(session: PlainEngine, size: int) -> None:
    content = (ALL_BYTES * (size // 256 + 1))[:size]
    assert write(session, "a file", content).size == size
    assert read(session, "a file") == content


def test_what_comes_in_blocks_is_written_whole(session: PlainEngine) -> None:
    blocks = [ALL_BYTES * 100, b"", b"x" * 100_000]
    write(session, "f", iter(blocks))
    assert read(session, "f") == b"".join(blocks)


def test_a_new_file_is_as_the_umask_says_and_a_replaced_one_stays_as_it_is(session: PlainEngine) -> None:
    write(session, "f", b"1")
    assert stat.S_IMODE((session.folder / "f").stat().st_mode) == 0o666 & ~umask()
    (session.folder / "f").chmod(0o640)
    write(session, "f", b"2")
    assert stat.S_IMODE((session.folder / "f").stat().st_mode) == 0o640
    write(session, "f", b"3", mode=0o755)
    assert stat.S_IMODE((session.folder / "f").stat().st_mode) == 0o755


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_link_is_written_through(session: PlainEngine) -> None:
    (session.folder / "link").symlink_to("real")
    assert write(session, "link", b"x").path == str(session.folder / "real")
    assert (session.folder / "link").is_symlink()


def broken(content: bytes) -> Iterator[bytes]:
    yield content
    raise ZeroDivisionError


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_what_breaks_off_leaves_what_was_there(session: PlainEngine, size: int) -> None:
    (session.folder / "f").write_text("before")
    with pytest.raises(ZeroDivisionError):
        write(session, "f", broken(bytes(size)))
    settle(session)
    assert names(session.folder) == ["f"]
    assert (session.folder / "f").read_text() == "before"


def settle(session: PlainEngine) -> None:
    """Wait for what runs in the session to notice that its caller is gone."""
    session.kept.close()
    for process in session.started:
        process.wait(timeout=10)


def test_a_cancelled_write_leaves_what_was_there(session: PlainEngine) -> None:
    cancelled = threading.Event()

    def endless() -> Iterator[bytes]:
        for number in range(1000):
            if number == 50:
                cancelled.set()
            yield bytes(65536)

    with pytest.raises(Interrupted):
        write(session, "f", endless(), cancelled=cancelled)
    settle(session)
    assert names(session.folder) == []


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("nothing/f", NotFound, "there is no `.*/nothing` in `a`"),
        ("folder", WrongState, "`.*/folder` in `a` is a folder"),
        ("socket", UsageError, "no regular file"),
    ],
)
def test_where_no_file_can_be_nothing_is_written(
    session: PlainEngine, path: str, kind: type[Exception], message: str
) -> None:
    (session.folder / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(session.folder / "socket"))
    before = names(session.folder)
    with pytest.raises(kind, match=message):
        write(session, path, b"x")
    assert names(session.folder) == before


def test_what_cannot_be_read_is_told_of(session: PlainEngine) -> None:
    (session.folder / "folder").mkdir()
    os.mkfifo(session.folder / "fifo")
    with pytest.raises(NotFound, match="there is no `nothing` in `a`"):
        read(session, "nothing")
    with pytest.raises(WrongState, match="is a folder"):
        read(session, "folder")
    with pytest.raises(UsageError, match="no regular file"):
        read(session, "fifo")


def make_tree(folder: Path) -> None:
    """A folder with what is hard to copy."""
    (folder / "sub dir").mkdir(parents=True)
    (folder / "empty folder").mkdir()
    (folder / "a\nb").write_bytes(ALL_BYTES)
    (folder / "empty").write_bytes(b"")
    (folder / ("long" * 60)).write_bytes(b"x" * 70_000)
    Path(os.fsdecode(os.fsencode(folder) + b"/sub dir/\xff\xfe")).write_bytes(b"y")
    (folder / "sub dir" / "hard").hardlink_to(folder / "a\nb")
    (folder / "sub dir" / "link").symlink_to("../empty")
    (folder / "program").write_bytes(b"#!/bin/sh\n")
    (folder / "program").chmod(0o4750)
    (folder / "sub dir").chmod(0o555)


def tree(folder: Path) -> dict[str, object]:
    """What is in a folder, in full."""
    found: dict[str, object] = {}
    for path in folder.rglob("*"):
        info = path.lstat()
        content: object = (
            path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        )
        found[str(path.relative_to(folder))] = (
            stat.S_IMODE(info.st_mode) & 0o777,
            int(info.st_mtime),
            content,
        )
    return found


def test_a_folder_goes_there_and_back_as_it_was(session: PlainEngine, tmp_path: Path) -> None:
    make_tree(tmp_path / "source")
    done = push(session, tmp_path / "source", "there")
    pull(session, "there", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(tmp_path / "source")
    assert done.files == 6
    assert (tmp_path / "back" / "a\nb").samefile(tmp_path / "back" / "sub dir" / "hard")
    assert names(session.folder)[0] == "there"
    assert not (tmp_path / "back" / "program").stat().st_mode & stat.S_ISUID


def test_a_folder_joins_the_one_that_is_there(session: PlainEngine, tmp_path: Path) -> None:
    make_tree(tmp_path / "source")
    (session.folder / "source").mkdir(mode=0o700)
    (session.folder / "source" / "empty").write_text("replaced")
    (session.folder / "source" / "other").write_text("kept")
    push(session, tmp_path / "source", ".")
    there = tree(session.folder / "source")
    assert there.pop("other") is not None
    assert there == tree(tmp_path / "source")
    assert stat.S_IMODE((session.folder / "source").stat().st_mode) == 0o700


def test_the_contents_of_a_folder_go_beside_what_is_there(session: PlainEngine, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "f").write_text("x")
    push(session, tmp_path / "source", ".", contents=True)
    assert names(session.folder) == ["f"]


def test_one_file_is_copied_under_its_name_or_another(session: PlainEngine, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    push(session, tmp_path / "f", ".")
    push(session, tmp_path / "f", "g")
    pull(session, "g", tmp_path / "h")
    assert names(session.folder) == ["f", "g"]
    assert (tmp_path / "h").read_text() == "x"


def test_a_sparse_file_stays_sparse(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(SIZE)
        file.seek(SIZE // 2)
        file.write(b"in the middle")
    sent = list(joined(pack(str(tmp_path / "sparse"))))
    assert sum(map(len, sent)) < 1 << 20
    unpack(iter(sent), str(tmp_path / "copy"))
    made = (tmp_path / "copy").stat()
    assert made.st_size == SIZE
    assert made.st_blocks * 512 < 1 << 20
    with (tmp_path / "copy").open("rb") as file:
        file.seek(SIZE // 2)
        assert file.read(13) == b"in the middle"


@pytest.mark.parametrize("target", ["/etc/passwd", "..", "sub/../../x"])
def test_a_link_out_of_the_folder_is_refused_both_ways(
    session: PlainEngine, tmp_path: Path, target: str
) -> None:
    for folder in (tmp_path / "source", session.folder / "source"):
        folder.mkdir()
        (folder / "f").write_text("x")
        (folder / "link").symlink_to(target)
    with pytest.raises(UsageError, match="the link `link` leads out of its folder"):
        push(session, tmp_path / "source", "there")
    with pytest.raises(UsageError, match="the link `link` leads out of its folder"):
        pull(session, "source", tmp_path / "here")
    settle(session)
    assert not (session.folder / "there").exists()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["session", "source"]


def test_what_is_no_file_is_refused_both_ways(session: PlainEngine, tmp_path: Path) -> None:
    for folder in (tmp_path / "source", session.folder / "source"):
        folder.mkdir()
        os.mkfifo(folder / "fifo")
    with pytest.raises(UsageError, match="neither a file nor a folder nor a link"):
        push(session, tmp_path / "source", "there")
    with pytest.raises(UsageError, match="neither a file nor a folder nor a link"):
        pull(session, "source", tmp_path / "here")
    assert not (tmp_path / "here").exists()


def archive(*entries: tuple[str, bytes, str]) -> Iterator[bytes]:
    """A tar stream of (name, type, content or where a link leads), as nobody honest would pack it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as made:
        for name, kind, text in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = kind, 0o755
            if kind == tarfile.REGTYPE:
                entry.size = len(text)
                made.addfile(entry, io.BytesIO(text.encode()))
            else:
                entry.linkname = text
                made.addfile(entry)
    return iter([packed.getvalue()])


FOLDER = ("d", tarfile.DIRTYPE, "")


@pytest.mark.parametrize(
    "hostile",
    [
        [FOLDER, ("d/../../x", tarfile.REGTYPE, "x")],
        [FOLDER, ("/tmp/x", tarfile.REGTYPE, "x")],
        [FOLDER, ("other/x", tarfile.REGTYPE, "x")],
        [FOLDER, ("d/l", tarfile.SYMTYPE, "../.."), ("d/l/x", tarfile.REGTYPE, "x")],
        [
            FOLDER,
            ("d/l", tarfile.SYMTYPE, "."),
            ("d/m", tarfile.SYMTYPE, "l/.."),
            ("d/m/x", tarfile.REGTYPE, "x"),
        ],
        [
            FOLDER,
            ("d/s", tarfile.DIRTYPE, ""),
            ("d/l", tarfile.SYMTYPE, "s"),
            ("d/l/x", tarfile.REGTYPE, "x"),
        ],
        [FOLDER, ("d/h", tarfile.LNKTYPE, "../secret")],
        [FOLDER, ("d/h", tarfile.LNKTYPE, "/etc/passwd")],
        [FOLDER, ("d/dev", tarfile.CHRTYPE, "")],
        [FOLDER, ("d/fifo", tarfile.FIFOTYPE, "")],
        [FOLDER, ("d", tarfile.SYMTYPE, "/etc")],
        [("l", tarfile.SYMTYPE, "/etc/passwd")],
        [("..", tarfile.DIRTYPE, "")],
    ],
)
def test_a_hostile_archive_makes_nothing_at_all(
    tmp_path: Path, hostile: list[tuple[str, bytes, str]]
) -> None:
    (tmp_path / "secret").write_text("not theirs")
    (tmp_path / "in").mkdir()
    with pytest.raises(Refused):
        unpack(archive(*hostile), str(tmp_path / "in" / "new"))
    assert names(tmp_path) == ["in", "secret"]


def test_what_comes_beside_the_one_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="`g` is in no folder"):
        unpack(archive(("f", tarfile.REGTYPE, "x"), ("g", tarfile.REGTYPE, "y")), str(tmp_path))
    assert not (tmp_path / "g").exists()


def test_a_link_that_was_there_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "l").symlink_to(tmp_path / "outside")
    with pytest.raises(Refused, match="is no folder"):
        unpack(archive(FOLDER, ("d/l/x", tarfile.REGTYPE, "x")), str(tmp_path))
    assert names(tmp_path / "outside") == []


def test_a_link_that_was_there_gives_way_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("not theirs")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "l").symlink_to(tmp_path / "outside")
    unpack(archive(FOLDER, ("d/l", tarfile.REGTYPE, "x")), str(tmp_path))
    assert (tmp_path / "outside").read_text() == "not theirs"
    assert (tmp_path / "d" / "l").read_text() == "x"


@pytest.mark.parametrize("cut", [1100, 1600])
def test_a_stream_that_breaks_off_makes_nothing(tmp_path: Path, cut: int) -> None:
    whole = next(archive(FOLDER, ("d/f", tarfile.REGTYPE, "x" * 600)))
    with pytest.raises(tarfile.TarError):
        unpack(iter([whole[:cut]]), str(tmp_path / "new"))
    assert names(tmp_path) == []


def test_a_full_disk_leaves_what_was_there(
    session: PlainEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (session.folder / "f").write_bytes(b"new" * 100_000)
    (tmp_path / "f").write_text("before")
    kept, written = os.write, 0

    def full(file: int, data: bytes) -> int:
        nonlocal written
        written += len(data)
        if written > 200_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return kept(file, data)

    monkeypatch.setattr("vibenv_core.inside.folder.os.write", full)
    with pytest.raises(EngineError, match=r"no space is left .*this machine"):
        pull(session, "f", tmp_path)
    monkeypatch.undo()
    assert (tmp_path / "f").read_text() == "before"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["f", "session"]
