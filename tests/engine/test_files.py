"""Files of sessions on real engines: of those that run, and of those that are stopped."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.core.test_files import make_tree, tree
from tests.engine.conftest import Launch
from tests.engine.test_exec import BUSYBOX, run
from tests.nu.shell import eventually
from tests.stack import images
from vibenv_core import files, sessions
from vibenv_core.engine import Engine
from vibenv_core.errors import EngineError, NotFound, UsageError, WrongState

WISHES: dict[str, Any] = {"cancelled": threading.Event()}


@pytest.fixture
def scratch(stack: Engine, launch: Launch, others_images: None) -> Engine:
    """The engine, on which the session `s` has one static program and nothing else."""
    launch("s", image=images.SCRATCH, command=[BUSYBOX, "cat"])
    return stack


def read(engine: Engine, path: str) -> bytes:
    return b"".join(files.read(engine, "s", path, **WISHES))


def test_a_folder_goes_there_and_back_as_it_was(scratch: Engine, tmp_path: Path) -> None:
    make_tree(tmp_path / "source")
    files.push(scratch, "s", str(tmp_path / "source"), "/there", **WISHES)
    files.pull(scratch, "s", "/there", str(tmp_path / "running"), **WISHES)
    assert tree(tmp_path / "running") == tree(tmp_path / "source")
    sessions.stop(scratch, "s", grace_s=0)
    files.pull(scratch, "s", "/there", str(tmp_path / "stopped"), **WISHES)
    assert tree(tmp_path / "stopped") == tree(tmp_path / "source")


def test_a_file_is_read_whether_its_session_runs_or_not(scratch: Engine) -> None:
    content = bytes(range(256)) * 8000
    files.write(scratch, "s", "/f", [content], **WISHES)
    run(scratch, "s", BUSYBOX, "ln", "-s", "f", "/link")
    assert read(scratch, "/link") == content
    sessions.stop(scratch, "s", grace_s=0)
    assert read(scratch, "/f") == read(scratch, "/link") == content
    with pytest.raises(NotFound, match="there is no `/g` in `s`"):
        read(scratch, "/g")
    with pytest.raises(WrongState, match="the session `s` is stopped"):
        files.write(scratch, "s", "/f", b"new", **WISHES)
    assert read(scratch, "/f") == content


def test_a_link_out_of_a_stopped_sessions_folder_is_refused(scratch: Engine, tmp_path: Path) -> None:
    run(scratch, "s", BUSYBOX, "sh", "-c", "mkdir /d; ln -s /busybox /d/l")
    sessions.stop(scratch, "s", grace_s=0)
    with pytest.raises(UsageError, match="the link `l` leads out of its folder, to `/busybox`"):
        files.pull(scratch, "s", "/d", str(tmp_path / "d"), **WISHES)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_what_was_there(scratch: Engine, tmp_path: Path) -> None:
    files.write(scratch, "s", "/dev/shm/f", b"before", **WISHES)
    with pytest.raises(EngineError, match="no space is left") as caught:
        files.write(scratch, "s", "/dev/shm/f", (bytes(1 << 20) for _ in range(65)), **WISHES)
    assert caught.value.code == "vibenv::file::disk_full"
    (tmp_path / "d").mkdir()
    for name in "ab":
        (tmp_path / "d" / name).write_bytes(os.urandom(1 << 20) * 40)
    with pytest.raises(EngineError, match="no space is left"):
        files.push(scratch, "s", str(tmp_path / "d"), "/dev/shm/d", **WISHES)
    assert run(scratch, "s", BUSYBOX, "ls", "-A", "/dev/shm").stdout == b"f\n"
    assert read(scratch, "/dev/shm/f") == b"before"


def test_what_is_large_is_whole_and_its_users_own(
    stack: Engine, launch: Launch, others_images: None, tmp_path: Path
) -> None:
    launch("m", image=images.MUSL, command=["sh", "-c", "exec cat"])
    large = os.urandom(5 << 20)
    make_tree(tmp_path / "source")
    (tmp_path / "source" / "large").write_bytes(large)
    done = files.push(stack, "m", str(tmp_path / "source"), "/tmp/there", **WISHES)
    assert (done.path, done.files) == ("/tmp/there", 7)
    files.write(stack, "m", "/tmp/f", large, **WISHES)
    files.write(stack, "m", "/tmp/f", large[::-1], mode=0o640, **WISHES)
    look = "ls -A /tmp; find /tmp/there /tmp/f ! -user 65534; stat -c %a /tmp/f"
    listed = run(stack, "m", "sh", "-c", look).stdout.decode().split()
    assert [name for name in listed if not name.startswith("vibenv")] == ["f", "there", "640"]
    files.pull(stack, "m", "/tmp/there", str(tmp_path / "back"), **WISHES)
    assert tree(tmp_path / "back") == tree(tmp_path / "source")
    assert b"".join(files.read(stack, "m", "/tmp/f", **WISHES)) == large[::-1]


def test_what_is_large_comes_from_a_session_of_root_too(scratch: Engine, tmp_path: Path) -> None:
    make_tree(tmp_path / "source")
    (tmp_path / "source" / "large").write_bytes(os.urandom(5 << 20))
    files.push(scratch, "s", str(tmp_path / "source"), "/there", **WISHES)
    done = files.pull(scratch, "s", "/there", str(tmp_path / "back"), **WISHES)
    assert done.files == 7
    assert tree(tmp_path / "back") == tree(tmp_path / "source")


def test_a_large_copy_that_breaks_off_leaves_nothing(scratch: Engine, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a").write_bytes(os.urandom(5 << 20))
    os.mkfifo(tmp_path / "source" / "b")
    with pytest.raises(UsageError, match="neither a file nor a folder nor a link"):
        files.push(scratch, "s", str(tmp_path / "source"), "/there", **WISHES)
    eventually(
        lambda: b"there" not in run(scratch, "s", BUSYBOX, "ls", "-A", "/").stdout, "what was begun to go"
    )
