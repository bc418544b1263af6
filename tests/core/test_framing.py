"""The frames between a program in a session and its caller."""

import pytest

from vibenv_core.inside.framing import INPUT, OUTPUT, RESULT, Frames, count, frame, taken

SAID = frame(OUTPUT, b"a\x00\xff") + taken(70000) + frame(RESULT, b"{}")


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_frames_are_read_in_pieces_of_any_size(step: int) -> None:
    frames = Frames()
    found = [each for at in range(0, len(SAID), step) for each in frames.feed(SAID[at : at + step])]
    assert [kind for kind, _ in found] == [OUTPUT, 4, RESULT]
    assert (found[0][1], count(found[1][1]), found[2][1]) == (b"a\x00\xff", 70000, b"{}")


def test_an_empty_frame_is_a_frame() -> None:
    assert Frames().feed(frame(INPUT)) == [(INPUT, b"")]


def test_what_an_engine_says_in_the_place_of_a_program_is_text() -> None:
    frames = Frames()
    assert frames.feed(b"OCI runtime exec failed: ") + frames.feed(b"no such file") == []
    assert frames.text == b"OCI runtime exec failed: no such file"
