"""The recording's lines, there and back: whatever bytes a program writes come out as they were."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibenv_core.supervisor import asciicast
from vibenv_core.supervisor.asciicast import Header, Marker, Output, Resize, Typed, Writer

HEADER = Header(rows=24, cols=80, began=1_800_000_000.25, term="xterm-256color", before=12)


def test_the_header_says_what_asciicast_wants_and_comes_back() -> None:
    said = json.loads(asciicast.header(HEADER))
    assert (said["version"], said["width"], said["height"]) == (2, 80, 24)
    assert said["env"] == {"TERM": "xterm-256color"}
    assert asciicast.read_header(asciicast.header(HEADER)) == HEADER


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", "7", "{", "[" * 100_000, '{"version": 2, "width": 80, "height": 24}']
)
def test_a_line_that_is_no_header_of_vibenvs_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (json's own is one)
        asciicast.read_header(line)


@given(st.lists(st.binary(max_size=12)), st.booleans())
def test_all_bytes_come_back_however_they_were_split(pieces: list[bytes], from_text: bool) -> None:
    if from_text:
        pieces = [piece.decode(errors="replace").encode() for piece in pieces]
    writer = Writer()
    lines = "".join([*(writer.output(1.5, piece) for piece in pieces), writer.rest(2.0)])
    events = list(asciicast.read(io.StringIO(lines)))
    assert b"".join(event.data for event in events if isinstance(event, Output)) == b"".join(pieces)


def test_a_split_character_is_whole_in_the_text_that_players_show() -> None:
    writer = Writer()
    euro = "€".encode()
    lines = [writer.output(1.0, b"a" + euro[:2]), writer.output(2.0, euro[2:] + b"b"), writer.rest(3.0)]
    assert [json.loads(line)[1:] for line in lines if line] == [["o", "a"], ["o", "€b"]]


def test_broken_utf_8_is_shown_as_replaced_and_kept_beside_it() -> None:
    line = Writer().output(1.0, b"a\xffb")
    assert [json.loads(each)[1] for each in line.splitlines()] == ["o", "b"]
    assert json.loads(line.splitlines()[0])[2] == "a\ufffdb"
    assert list(asciicast.read(line.splitlines())) == [Output(1.0, b"a\xffb")]


def test_sizes_markers_and_paintings_come_back_in_order() -> None:
    lines = (
        asciicast.resize(1.0, 30, 100) + asciicast.marker(2.0, 'a "marker"') + asciicast.painted(3.0, b"\xff")
    )
    lines += Writer().output(4.0, b"more")
    assert list(asciicast.read(lines.splitlines())) == [
        Resize(1.0, 30, 100),
        Marker(2.0, 'a "marker"'),
        Marker(3.0, asciicast.PAINTED),
        Output(3.0, b"\xff", painted=True),
        Output(4.0, b"more"),
    ]


@pytest.mark.parametrize(
    "typed",
    [
        Typed(1.0, "ann", person=True),
        Typed(1.0, "", person=True),
        Typed(1.0, "a (bot): 世界", person=False),
        Typed(1.0, "bot", person=False, size=12),
    ],
)
def test_who_typed_is_read_as_it_was_written(typed: Typed) -> None:
    line = asciicast.typed(typed.time, typed.author, person=typed.person, size=typed.size)
    assert list(asciicast.read([line])) == [typed]


def test_a_line_that_was_not_written_to_its_end_is_left_out() -> None:
    whole = Writer().output(1.0, b"whole")
    assert list(asciicast.read([whole, whole[:-5]])) == [Output(1.0, b"whole")]


@pytest.mark.parametrize(
    "line",
    [
        "7",
        "{}",
        "[1.0]",
        '["1", "o", "a"]',
        '[1.0, "o", 5]',
        '[1.0, "r", "80"]',
        '[1.0, "b", "?"]',
        '[1.0, "a", "ann"]',
        "[" * 100_000,
    ],
)
def test_a_line_that_makes_no_sense_is_left_out(line: str) -> None:
    assert list(asciicast.read(['[0.5, "o", "a"]', line])) == [Output(0.5, b"a")]


def test_an_event_of_a_kind_that_is_not_known_is_passed_over() -> None:
    assert list(asciicast.read(['[1.0, "x", "?"]', '[2.0, "o", "a"]'])) == [Output(2.0, b"a")]
