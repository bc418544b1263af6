"""Programs and files of a session behind a link: what they cost over it, and what is left when it is cut."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.test_files import names
from tests.link.bed import Bed
from tests.link.conftest import Web
from tests.nu.shell import eventually
from vibenv_core import exec as core
from vibenv_core import files, inside_programs
from vibenv_core.engine import Engine
from vibenv_core.errors import Unreachable

NEVER = threading.Event()
LOST = "whether it did what it was asked is not known"
FAR_S = 0.6
"""A round trip, so long that all else in between is little."""
LARGE = 64 << 20


@pytest.fixture
def engine(reach: Callable[..., Engine], web: Web, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine behind the link, whose session `web` works on this machine's files, by its Python."""
    monkeypatch.setattr(inside_programs, "PYTHONS", ("python3",))
    engine = reach()
    yield engine
    engine.kept.close()


def run(engine: Engine, *argv: str) -> bytes:
    return core.finished(engine, "web", core.Exec(argv=argv, env={}), cancelled=NEVER).stdout


def endless(bed: Bed) -> Iterator[bytes]:
    """Blocks that never end; the link is cut when some of them have gone."""
    for number in range(1 << 20):
        if number == 40:
            bed.link.cut()
        yield bytes(65536)


def test_a_program_takes_two_round_trips_more_than_here_and_the_next_one(bed: Bed, engine: Engine) -> None:
    run(engine, "true")
    engine.kept.close()
    begun = time.monotonic()
    run(engine, "true")
    here_s = time.monotonic() - begun
    engine.kept.close()
    bed.link.set(latency_s=FAR_S / 2)
    taken = []
    for _ in range(4):
        begun = time.monotonic()
        run(engine, "true")
        taken.append((time.monotonic() - begun - here_s) / FAR_S)
    first, *others = taken
    assert first < 2.7
    assert min(others) < 1.5


def test_a_program_whose_link_is_cut_ends_and_that_is_told(bed: Bed, engine: Engine, tmp_path: Path) -> None:
    script = f"echo $$ >{tmp_path}/pid; echo begun; exec sleep 60"
    wish = core.Exec(argv=["sh", "-c", script], env={})
    output = core.output(engine, "web", wish, to_stderr=lambda _: None, cancelled=NEVER)
    assert next(output) == b"begun\n"
    bed.link.cut()
    with pytest.raises(Unreachable, match=LOST):
        next(output)
    pid = int((tmp_path / "pid").read_text())
    eventually(lambda: not Path(f"/proc/{pid}").exists(), "the end of the program", within_s=10)
    assert run(engine, "echo", "again") == b"again\n"


def test_a_file_that_is_written_while_the_link_is_cut_stays_as_it_was(
    bed: Bed, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text("before")
    with pytest.raises(Unreachable, match=LOST):
        files.write(engine, "web", str(tmp_path / "f"), endless(bed), cancelled=NEVER)
    eventually(lambda: names(tmp_path) == ["f"], "what was begun to go", within_s=10)
    assert (tmp_path / "f").read_text() == "before"


def test_a_file_that_is_read_while_the_link_is_cut_does_not_look_whole(
    bed: Bed, engine: Engine, tmp_path: Path
) -> None:
    with (tmp_path / "f").open("wb") as file:
        file.truncate(LARGE)
    blocks = files.read(engine, "web", str(tmp_path / "f"), cancelled=NEVER)
    assert next(blocks)
    bed.link.cut()
    with pytest.raises(Unreachable, match=LOST):
        list(blocks)


@pytest.mark.parametrize("way", ["push", "pull"])
def test_a_folder_that_is_copied_while_the_link_is_cut_is_not_there_at_all(
    bed: Bed, engine: Engine, tmp_path: Path, way: str
) -> None:
    (tmp_path / "source").mkdir()
    for name in "abcdefgh":
        (tmp_path / "source" / name).write_bytes(os.urandom(LARGE // 8))
    bed.link.set(rate=LARGE / 4)
    threading.Timer(0.5, bed.link.cut).start()
    copy: Any = files.push if way == "push" else files.pull
    with pytest.raises(Unreachable, match=LOST):
        copy(engine, "web", str(tmp_path / "source"), str(tmp_path / "made"), cancelled=NEVER)
    eventually(
        lambda: {path.name for path in tmp_path.iterdir()} == {"source"}, "what was begun to go", within_s=10
    )
