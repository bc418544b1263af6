"""An attachment without a terminal or an engine: bytes and times in, bytes out."""

import struct

import pytest

from vibenv_core import session_process
from vibenv_core.attachment import Attachment
from vibenv_core.inside.relay import GREETING

CTRL_BACKSLASH = b"\x1c"


def frame(content: bytes, kind: int = 1) -> bytes:
    """A frame of the engine's stream; 1 is standard output, 2 standard error."""
    return struct.pack(">BxxxI", kind, len(content)) + content


def attached(rows: int = 24, cols: int = 80) -> Attachment:
    """An attachment that has reached its session and was repainted."""
    attachment = Attachment(rows, cols)
    attachment.received(frame(GREETING), now=10.0)
    attachment.tick(now=11.0)
    attachment.to_session.clear()
    attachment.to_screen.clear()
    return attachment


def test_nothing_is_asked_or_painted_before_the_terminal_is_reached() -> None:
    attachment = Attachment(24, 80)
    attachment.resized(30, 100)
    attachment.tick(now=1.0)
    attachment.leave()
    assert not attachment.to_session
    assert not attachment.to_screen


def test_the_size_is_another_one_first_so_that_every_program_repaints() -> None:
    attachment = Attachment(24, 80)
    attachment.received(frame(GREETING), now=10.0)
    assert attachment.to_session == session_process.attach() + session_process.redraw(23, 80)
    attachment.to_session.clear()
    attachment.received(frame(b"painted"), now=10.001)
    attachment.tick(now=10.002)
    assert attachment.to_session == b""
    due = attachment.due()
    assert due is not None
    assert due < 10.1
    attachment.tick(due)
    assert attachment.to_session == session_process.resize(24, 80)
    assert attachment.due() is None


def test_a_program_that_is_slow_to_repaint_gets_time_and_one_that_never_does_its_size() -> None:
    attachment = Attachment(24, 80)
    attachment.received(frame(GREETING), now=10.0)
    attachment.to_session.clear()
    attachment.tick(now=10.2)
    assert attachment.to_session == b""
    attachment.tick(now=11.0)
    assert attachment.to_session == session_process.resize(24, 80)


def test_a_terminal_of_one_row_is_never_given_none() -> None:
    attachment = Attachment(1, 80)
    attachment.received(frame(GREETING), now=0.0)
    assert attachment.to_session.endswith(session_process.redraw(2, 80))


def test_what_was_on_the_screen_moves_up_before_the_session_paints() -> None:
    attachment = Attachment(3, 80)
    attachment.received(frame(GREETING + b"hello"), now=0.0)
    assert attachment.to_screen == b"\n\n\n\x1b[H\x1b[J" + GREETING + b"hello"


def test_a_window_resized_during_the_repaint_gets_its_last_size() -> None:
    attachment = Attachment(24, 80)
    attachment.received(frame(GREETING), now=0.0)
    attachment.to_session.clear()
    attachment.resized(40, 120)
    attachment.tick(now=1.0)
    assert attachment.to_session == session_process.resize(40, 120)


def test_a_size_is_passed_on_once() -> None:
    attachment = attached()
    attachment.resized(40, 120)
    attachment.resized(40, 120)
    assert attachment.to_session == session_process.resize(40, 120)


def test_frames_are_unpacked_wherever_they_are_split() -> None:
    stream = frame(b"one") + frame(b"", 2) + frame(b"two") + frame(b"not a word", 2) + frame(b"three")
    attachment = attached()
    for byte in stream:
        attachment.received(bytes([byte]), now=12.0)
    assert attachment.to_screen == b"onetwothree"
    assert attachment.complaint == b"not a word"


@pytest.mark.parametrize("said", [frame(b"OCI runtime: no python3"), b"OCI runtime: no python3"])
def test_an_engine_that_cannot_start_the_relay_is_heard(said: bytes) -> None:
    attachment = Attachment(24, 80)
    attachment.received(said, now=0.0)
    assert attachment.complaint.endswith(b"no python3")
    assert not attachment.reached


def test_typing_passes_up_to_the_detach_key() -> None:
    attachment = attached()
    attachment.typed(b"ls\r" + CTRL_BACKSLASH, now=12.0)
    assert attachment.to_session == session_process.push(b"ls\r")
    assert attachment.detached


def test_detaching_at_once_leaves_the_session_at_the_real_size() -> None:
    attachment = Attachment(24, 80)
    attachment.received(frame(GREETING), now=10.0)
    attachment.to_session.clear()
    attachment.typed(CTRL_BACKSLASH, now=10.01)
    assert attachment.to_session == session_process.resize(24, 80)


def test_an_escape_alone_passes_after_a_moment() -> None:
    attachment = attached()
    attachment.typed(b"\x1b", now=12.0)
    assert attachment.to_session == b""
    due = attachment.due()
    assert due is not None
    assert due - 12.0 < 0.05
    attachment.tick(due)
    assert attachment.to_session == session_process.push(b"\x1b")


def test_leaving_restores_the_modes_and_begins_a_line() -> None:
    attachment = attached()
    attachment.received(frame(b"\x1b[?1002h$ "), now=12.0)
    attachment.to_screen.clear()
    attachment.leave()
    assert attachment.to_screen == b"\x1b[?1002l\x1b(B\x0f\x1b[m\r\n\x1b[J"


def test_leaving_a_full_screen_program_goes_back_to_the_line_before_it() -> None:
    attachment = attached()
    attachment.received(frame(b"\x1b[?1049h\x1b[H~"), now=12.0)
    attachment.to_screen.clear()
    attachment.leave()
    assert attachment.to_screen == b"\x1b[?1049l\x1b(B\x0f\x1b[m\x1b[J"


def test_another_connection_begins_anew_and_keeps_the_terminals_modes() -> None:
    attachment = attached()
    attachment.received(frame(b"\x1b[?1049h"), now=12.0)
    attachment.typed(b"lost", now=12.0)
    attachment.received(frame(b"half a frame")[:10], now=12.0)
    attachment.cut()
    assert not attachment.to_session
    attachment.to_screen.clear()
    attachment.received(frame(GREETING), now=20.0)
    assert attachment.to_session == session_process.attach() + session_process.redraw(23, 80)
    attachment.to_screen.clear()
    attachment.leave()
    assert b"\x1b[?1049l" in attachment.to_screen


def test_a_terminal_that_is_left_while_the_connection_is_cut_gets_its_modes_back() -> None:
    attachment = attached()
    attachment.received(frame(b"\x1b[?1000h"), now=12.0)
    attachment.cut()
    attachment.to_screen.clear()
    attachment.leave()
    assert b"\x1b[?1000l" in attachment.to_screen
