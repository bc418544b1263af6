"""The emulator: what it tells of itself, and what a program can do to it."""

import _ctypes
import ctypes
import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.supervisor.screens import shown_by
from vibenv_core.supervisor import ghostty_library
from vibenv_core.supervisor.cells import NO_STYLE, TAIL, Look
from vibenv_core.supervisor.ghostty import GhosttyScreen
from vibenv_core.supervisor.ghostty_library import Library, Unusable, find
from vibenv_core.supervisor.queries import Queries
from vibenv_core.supervisor.screen import Event
from vibenv_core.supervisor.snapshot import Malformed, Reader

HIDDEN = "\x00\x07\x1b\x7f\x85\u200b\u202e\u2066\ufeff"


@pytest.fixture
def screen() -> Iterator[GhosttyScreen]:
    made = GhosttyScreen(5, 20)
    yield made
    made.close()


def test_a_screen_tells_what_it_shows(screen: GhosttyScreen) -> None:
    screen.feed("one\r\n  \x1b[31mtwo\x1b[m   \r\n字x\x1b]2;a title\x07\x1b[2;4H".encode())
    assert shown_by(screen) == ["one", "  two", "字x", "", ""]
    assert (screen.cursor, screen.title, screen.alternate) == ((1, 3), "a title", False)
    screen.feed(b"\x1b[?1049h")
    assert screen.alternate


def test_cells_are_read_with_all_that_they_look_like(screen: GhosttyScreen) -> None:
    screen.feed(
        "\x1b[1;4:3;31;58:5:7mone\x1b[m字e\u0301\x1b[44m\x1b[2X\x1b[2C\x1b[48;2;1;2;3m\x1b[K".encode()
    )
    runs = [(run.start, run.text, run.marks, run.look) for run in screen.state().active.rows[0].runs()]
    styled = bytes((1, 1, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 1, 3, 0, 0))
    blue, other = bytes((0, 0, 0, 0, 1, 4)) + bytes(10), bytes((0, 0, 0, 0, 2, 1, 2, 3)) + bytes(8)
    assert runs == [
        (0, "one", (), Look(styled)),
        (3, f"字{TAIL}", (), Look(NO_STYLE)),
        (5, "e", ("\u0301",), Look(NO_STYLE)),
        (6, "\0\0", (), Look(blue, erased=True)),
        (8, "\0" * 12, (), Look(other, erased=True)),
    ]


def test_text_has_scrollback_and_whole_lines(screen: GhosttyScreen) -> None:
    screen.feed(b"x" * 50 + b"\r\n" + b"\r\n".join(b"line %d" % number for number in range(3000)))
    assert screen.text().splitlines() == ["x" * 50, *(f"line {number}" for number in range(3000))]


def test_ten_thousand_lines_are_kept_and_older_ones_forgotten() -> None:
    screen = GhosttyScreen(24, 80)
    screen.feed(b"".join(b"line %d\r\n" % number for number in range(20_000)))
    lines = screen.text().splitlines()
    assert lines[-1] == "line 19999"
    assert 10_000 <= len(lines) < 12_000
    screen.close()


@pytest.mark.parametrize("hidden", HIDDEN)
def test_neither_title_nor_lines_have_what_is_not_seen(screen: GhosttyScreen, hidden: str) -> None:
    screen.feed(f"\x1b]2;be{hidden}fore\x1b\\\r\nli{hidden}ne".encode())
    for text in (screen.title, screen.text(), *shown_by(screen), *(event.text for event in screen.events())):
        assert not set(text) & (set(HIDDEN) | {chr(code) for code in range(32) if code != 10})


def test_a_title_is_of_moderate_length(screen: GhosttyScreen) -> None:
    screen.feed(b"\x1b]2;" + b"t" * 800 + b"\x07")
    assert screen.title == "t" * 256


def test_a_program_is_told_the_name_and_the_size_but_never_what_it_wrote(screen: GhosttyScreen) -> None:
    assert screen.feed(b"\x1b[>q") == b"\x1bP>|vibenv\x1b\\"
    assert screen.feed(b"\x1b[18t\x1b[6n") == b"\x1b[8;5;20t\x1b[1;1R"
    assert screen.feed(b"\x1b]2;$(reboot)\x07\x1b[21t\x1b[20t\x05") == b""
    assert screen.feed(b"\x1b]7501;?\x07") == b"\x1b]7501;?\x07"


def test_a_program_that_asked_for_it_is_told_of_each_new_size(screen: GhosttyScreen) -> None:
    screen.feed(b"\x1b[?2048h")
    assert screen.resize(7, 30) == b"\x1b[48;7;30;112;240t"


@pytest.mark.parametrize(
    ("asked", "made"), [((0, 0), (1, 1)), ((65535, 65535), (1000, 1000)), ((-1, 5), (1, 5))]
)
def test_a_size_that_no_terminal_has_is_made_to_fit(
    screen: GhosttyScreen, asked: tuple[int, int], made: tuple[int, int]
) -> None:
    screen.resize(*asked)
    assert screen.feed(b"\x1b[18t") == b"\x1b[8;%d;%dt" % made
    assert len(shown_by(screen)) == made[0]


def test_a_program_cannot_change_the_size(screen: GhosttyScreen) -> None:
    screen.feed(b"\x1b[?40h\x1b[?3h\x1b[8;50;132t")
    assert screen.feed(b"\x1b[18t") == b"\x1b[8;5;20t"
    screen.feed(b"x" * 25)
    assert shown_by(screen)[:2] == ["x" * 20, "x" * 5]


def test_what_the_program_says_beside_its_output_is_kept(screen: GhosttyScreen) -> None:
    screen.feed(
        b"\x1b]0;t\x07\x07\x1b]9;done\x07\x1b]777;notify;who;what\x07\x1b]9;4;1;50\x07\x1b]7501;state=idle\x1b\\"
    )
    assert screen.events() == [
        Event("title", "t"),
        Event("bell"),
        Event("notification", "done"),
        Event("notification", "who: what"),
        Event("progress", "1;50"),
        Event("report", "state=idle"),
    ]
    assert screen.events() == []
    screen.feed(b"\x07" * 10_000 + b"\x1b]9;4;1;5\x07\x1b]9;4;1;6\x07" + b"\x1b]9;x\x07" * 3_000)
    assert screen.events() == [Event("bell"), Event("progress", "1;6"), *[Event("notification", "x")] * 3_000]
    screen.feed(b"\x1b]9;x\x07" * 10_000)
    assert len(screen.events()) == 4096


def test_what_the_program_says_comes_in_its_order(screen: GhosttyScreen) -> None:
    screen.feed(b"\x1b]7501;state=done\x07\x1b]133;A\x1b\\\x1b]7501;state=idle\x07\x1bc\x07")
    assert [event.kind for event in screen.events()] == [
        "report",
        "prompt",
        "report",
        "progress",
        "reset",
        "bell",
    ]


@pytest.mark.parametrize(("end", "longest"), [(b"\x07", 4088), (b"\x1b\\", 4087)])
def test_a_report_is_at_most_4096_bytes_long(screen: GhosttyScreen, end: bytes, longest: int) -> None:
    for length in (longest, longest + 1, longest + 100, 100_000):
        screen.feed(b"\x1b]7501;" + b"x" * length + end)
    assert screen.events() == [Event("report", "x" * longest)]


@pytest.mark.parametrize("begun", [b"\x1b", b"\x1b[1;", b"\x1b]2;t", b"\x1bP", b"\xe5\xad", b"\xf0"])
def test_it_is_known_whether_something_waits_for_its_end(screen: GhosttyScreen, begun: bytes) -> None:
    assert screen.is_between_sequences
    screen.feed(b"x" + begun)
    assert not screen.is_between_sequences
    screen.feed(b"\x1b\\x")
    assert screen.is_between_sequences


@pytest.mark.parametrize("cut", range(1, 20))
def test_marks_of_prompts_and_commands_are_kept_however_they_come(screen: GhosttyScreen, cut: int) -> None:
    queries, marks = Queries(), b"\x1b]133;A\x07$ \x1b]133;D;130\x1b\\"
    for piece in (marks[:cut], marks[cut:]):
        screen.feed(queries.feed(piece)[0])
    assert screen.events() == [Event("prompt", "A"), Event("prompt", "D;130")]


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (b"\x1b]0;", b"\x07"),
        (b"\x1b]52;c;", b"\x1b\\"),
        (b"\x1bP+q", b"\x1b\\"),
        (b"\x1b_G", b"\x1b\\"),
        (b"\x1b[", b"m"),
    ],
)
def test_a_sequence_that_hardly_ends_is_passed_over_to_its_end(begins: bytes, ends: bytes) -> None:
    session, client = GhosttyScreen(5, 20), GhosttyScreen(5, 20)
    session.feed(b"before" + begins)
    before = memory()
    for _ in range(40):
        session.feed(b"1" * 500_000)
    assert memory() - before < 4 << 20
    client.feed(session.repaint())
    for screen in (session, client):
        screen.feed(b"111" + ends + b"after")
        assert shown_by(screen)[0] == "beforeafter"
        screen.close()


def memory() -> int:
    """Bytes of memory that this process has in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("size", [(1, 1), (5, 20)])
@pytest.mark.parametrize(
    "output",
    [
        bytes(range(256)) * 200,
        b"\xff\xfe\xc3(\xe4\xbd" * 5000,
        b"\x1b[999999999999A\x1b[99999999X\x1b[65535@\x1b[4294967295L\x1b[99999b\x1b[18446744073709551616;1H",
        b"\x1b[2147483647;2147483647r\x1b[?69h\x1b[65535;1s\x1b[65535S\x1b[65535T",
        b"".join(b"\x1b[38;2;%d;%d;%dmx" % (n % 256, n // 256, 7) for n in range(20_000)),
        b"".join(b"\x1b]8;id=%d;http://%d/\x1b\\x" % (n, n) for n in range(20_000)),
        ("e" + "\u0301" * 5000).encode() * 5,
        b"\x1b[>1u" * 5000 + b"\x1b[<99999u" + b"\x1b7" * 5000,
        b"\x1b_Ga=T,f=24,s=9999,v=9999,m=1;AAAA\x1b\\" * 5000,
        b"\x1bPq#0;2;0;0;0" + b"~" * 100_000 + b"\x1b\\",
        b"\x1b]4;" + b";".join(b"%d;#123456" % n for n in range(3000)) + b"\x07",
    ],
    ids=lambda output: repr(output[:12]) if isinstance(output, bytes) else None,
)
def test_hostile_output_leaves_a_screen_that_can_be_repainted(size: tuple[int, int], output: bytes) -> None:
    session, client = GhosttyScreen(*size), GhosttyScreen(*size)
    before = memory()
    session.feed(output)
    session.resize(3, 7)
    client.resize(3, 7)
    client.feed(session.repaint(history=10_000))
    assert client.cursor == session.cursor
    assert shown_by(client) == shown_by(session)
    assert memory() - before < 64 << 20
    session.close()
    client.close()


def test_scrollback_takes_up_less_memory_when_it_rests(screen: GhosttyScreen) -> None:
    screen.feed(b"".join(b"line %d\r\n" % number for number in range(9000)))
    text = screen.text()
    screen.rest()
    assert screen.text() == text


def test_a_library_with_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class String(ctypes.Structure):
        _fields_ = (("ptr", ctypes.c_void_p), ("len", ctypes.c_uint32), ("more", ctypes.c_uint32))

    monkeypatch.setattr(ghostty_library, "_STRUCTURES", (String,))
    with pytest.raises(Unusable, match="lays out its String otherwise"):
        Library(find())


def test_what_is_no_such_library_is_refused(tmp_path: Path) -> None:
    for path in (str(tmp_path / "missing.so"), json.__file__, _ctypes.__file__):
        with pytest.raises(Unusable, match="no libghostty-vt that can be used"):
            Library(path)


@pytest.mark.parametrize(
    "data", [b"", b"GHOSTSNP\x02\x00" + bytes(20), b"GHOSTSNP\x01\x00\x05" + bytes(9), b"x" * 40]
)
def test_a_snapshot_of_another_format_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):  # noqa: PT012 - whether at once or when there is no more of it
        reader = Reader()
        reader.feed(data)
        assert reader.state
