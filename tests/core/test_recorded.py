"""A recording out of its files: each line once, whatever becomes of them between one look and the next."""

import json
import random
from pathlib import Path

import pytest

from vibenv_core.recorded import LONGEST, Event, Recorded, events, playable
from vibenv_core.supervisor.recording import NEWEST, OLDER, Recording

PAINT = b"<painted>"


def begun(folder: Path, *, limit: int = 1 << 20, wall: float = 1000.0) -> Recording:
    return Recording(str(folder), limit=limit, rows=24, cols=80, term="xterm", wall=wall, now=0.0)


def write(recording: Recording, numbers: range) -> None:
    for number in numbers:
        recording.output(b"%06d\r\n" % number, float(number), lambda: PAINT)


def files(folder: Path) -> list[bytes]:
    """The older, where there is one, and the newest."""
    return [(folder / name).read_bytes() for name in (OLDER, NEWEST) if (folder / name).exists()]


def fed(recorded: Recorded, there: list[bytes], *, piece: int = 1 << 20) -> bytes:
    """What is new of all files that are there."""
    given = b""
    for number, file in enumerate(there):
        recorded.begin(oldest=number == 0 and len(there) > 1)
        given += b"".join(recorded.feed(file[at : at + piece]) for at in range(0, len(file), piece))
    return given


def printed(lines: bytes) -> str:
    return "".join(event.text for event in said_by(lines) if event.kind == "output")


def said_by(lines: bytes) -> list[Event]:
    return [event for block in events([lines]) for event in block]


def said(numbers: range) -> str:
    return "".join(f"{number:06d}\r\n" for number in numbers)


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_two_files_are_one_recording_in_which_nothing_is_shown_twice(tmp_path: Path, piece: int) -> None:
    recording = begun(tmp_path, limit=6000)
    write(recording, range(100))
    recorded = Recorded()
    assert len(files(tmp_path)) == 2
    given = fed(recorded, files(tmp_path), piece=piece)
    assert printed(given) == said(range(100))
    assert PAINT not in given
    assert recorded.header is not None
    assert recorded.header.start == 0


def test_a_recording_whose_beginning_is_gone_says_so_and_begins_with_the_screen(tmp_path: Path) -> None:
    recording = begun(tmp_path, limit=3000)
    write(recording, range(200))
    given = fed(Recorded(), files(tmp_path))
    first, *_ = found = said_by(given)
    missing = int(first.text.split()[0])
    assert first.kind == "marker"
    assert missing > 0
    assert printed(given) == said(range(200))[missing:]
    assert given.count(PAINT) == 1
    assert [event.kind for event in found].count("resize") == 1


def test_what_is_read_again_gives_only_what_is_new(tmp_path: Path) -> None:
    recording, recorded = begun(tmp_path, limit=6000), Recorded()
    given = b""
    for tens in range(20):
        write(recording, range(tens * 10, tens * 10 + 10))
        given += fed(recorded, files(tmp_path))
        assert fed(recorded, files(tmp_path)) == b""
    assert printed(given) == said(range(200))


def test_a_session_that_was_started_again_goes_on_where_it_was(tmp_path: Path) -> None:
    recorded = Recorded()
    given = b""
    for start in range(5):
        recording = begun(tmp_path, limit=6000, wall=1000.0 + 50 * start)
        write(recording, range(start * 40, start * 40 + 40))
        recording.close(50.0, lambda: PAINT)
        with (tmp_path / NEWEST).open("ab") as file:
            file.write(b'[1.5, "o", "what a kill left ha')
        given += fed(recorded, files(tmp_path))
    assert printed(given) == said(range(200))


def test_of_files_that_turn_over_while_they_are_read_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    chance = random.Random(5)
    recording, recorded = begun(tmp_path, limit=3000), Recorded()
    given, written, behind = b"", 0, 0
    for _ in range(1000):
        older = files(tmp_path)[:-1]
        more = chance.randrange(30)
        write(recording, range(written, written + more))
        written += more
        for file, oldest in [*((file, True) for file in older), (files(tmp_path)[-1], not older)]:
            recorded.begin(oldest=oldest)
            given += recorded.feed(file[: chance.choice([len(file), chance.randrange(len(file))])])
        if recorded.missed is not None:
            behind += 1
    given += fed(recorded, files(tmp_path))
    assert behind > 10
    check(said_by(given))


def check(found: list[Event]) -> None:
    """Numbers follow one another; where some are missing, it is said how many bytes came before the next."""
    expected, gone = 0, None
    for event in found:
        if event.kind == "marker":
            gone = int(event.text.split()[0])
        elif event.kind == "output":
            number = int(event.text)
            if number != expected:
                assert gone == 8 * number
            expected, gone = number + 1, None
    assert expected > 1000


HOSTILE = [
    b"\n",
    b"nothing\n",
    b'{"version": 2}\n',
    b'[1.0, "o", 5]\n',
    b'[1.0, "o"]\n',
    b'[1e999, "o", "x"]\n',
    b'[NaN, "o", "x"]\n',
    b'[99999999999, "o", "x"]\n',
    b'[00, "o", "x"]\n',
    b'[1.0, "o", "\\ud800"]\n',
    b'[1.0, "o", "\x1b"]\n',
    b'[1.0, "o", "a"], [2.0, "o", "b"]\n',
    b"[" * 100_000 + b"\n",
]


@pytest.mark.parametrize("line", HOSTILE)
def test_a_line_that_is_no_event_is_left_out(line: bytes) -> None:
    good = b'[1.0, "o", "a\\r\\n\\u001b[m\xc3\xa4 ]"]\n'
    assert playable(good + line + good) == good + good
    assert playable(line) == b""
    assert [event.text for event in said_by(playable(good + line))] == ["a\r\n\x1b[mä ]"]


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    assert json.loads(playable(b'[1.0, "o", "\xff"]\n')) == [1.0, "o", "\ufffd"]


def test_a_line_without_end_is_not_kept(tmp_path: Path) -> None:
    begun(tmp_path)
    recorded = Recorded()
    recorded.begin(oldest=False)
    assert recorded.feed(files(tmp_path)[0]) == b""
    for _ in range(40):
        assert recorded.feed(b"x" * (LONGEST // 16)) == b""
    line = b'[1.0, "o", "after"]\n'
    assert recorded.feed(b"\n" + line) == line


@pytest.mark.parametrize(
    "header",
    [
        b"nothing",
        b'{"version": 2, "width": 80, "height": 24}',
        b'{"width": 1, "height": 1, "timestamp": 1e300, "env": {"TERM": ""},'
        b' "vibenv": {"before": 0, "start": 0, "repaint": 0}}',
        b'{"width": 1, "height": 1, "timestamp": 1, "env": {"TERM": ""},'
        b' "vibenv": {"before": 0, "start": -5, "repaint": 0}}',
    ],
)
def test_a_file_that_is_no_recording_gives_nothing(header: bytes) -> None:
    recorded = Recorded()
    recorded.begin(oldest=True)
    assert recorded.feed(header + b'\n[1.0, "o", "x"]\n') == b""
    assert recorded.feed(b'[1.0, "o", "x"]\n') == b""
    assert recorded.header is None
