"""An attachment without a terminal or a session: bytes and times in, bytes out."""

from __future__ import annotations

import pytest

from vibenv_core.attachment import Attachment
from vibenv_core.detach_key import DetachKey
from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import Frame, Frames, Kind

CTRL_BACKSLASH = b"\x1c"
ASKED = b"\x1b]7501;?\x1b\\\x1b[c"
ANSWERS = b"\x1b]7501;?\x1b\\\x1b[?62;22c"


def welcome(typed: int = 0, version: int = frames.VERSION) -> bytes:
    return frames.said(Kind.WELCOME, {"typed": typed, "rows": 24, "cols": 80, "version": version})


def new(*, keys: str = "ctrl-\\", watching: bool = False, linked: bool = False) -> Attachment:
    return Attachment(
        24,
        80,
        client="me",
        session="task",
        key=DetachKey(keys),
        watching=watching,
        history=1000,
        linked=linked,
    )


def attached(*, keys: str = "ctrl-\\", watching: bool = False, linked: bool = False) -> Attachment:
    """An attachment that has reached its session and was painted `$ ` at position 100."""
    attachment = new(keys=keys, watching=watching, linked=linked)
    attachment.hello()
    attachment.opened(10.0)
    attachment.received(welcome() + frames.positioned(Kind.REPAINT, 100, b"$ "), now=10.0)
    shown(attachment)
    return attachment


def again(attachment: Attachment, now: float, *, typed: int = 0) -> frames.Hello:
    """Connect once more: what the new connection was begun with."""
    hello = attachment.hello()
    attachment.opened(now)
    attachment.received(welcome(typed), now)
    return hello


def shown(attachment: Attachment) -> bytes:
    """What is to be painted, which it then is."""
    painted = bytes(attachment.to_screen)
    attachment.painted(len(painted))
    return painted


def sent(attachment: Attachment) -> list[Frame]:
    """What is to be sent, which it then is."""
    whole = Frames().feed(bytes(attachment.to_session))
    attachment.to_session.clear()
    return whole


def typed_in(attachment: Attachment) -> list[tuple[int, bytes]]:
    """The positions and keys that are to be sent, which they then are."""
    return [frames.position(frame.payload) for frame in sent(attachment) if frame.kind == Kind.INPUT]


def kinds(attachment: Attachment) -> list[int]:
    return [frame.kind for frame in sent(attachment)]


def test_nothing_is_painted_before_the_session_welcomes() -> None:
    attachment = new()
    hello = attachment.hello()
    assert (hello.rows, hello.cols, hello.since, hello.history) == (24, 80, None, 1000)
    attachment.opened(0.0)
    attachment.tick(1.0)
    attachment.leave()
    assert not attachment.to_session + attachment.to_screen


def test_what_was_on_the_screen_moves_up_once_and_the_title_is_kept() -> None:
    attachment = new()
    again(attachment, 0.0)
    assert shown(attachment) == b"\x1b[22;0t" + b"\n" * 24 + b"\x1b[H\x1b[J" + ASKED
    attachment.cut()
    again(attachment, 1.0)
    assert shown(attachment) == b""


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_frames_are_understood_wherever_they_are_split(size: int) -> None:
    attachment = attached()
    stream = b"".join(
        [
            frames.positioned(Kind.OUTPUT, 100, b"one"),
            frames.frame(Kind.SESSION_SIZE, b"\0\1\0\1"),
            frames.positioned(Kind.OUTPUT, 103, b"two"),
            frames.said(Kind.ENDED, {"exit_code": 3}),
        ]
    )
    for at in range(0, len(stream), size):
        attachment.received(stream[at : at + size], now=12.0)
    assert shown(attachment) == b"onetwo"
    assert (attachment.ended, attachment.exit_code) == (True, 3)


def test_a_session_of_a_later_vibenv_is_told_from_a_broken_one() -> None:
    with pytest.raises(frames.Refused, match="later"):
        new().received(welcome(version=frames.VERSION + 1), now=0.0)


def test_what_is_typed_is_numbered_and_sent_up_to_the_detach_key() -> None:
    attachment = attached()
    attachment.typed(b"ls", now=12.0)
    attachment.typed(b"\r" + CTRL_BACKSLASH + b"rest", now=12.0)
    assert typed_in(attachment) == [(0, b"ls"), (2, b"\r")]
    assert attachment.detached


def test_detaching_needs_no_connection_and_no_welcome() -> None:
    attachment = new()
    attachment.typed(CTRL_BACKSLASH, now=0.0)
    assert attachment.detached


def test_who_watches_can_only_detach() -> None:
    attachment = attached(watching=True)
    assert attachment.hello().watching
    attachment.typed(b"ls\r", now=12.0)
    assert (sent(attachment), attachment.dropped) == ([], 0)
    attachment.typed(CTRL_BACKSLASH, now=12.0)
    assert attachment.detached


def test_an_escape_alone_passes_after_a_moment() -> None:
    attachment = attached()
    attachment.typed(b"\x1b", now=12.0)
    due = attachment.due()
    assert sent(attachment) == []
    assert due is not None
    assert due - 12.0 < 0.05
    attachment.tick(due)
    assert typed_in(attachment) == [(0, b"\x1b")]


def test_the_first_of_two_detach_keys_waits_longer() -> None:
    attachment = attached(keys="ctrl-p,ctrl-q")
    attachment.typed(b"\x10", now=12.0)
    attachment.tick(12.5)
    assert sent(attachment) == []
    attachment.tick(13.5)
    assert typed_in(attachment) == [(0, b"\x10")]


def test_a_size_is_passed_on_once_and_one_that_changed_meanwhile_with_the_welcome() -> None:
    attachment = attached()
    attachment.resized(40, 120)
    attachment.resized(40, 120)
    assert bytes(attachment.to_session) == frames.sized(Kind.SIZE, 40, 120)
    attachment.cut()
    attachment.hello()
    attachment.opened(12.0)
    attachment.resized(50, 100)
    assert sent(attachment) == []
    attachment.received(welcome(), 12.0)
    assert bytes(attachment.to_session) == frames.sized(Kind.SIZE, 50, 100)


def test_what_the_terminal_has_taken_is_acknowledged_and_no_more() -> None:
    attachment = attached()
    attachment.received(frames.positioned(Kind.OUTPUT, 100, bytes(20_000)), now=12.0)
    attachment.painted(5_000)
    assert sent(attachment) == []
    attachment.painted(10_000)
    attachment.painted(5_000)
    taken = [frames.position(frame.payload)[0] for frame in sent(attachment)]
    assert taken == [15_002]


def test_after_a_cut_it_goes_on_where_it_was_and_sends_what_was_not_taken_once() -> None:
    attachment = attached()
    attachment.received(frames.positioned(Kind.OUTPUT, 100, b"abc"), now=12.0)
    attachment.typed(b"12", now=12.0)
    attachment.typed(b"345", now=12.0)
    attachment.received(frames.positioned(Kind.TYPED, 1), now=12.0)
    sent(attachment)
    attachment.cut()
    attachment.typed(b"6", now=12.1)
    hello = again(attachment, 12.2, typed=3)
    assert hello.since == 103
    assert typed_in(attachment) == [(3, b"456")]
    attachment.received(frames.positioned(Kind.TYPED, 6), now=12.3)
    attachment.cut()
    again(attachment, 13.0, typed=6)
    assert typed_in(attachment) == []


def test_half_a_frame_of_a_connection_that_was_cut_is_forgotten() -> None:
    attachment = attached()
    attachment.received(frames.positioned(Kind.OUTPUT, 100, b"abc")[:-1], now=12.0)
    attachment.cut()
    assert again(attachment, 13.0).since == 100
    attachment.received(frames.positioned(Kind.OUTPUT, 100, b"abc"), now=13.0)
    assert shown(attachment) == b"abc"


def test_acknowledgements_begin_anew_with_each_connection() -> None:
    attachment = attached()
    attachment.received(frames.positioned(Kind.OUTPUT, 100, bytes(9_000)), now=12.0)
    attachment.cut()
    again(attachment, 13.0)
    attachment.painted(9_000)
    assert sent(attachment) == []
    attachment.received(frames.positioned(Kind.OUTPUT, 9_100, bytes(9_000)), now=13.0)
    attachment.painted(9_000)
    assert [frames.position(frame.payload)[0] for frame in sent(attachment)] == [9_000]


def test_what_is_typed_under_a_line_that_says_there_is_no_connection_is_dropped_with_a_notice() -> None:
    attachment = attached()
    attachment.cut()
    attachment.typed(b"before", now=12.0)
    attachment.say("no connection")
    attachment.typed(b"under", now=13.0)
    assert attachment.dropped == 5
    assert b"no connection" in shown(attachment)
    assert again(attachment, 14.0).since is None
    assert typed_in(attachment) == [(0, b"before")]
    attachment.received(frames.positioned(Kind.REPAINT, 200, b"all"), now=14.0)
    attachment.tick(14.0)
    assert b"5 typed bytes were dropped" in shown(attachment)
    assert attachment.dropped == 0


def test_a_notice_stands_still_and_is_taken_away_by_a_repaint() -> None:
    attachment = attached()
    attachment.received(frames.frame(Kind.NOTICE, b"the disk\x1b is full"), now=12.0)
    assert b"\x1b[24;1H\x1b[0;7m the disk  is full\x1b[m" in shown(attachment)
    attachment.received(frames.positioned(Kind.OUTPUT, 102, b"unseen"), now=12.1)
    attachment.tick(12.2)
    assert (shown(attachment), sent(attachment)) == (b"", [])
    attachment.tick(20.0)
    assert kinds(attachment) == [Kind.SIZE]
    attachment.received(frames.positioned(Kind.OUTPUT, 108, b"unseen"), now=20.1)
    attachment.received(frames.positioned(Kind.REPAINT, 114, b"all"), now=20.1)
    attachment.received(frames.positioned(Kind.OUTPUT, 114, b"seen"), now=20.1)
    assert shown(attachment) == b"\x1b\\allseen"


def test_a_key_takes_a_notice_away_at_once() -> None:
    attachment = attached()
    attachment.received(frames.frame(Kind.NOTICE, b"full"), now=12.0)
    attachment.typed(b"x", now=12.1)
    attachment.tick(12.1)
    assert kinds(attachment) == [Kind.INPUT, Kind.SIZE]


def test_a_line_that_was_painted_while_connecting_is_taken_away() -> None:
    attachment = attached()
    attachment.cut()
    assert attachment.hello().since == 100
    attachment.opened(12.0)
    attachment.say("no connection")
    attachment.received(welcome(), now=13.0)
    assert kinds(attachment) == [Kind.SIZE]


def test_a_view_is_painted_and_is_no_basis_to_go_on_from() -> None:
    attachment = attached()
    attachment.received(frames.positioned(Kind.VIEW, 100, b"part"), now=12.0)
    assert shown(attachment) == b"\x1b\\part"
    attachment.cut()
    assert attachment.hello().since is None


def test_a_program_that_reads_nothing_is_sent_a_window_and_no_key_is_lost_unsaid() -> None:
    attachment = attached()
    pasted = bytes(range(32, 96)) * 20_000
    for at in range(0, len(pasted), 50_000):
        attachment.typed(pasted[at : at + 50_000], now=12.0)
    first = typed_in(attachment)
    assert sum(len(data) for _, data in first) == frames.INPUT_WINDOW
    attachment.received(frames.positioned(Kind.TYPED, 1_000), now=12.0)
    assert typed_in(attachment) == [(frames.INPUT_WINDOW, pasted[frames.INPUT_WINDOW :][:1_000])]
    attachment.tick(12.0)
    assert b"%d typed bytes were dropped" % (len(pasted) - (1 << 20)) in shown(attachment)


def test_where_nobody_knows_what_arrived_nothing_is_sent_twice() -> None:
    attachment = attached()
    attachment.typed(b"abc", now=12.0)
    attachment.cut()
    attachment.typed(b"d", now=12.1)
    sent(attachment)
    again(attachment, 13.0, typed=(1 << 64) - 1)
    assert typed_in(attachment) == [(3, b"d")]
    assert attachment.dropped == 3


def test_a_link_that_goes_silent_is_asked_and_then_taken_for_cut() -> None:
    attachment = attached(linked=True)
    due = attachment.due()
    assert due is not None
    attachment.tick(due)
    assert typed_in(attachment) == [(0, b"")]
    assert not attachment.is_lost(due)
    assert attachment.is_lost(due + 3)
    attachment.received(frames.positioned(Kind.TYPED, 0), now=due + 0.2)
    assert not attachment.is_lost(due + 3)


def test_what_no_link_leads_to_is_never_asked() -> None:
    attachment = attached()
    attachment.tick(1_000.0)
    assert sent(attachment) == []
    assert not attachment.is_lost(2_000.0)


def test_leaving_restores_the_modes_and_the_title_and_begins_a_line() -> None:
    attachment = attached()
    attachment.received(frames.positioned(Kind.OUTPUT, 100, b"\x1b[?1002h$ "), now=12.0)
    shown(attachment)
    attachment.leave()
    left = bytes(attachment.to_screen)
    assert left.startswith(b"\x1b\\\x1b[?1002l")
    assert b"\x1b[23;0t" in left
    assert left.endswith(b"\r\n\x1b[J")


def test_leaving_a_full_screen_program_goes_back_to_the_line_before_it() -> None:
    attachment = attached()
    attachment.received(frames.positioned(Kind.OUTPUT, 100, b"\x1b[?1049h\x1b[H~"), now=12.0)
    shown(attachment)
    attachment.leave()
    assert b"\x1b[?1049l" in attachment.to_screen
    assert not attachment.to_screen.endswith(b"\r\n\x1b[J")


def test_leaving_does_not_wait_for_a_flood_and_undoes_what_was_painted_of_it() -> None:
    attachment = attached()
    flood = b"\x1b[?1049h" + b"x" * 60_000 + b"\x1b[?1049l"
    attachment.received(frames.positioned(Kind.OUTPUT, 100, flood), now=12.0)
    attachment.painted(1_000)
    attachment.leave()
    assert b"\x1b[?1049l" in attachment.to_screen
    assert len(attachment.to_screen) < 200


def supporting(*more: bytes) -> Attachment:
    """An attachment whose terminal has answered that it takes reports, and that was sent these."""
    attachment = attached()
    attachment.typed(ANSWERS, now=10.1)
    for pairs in more:
        attachment.received(frames.frame(Kind.RECORD, pairs), now=10.2)
    return attachment


@pytest.mark.parametrize("cut", range(1, len(ANSWERS)))
def test_the_terminals_answers_are_taken_out_of_what_is_typed_wherever_they_are_split(cut: int) -> None:
    attachment = attached()
    attachment.typed(b"a" + ANSWERS[:cut], now=10.1)
    attachment.tick(10.11)
    attachment.typed(ANSWERS[cut:] + b"b", now=10.11)
    attachment.tick(20.0)
    asked = [frames.plain(frame.payload) for frame in sent(attachment) if frame.kind == Kind.REQUEST]
    assert asked == [{"id": "records", "do": "records"}]
    attachment.typed(b"c", now=20.0)
    assert b"".join(keys for _, keys in typed_in(attachment)) == b"c"
    assert attachment.hello().since == 100


@pytest.mark.parametrize("end", [b"\x07", b"\x1b\\"])
def test_a_later_revisions_answer_may_say_more(end: bytes) -> None:
    attachment = attached()
    attachment.typed(b"x\x1b]7501;?:version=2" + end + b"y", now=10.1)
    assert [frame.kind for frame in sent(attachment)] == [Kind.INPUT, Kind.REQUEST]


def test_a_terminal_without_support_is_known_by_its_other_answer_and_is_sent_no_records() -> None:
    attachment = attached()
    attachment.typed(b"a\x1b[?1;2cb", now=10.1)
    assert typed_in(attachment) == [(0, b"ab")]
    assert not attachment.awaits_answers(10.1)
    attachment.received(frames.frame(Kind.RECORD, b"state=done"), now=10.2)
    assert shown(attachment) == b""
    attachment.typed(b"\x1b[?1;2c", now=10.3)
    assert typed_in(attachment) == [(2, b"\x1b[?1;2c")]


def test_with_a_terminal_that_never_answers_all_keys_pass() -> None:
    attachment = attached()
    keys = [b"\x1b", b"\x1b[", b"\x1b]", b"\x1b[A", b"\x1b[?", b"ls\r", b"\x1bO", "ü".encode(), b"\x1b[1;2c"]
    for number, key in enumerate(keys):
        attachment.typed(key, now=11.0 + number / 2)
        attachment.tick(11.1 + number / 2)
    attachment.tick(100.0)
    assert b"".join(key for _, key in typed_in(attachment)) == b"".join(keys)
    assert attachment.awaits_answers(10.5)
    assert not attachment.awaits_answers(11.5)


def test_keys_that_detach_are_found_whatever_else_is_waited_for() -> None:
    attachment = attached(keys="ctrl-p,ctrl-q")
    attachment.typed(b"\x10\x1b", now=10.1)
    attachment.tick(10.2)
    attachment.typed(b"\x10", now=10.3)
    attachment.typed(ANSWERS, now=10.4)
    attachment.tick(10.5)
    attachment.typed(b"\x11", now=10.6)
    assert attachment.detached


def test_records_are_passed_on_under_the_sessions_name_and_cleared_on_leaving() -> None:
    attachment = supporting(b"state=clear", b"state=blocked:id=a/b:kind=auth", b"state=busy", b"\x1b[31mevil")
    reports = b"\x1b]7501;state=clear:id=task\x1b\\\x1b]7501;state=blocked:id=task/a/b:kind=auth\x1b\\"
    assert shown(attachment) == reports
    attachment.leave()
    assert attachment.to_screen.endswith(b"\x1b]7501;state=clear:id=task\x1b\\")


def test_a_record_without_room_below_the_sessions_name_is_left_out() -> None:
    assert shown(supporting(b"state=done:id=a/b/c/d/e/f/g/h")) == b""


def test_of_a_long_name_the_beginning_is_the_records_first_segment() -> None:
    attachment = Attachment(24, 80, client="me", session="n" * 63, key=DetachKey())
    again(attachment, 0.0)
    attachment.typed(ANSWERS, now=0.1)
    shown(attachment)
    attachment.received(frames.frame(Kind.RECORD, b"state=done"), now=0.2)
    assert shown(attachment) == b"\x1b]7501;state=done:id=" + b"n" * 32 + b"\x1b\\"


def test_after_a_cut_records_are_cleared_once_that_is_said_and_asked_for_anew() -> None:
    attachment = supporting(b"state=working")
    sent(attachment)
    shown(attachment)
    attachment.cut()
    assert shown(attachment) == b""
    attachment.say("no connection")
    attachment.say("no connection still")
    assert shown(attachment).count(b"state=clear:id=task") == 1
    again(attachment, 20.0)
    assert Kind.REQUEST in kinds(attachment)


def test_a_terminal_that_was_sent_nothing_is_cleared_of_nothing() -> None:
    attachment = supporting()
    attachment.leave()
    assert b"7501" not in attachment.to_screen
