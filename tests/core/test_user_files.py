"""Files of the user: replaced whole or not at all, and by one at a time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from vibenv_core import ssh_files, user_files
from vibenv_core.errors import WrongState
from vibenv_core.ssh_config import BEGIN

DEADLINE_S = 10.0


def opened(folder: Path) -> int:
    """How often this process has `folder` open."""
    return [link.resolve() for link in Path("/proc/self/fd").iterdir()].count(folder)


def test_what_another_writes_meanwhile_is_kept(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("User me\n")
    options = {"undo": False, "force": False, "dry_run": False, "env": {}}
    writer = threading.Thread(target=ssh_files.edit, args=(config,), kwargs=options, daemon=True)
    with user_files.locked(tmp_path):
        writer.start()
        deadline = time.monotonic() + DEADLINE_S
        while opened(tmp_path) < 2:
            assert writer.is_alive(), "nothing held it up"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        config.write_text("User other\n")
    writer.join(DEADLINE_S)
    assert config.read_text().startswith(BEGIN)
    assert config.read_text().endswith("User other\n")


def test_who_never_lets_go_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_files, "_LOCK_S", 0.05)
    with (
        user_files.locked(tmp_path),
        pytest.raises(WrongState, match="another program is changing it"),
        user_files.locked(tmp_path),
    ):
        pass


def test_a_new_file_is_its_owners_and_its_folders_are_too(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b" / "file"
    user_files.replace(place, b"x")
    modes = [f"{path.stat().st_mode & 0o777:o}" for path in (place, place.parent, place.parent.parent)]
    assert modes == ["600", "700", "700"]
    user_files.replace(tmp_path / "shown", b"x", new_mode=0o644)
    assert (tmp_path / "shown").stat().st_mode & 0o777 == 0o644


def test_nothing_is_left_where_the_name_is_taken_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(WrongState, match="cannot be written: is a directory") as raised:
        user_files.replace(tmp_path / "file", b"x")
    assert raised.value.code == "vibenv::file::refused"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_not_there_is_empty_and_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert user_files.content(tmp_path / "none") == b""
    for place in (tmp_path, Path("/dev/null")):
        with pytest.raises(WrongState, match="it is no regular file"):
            user_files.content(place)
