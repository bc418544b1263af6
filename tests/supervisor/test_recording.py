"""The recording on disk: what is missing from it is said in it."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from vibenv_core.supervisor import asciicast
from vibenv_core.supervisor.asciicast import Event, Marker, Output, Typed
from vibenv_core.supervisor.lease import Typist
from vibenv_core.supervisor.recording import NEWEST, OLDER, Recording

PAINT = b"<painted>"


def begun(folder: Path, *, limit: int = 1 << 20, wall: float = 1000.0, now: float = 0.0) -> Recording:
    return Recording(str(folder), limit=limit, rows=24, cols=80, term="xterm", wall=wall, now=now)


def painted() -> bytes:
    return PAINT


def events(file: Path) -> list[Event]:
    return list(asciicast.read(file.read_text().splitlines(keepends=True)[1:]))


def output(file: Path) -> bytes:
    return b"".join(each.data for each in events(file) if isinstance(each, Output) and not each.painted)


def markers(file: Path) -> list[str]:
    said = [each.text for each in events(file) if isinstance(each, Marker)]
    return [text for text in said if text != asciicast.PAINTED]


def test_who_types_is_recorded_but_not_without_end(tmp_path: Path) -> None:
    recording = begun(tmp_path, limit=2000)
    for _ in range(1000):
        recording.typed(Typist("ann", person=True), 0.5)
    assert (tmp_path / NEWEST).stat().st_size <= 1000
    assert events(tmp_path / NEWEST)[0] == Typed(0.5, "ann", person=True)
    recording.output(b"output", 0.5, painted)
    assert output(tmp_path / NEWEST) == b"output"


def test_output_is_on_disk_as_soon_as_it_is_told(tmp_path: Path) -> None:
    recording = begun(tmp_path)
    recording.output(b"hello", 0.5, painted)
    recording.resized(30, 100, 0.75)
    assert (tmp_path / NEWEST).read_text().splitlines()[1:] == [
        '[0.500000, "o", "hello"]',
        '[0.750000, "r", "100x30"]',
    ]
    assert (tmp_path / NEWEST).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    begun(tmp_path / "a" / "b").close(1.0, painted)
    assert (tmp_path / "a" / "b" / NEWEST).exists()


def test_a_character_begun_at_the_end_is_kept(tmp_path: Path) -> None:
    recording = begun(tmp_path)
    recording.output(b"a\xe2\x82", 0.5, painted)
    recording.close(1.0, painted)
    assert output(tmp_path / NEWEST) == b"a\xe2\x82"


def test_both_halves_together_stay_below_the_limit_and_say_what_was_dropped(tmp_path: Path) -> None:
    recording = begun(tmp_path, limit=10_000)
    said = [b"%06d\n" % number for number in range(2000)]
    for number, line in enumerate(said):
        recording.output(line, float(number), painted)
    recording.close(3000.0, painted)
    older, newest = output(tmp_path / OLDER), output(tmp_path / NEWEST)
    (dropped,) = (
        int(found[1]) for text in markers(tmp_path / OLDER) if (found := re.match(r"(\d+) bytes", text))
    )
    assert dropped + len(older) + len(newest) == sum(map(len, said))
    assert b"".join(said).endswith(older + newest)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 10_000


def test_a_new_half_begins_with_what_shows_the_screen_as_it_was(tmp_path: Path) -> None:
    recording = begun(tmp_path, limit=2000)
    recording.resized(30, 100, 0.5)
    for _ in range(5):
        recording.output(b"x" * 250, 1.0, painted)
    newest = tmp_path / NEWEST
    header = asciicast.read_header(newest.read_text().splitlines()[0])
    assert (header.rows, header.cols) == (30, 100)
    assert header.before == len(output(tmp_path / OLDER))
    assert Output(1.0, PAINT, painted=True) in events(newest)[:4]


def test_times_never_go_back_over_a_new_half_or_a_new_start(tmp_path: Path) -> None:
    recording = begun(tmp_path, limit=600)
    for at in range(10):
        recording.output(b"x" * 20, 100.0 + at, painted)
    recording.close(110.0, painted)
    recording = begun(tmp_path, limit=600, wall=900.0, now=7.0)
    recording.output(b"again", 8.0, painted)
    times = [each.time for name in (OLDER, NEWEST) for each in events(tmp_path / name)]
    assert times == sorted(times)


def test_a_session_that_is_started_again_goes_on_in_the_same_recording(tmp_path: Path) -> None:
    first = begun(tmp_path)
    first.output(b"one", 1.0, painted)
    first.close(2.0, painted)
    second = begun(tmp_path, wall=1060.0, now=50.0)
    second.output(b"two", 51.0, painted)
    assert output(tmp_path / NEWEST) == b"onetwo"
    assert markers(tmp_path / NEWEST) == ["started again"]
    assert events(tmp_path / NEWEST)[-1] == Output(61.0, b"two")


def test_what_a_kill_left_half_written_is_taken_off(tmp_path: Path) -> None:
    begun(tmp_path).output(b"one", 1.0, painted)
    with (tmp_path / NEWEST).open("a") as file:
        file.write('[1.5, "o", "ha')
    begun(tmp_path).output(b"two", 2.0, painted)
    assert output(tmp_path / NEWEST) == b"onetwo"
    assert all(json.loads(line) for line in (tmp_path / NEWEST).read_text().splitlines())


def test_a_file_that_is_no_recording_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / NEWEST).write_bytes(b"\xffsomething else\n")
    begun(tmp_path).output(b"one", 1.0, painted)
    assert output(tmp_path / NEWEST) == b"one"


def test_dropped_bytes_are_counted_over_starts(tmp_path: Path) -> None:
    total = 0
    for start in range(6):
        recording = begun(tmp_path, limit=1000, wall=1000.0 + start)
        for _ in range(5):
            recording.output(b"y" * 50, 0.5, painted)
            total += 50
        recording.close(1.0, painted)
    header = asciicast.read_header((tmp_path / OLDER).read_text().splitlines()[0])
    assert header.before > 0
    assert header.before + len(output(tmp_path / OLDER)) + len(output(tmp_path / NEWEST)) == total
    assert f"{header.before} bytes of output came before this" in markers(tmp_path / OLDER)


def test_output_that_a_full_disk_does_not_take_is_counted_and_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = begun(tmp_path)
    recording.output(b"before", 0.0, painted)
    room = 5
    written = os.write

    def write(file: int, data: Any) -> int:
        if not room:
            raise OSError(28, "No space left on device")
        return written(file, data[:room])

    monkeypatch.setattr(os, "write", write)
    recording.output(b"lost 1", 1.0, painted)
    room = 0
    recording.output(b"lost 2", 1.5, painted)
    assert recording.due == 2.0
    recording.retry(2.0, painted)
    assert recording.due == 3.0
    monkeypatch.undo()
    recording.retry(3.0, painted)
    assert recording.due is None
    recording.output(b"after", 3.5, painted)
    assert output(tmp_path / NEWEST) == b"beforeafter"
    assert markers(tmp_path / NEWEST) == ["12 bytes of output not recorded: No space left on device"]
    assert Output(3.0, PAINT, painted=True) in events(tmp_path / NEWEST)


def test_a_new_half_that_has_no_room_leaves_both_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = begun(tmp_path, limit=2000)
    recording.output(b"x" * 600, 1.0, painted)

    def no_room(file: int, data: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", no_room)
    recording.output(b"y" * 500, 2.0, painted)
    monkeypatch.undo()
    assert [file.name for file in tmp_path.iterdir()] == [NEWEST]
    recording.output(b"z" * 10, 4.0, painted)
    assert output(tmp_path / NEWEST).endswith(b"z")
    assert markers(tmp_path / NEWEST) == ["500 bytes of output not recorded: No space left on device"]


def test_a_recording_that_somebody_has_removed_goes_on_in_its_next_half(tmp_path: Path) -> None:
    recording = begun(tmp_path, limit=2000)
    recording.output(b"x" * 600, 1.0, painted)
    (tmp_path / NEWEST).unlink()
    recording.output(b"y" * 600, 2.0, painted)
    recording.close(3.0, painted)
    assert output(tmp_path / NEWEST) == b"y" * 600


def test_a_new_half_that_cannot_be_put_in_its_place_costs_what_is_told_and_no_more(tmp_path: Path) -> None:
    recording = begun(tmp_path, limit=2000)
    (tmp_path / OLDER).mkdir()
    recording.output(b"x" * 600, 1.0, painted)
    recording.output(b"y" * 600, 2.0, painted)
    assert recording.due == 3.0
    (tmp_path / OLDER).rmdir()
    recording.output(b"z" * 600, 3.5, painted)
    recording.close(4.0, painted)
    assert output(tmp_path / OLDER) + output(tmp_path / NEWEST) == b"x" * 600 + b"z" * 600
    assert markers(tmp_path / OLDER)[0].startswith("600 bytes of output not recorded: ")
