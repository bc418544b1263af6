"""Frames, whole, in pieces and broken."""

import pytest

from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import Frame, Frames, Hello, Kind, Refused

STREAM = (
    frames.said(Kind.HELLO, Hello(client="me", rows=24, cols=80)._asdict())
    + frames.positioned(Kind.INPUT, 7, b"keys")
    + frames.sized(Kind.SIZE, 30, 300)
    + frames.frame(Kind.NOTICE)
)


@pytest.mark.parametrize("step", [1, 4, 5, 7, 1000])
def test_frames_are_cut_from_the_stream_wherever_reads_split_it(step: int) -> None:
    cutter = Frames()
    found = [each for at in range(0, len(STREAM), step) for each in cutter.feed(STREAM[at : at + step])]
    assert [each.kind for each in found] == [Kind.HELLO, Kind.INPUT, Kind.SIZE, Kind.NOTICE]
    assert frames.plain(found[0].payload)["client"] == "me"
    assert frames.position(found[1].payload) == (7, b"keys")
    assert frames.size(found[2].payload) == (30, 300)
    assert found[3] == Frame(Kind.NOTICE, b"")


def test_a_frame_that_is_too_long_is_refused_before_it_has_come() -> None:
    with pytest.raises(Refused, match="1001 bytes"):
        Frames(1000).feed(b"\x02\x00\x00\x03\xe9")


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"7", b"\xff"])
def test_what_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(Refused):
        frames.plain(payload)


def test_a_frame_without_its_position_or_size_is_refused() -> None:
    with pytest.raises(Refused):
        frames.position(b"1234567")
    with pytest.raises(Refused):
        frames.size(b"123")
