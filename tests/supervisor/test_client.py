"""What a client is sent: output while it keeps up, the painted screen when not, a view at another size."""

from tests.supervisor.together import Dora, Frank, hub
from vibenv_core.supervisor.display import KEPT
from vibenv_core.supervisor.frames import OUTPUT_WINDOW, Kind


def painted(heard: list[tuple[Kind, tuple[int, bytes]]]) -> bytes:
    return b"".join(what[1] for kind, what in heard if kind in (Kind.OUTPUT, Kind.REPAINT, Kind.VIEW))


def test_a_client_is_welcomed_then_painted_then_given_output() -> None:
    session = hub()
    session.output(b"before", 0.0)
    frank = Frank(session, history=1000)
    kinds = frank.hear()
    assert [kind for kind, _ in kinds] == [Kind.WELCOME, Kind.REPAINT]
    assert kinds[1][1] == (6, b"<painted 6 history 1000>")
    session.output(b"after", 0.0)
    assert frank.hear() == [(Kind.OUTPUT, (6, b"after"))]


def test_scrollback_is_painted_once() -> None:
    session = hub()
    frank = Frank(session, history=1000)
    frank.hear()
    frank.resize(24, 80)
    assert frank.hear(1.0) == [(Kind.REPAINT, (0, b"<painted 0 history 0>"))]


def test_a_client_is_sent_no_more_than_the_window_beyond_what_it_has_taken() -> None:
    session = hub()
    frank = Frank(session)
    frank.hear()
    session.output(bytes(3 * OUTPUT_WINDOW), 0.0)
    assert len(painted(frank.hear(takes=False))) == OUTPUT_WINDOW
    frank.take()
    assert len(painted(frank.hear(takes=False))) == OUTPUT_WINDOW


def test_a_client_that_stays_behind_is_painted_the_screen_as_it_is_by_then() -> None:
    session = hub()
    frank = Frank(session)
    frank.hear()
    session.output(b"a" * 2 * OUTPUT_WINDOW, 0.0)
    frank.hear(0.0, takes=False)
    session.output(b"b" * OUTPUT_WINDOW, 0.2)
    assert frank.hear(0.2, takes=False) == []
    frank.take()
    position = 3 * OUTPUT_WINDOW
    assert frank.hear(0.2) == [(Kind.REPAINT, (position, b"<painted %d history 0>" % position))]
    session.output(b"c", 0.2)
    assert frank.hear(0.2) == []
    assert frank.hear(frank.due(0.2) or 0.0) == [(Kind.OUTPUT, (position, b"c"))]


def test_a_client_in_a_flood_is_painted_again_and_again_and_has_nothing_else_before_it() -> None:
    session = hub()
    frank = Frank(session)
    frank.hear()
    kinds = []
    for at in range(200):
        session.output(bytes(OUTPUT_WINDOW), at / 100)
        if at % 20 == 19:
            frank.take()
        kinds.append([kind for kind, _ in frank.hear(at / 100, takes=False)])
    assert kinds.count([Kind.REPAINT]) > 40
    assert [Kind.OUTPUT] not in kinds[1:]
    frank.take()
    session.output(b"calm", 3.0)
    assert [kind for kind, _ in frank.hear(3.0)] == [Kind.OUTPUT]


def test_a_short_burst_is_sent_whole_though_it_is_larger_than_the_window() -> None:
    session = hub()
    frank = Frank(session)
    frank.hear()
    session.output(bytes(4 * OUTPUT_WINDOW), 0.0)
    assert sum(len(painted(frank.hear(0.001 * at))) for at in range(9)) == 4 * OUTPUT_WINDOW


def test_a_client_that_never_takes_anything_costs_a_window_and_no_more() -> None:
    session = hub()
    frank = Frank(session)
    sent = 0
    for at in range(100):
        session.output(bytes(OUTPUT_WINDOW), float(at))
        sent += len(painted(frank.hear(float(at), takes=False)))
    assert sent <= OUTPUT_WINDOW + 1000


def test_a_flood_repaints_a_dtach_client_thirty_times_a_second_at_most() -> None:
    session = hub()
    dora = Dora(session)
    dora.hear()
    paintings = 0
    for at in range(100):
        session.output(bytes(3 * KEPT), at / 100)
        paintings += dora.hear(at / 100).count(b"painted")
    assert 20 <= paintings <= 31


def test_a_dtach_client_gets_all_as_long_as_it_is_not_too_far_behind() -> None:
    session = hub()
    dora = Dora(session)
    dora.hear()
    session.output(bytes(KEPT), 0.0)
    assert len(dora.hear()) == KEPT


def test_a_dtach_client_is_painted_once_its_size_is_known_or_does_not_come() -> None:
    session = hub()
    sized, unsized = Dora(session, 0, 0), Dora(session, 0, 0)
    assert sized.hear() == b""
    sized.send(3, 0, 24, 80)
    assert sized.hear() == b"<painted 0 history 0>"
    assert unsized.hear(0.1) == b""
    due = unsized.talk.client.due(0.1)
    assert due is not None
    assert unsized.hear(due) == b"<painted 0 history 0>"


def test_a_client_that_comes_again_goes_on_where_it_was() -> None:
    session = hub()
    Frank(session, "me")
    session.output(b"0123456789", 0.0)
    assert Frank(session, "me", since=4).hear()[1:] == [(Kind.OUTPUT, (4, b"456789"))]
    assert Frank(session, "me", since=10).hear()[1:] == []


def test_a_client_that_cannot_go_on_is_painted() -> None:
    session = hub()
    Frank(session, "me")
    session.output(bytes(10), 0.0)
    for since, size in [(11, 80), (-1, 80), (4, 70), (None, 80)]:
        again = Frank(session, "me", since=since, cols=size)
        assert [kind for kind, _ in again.hear()][1:] == [Kind.REPAINT], (since, size)
    session.output(bytes(3 * KEPT), 0.0)
    assert [kind for kind, _ in Frank(session, "me", since=9).hear()][1:] == [Kind.REPAINT]


def test_a_client_cannot_go_on_from_before_the_session_was_resized_and_back() -> None:
    session = hub()
    Frank(session, "other")
    session.output(b"0123456789", 0.0)
    for cols in (100, 80):
        Frank(session, "other", cols=cols).type(b"x")
    assert [kind for kind, _ in Frank(session, "me", since=4).hear()][1:] == [Kind.REPAINT]


def test_each_client_is_painted_when_the_session_gets_another_size() -> None:
    session = hub()
    first, second = Frank(session, "first"), Frank(session, "second")
    first.hear(), second.hear()
    first.resize(30, 100)
    assert [kind for kind, _ in first.hear(1.0)] == [Kind.SESSION_SIZE, Kind.REPAINT]
    assert [kind for kind, _ in second.hear(1.0)] == [Kind.SESSION_SIZE, Kind.VIEW]


def test_each_size_that_is_told_is_answered_by_a_painting() -> None:
    session = hub()
    frank = Frank(session)
    small = Frank(session, "small", rows=2, cols=3)
    frank.hear(), small.hear()
    frank.resize(24, 80)
    small.resize(2, 3)
    assert [kind for kind, _ in frank.hear(1.0)] == [Kind.REPAINT]
    assert [kind for kind, _ in small.hear(1.0)] == [Kind.VIEW]


def test_a_client_of_another_size_gets_the_rows_that_have_changed() -> None:
    session = hub()
    Frank(session, "leader")
    small = Frank(session, "small", rows=2, cols=3)
    session.output(b"first\nsecond\n", 0.0)
    whole = painted(small.hear())
    assert b"\x1b[2J" in whole
    assert b"\x1b[1;1Hfir\x1b[2;1Hsec<modes>" in whole
    session.output(b"second", 1.0)
    session.display.screen.fed = "first\nthird\n"  # type: ignore[attr-defined]
    changed = painted(small.hear(1.0))
    assert b"\x1b[2;1Hthi" in changed
    assert b"fir" not in changed
    assert b"\x1b[2J" not in changed


def test_a_view_is_painted_thirty_times_a_second_at_most_and_the_last_of_it_always() -> None:
    session = hub()
    Frank(session, "leader")
    small = Frank(session, "small", rows=2, cols=9)
    views = 0
    for at in range(1000):
        session.output(b"%d\n" % at, at / 1000)
        views += len([kind for kind, _ in small.hear(at / 1000) if kind == Kind.VIEW])
    assert 20 <= views <= 31
    due = small.due(0.999)
    assert due is not None
    assert due < 1.04
    assert b"999" in painted(small.hear(due))
    assert small.due(due) is None


def test_a_view_is_painted_whole_when_the_modes_change() -> None:
    session = hub()
    Frank(session, "leader")
    small = Frank(session, "small", rows=2, cols=9)
    small.hear()
    session.display.screen.modes = b"<others>"  # type: ignore[attr-defined]
    session.output(b"x", 1.0)
    assert b"<others>" in painted(small.hear(1.0))


def test_input_is_answered_even_if_it_is_empty_or_of_one_who_watches() -> None:
    session = hub()
    frank, watcher = Frank(session), Frank(session, "watcher", watching=True)
    frank.hear(), watcher.hear()
    frank.type(b"")
    watcher.type(b"abc")
    assert frank.hear() == [(Kind.TYPED, 0)]
    assert watcher.hear() == [(Kind.TYPED, 0)]


def test_a_client_is_told_when_the_program_has_read_what_it_typed() -> None:
    session = hub()
    frank = Frank(session)
    frank.hear()
    frank.type(b"abcdef")
    assert frank.hear() == [(Kind.TYPED, 0)]
    assert session.keyboard.next()
    session.keyboard.wrote(4)
    assert frank.hear() == [(Kind.TYPED, 4)]
    assert frank.hear() == []


def test_the_end_comes_after_all_output() -> None:
    session = hub()
    frank = Frank(session)
    frank.hear()
    session.output(bytes(2 * OUTPUT_WINDOW), 0.0)
    session.ended(3, 0.0)
    assert Kind.ENDED not in [kind for kind, _ in frank.hear(takes=False)]
    assert not frank.over
    frank.take()
    assert frank.hear()[-1] == (Kind.ENDED, {"exit_code": 3})
    assert frank.over


def test_a_dtach_clients_terminal_is_set_right_at_the_end() -> None:
    session = hub()
    dora = Dora(session)
    dora.hear()
    session.output(b"last", 0.0)
    session.ended(0, 0.0)
    last = dora.hear()
    assert last.startswith(b"last\x1b[!p")
    assert last.endswith(b"\x1b[?25h")
    assert dora.talk.client.over
