"""Who leads, which size the session has, and what is told of it."""

from tests.supervisor.together import Dora, Frank, hub, read
from vibenv_core.supervisor.frames import Kind


def test_who_comes_first_leads_at_once() -> None:
    session = hub(24, 80)
    Frank(session, rows=30, cols=100)
    assert session.size == (30, 100)


def test_who_comes_second_leads_as_soon_as_it_types() -> None:
    session = hub()
    first = Frank(session, "first", rows=30, cols=100)
    second = Frank(session, "second", rows=20, cols=60)
    assert session.size == (30, 100)
    second.type(b"x")
    assert session.size == (20, 60)
    first.type(b"y")
    assert session.size == (30, 100)


def test_a_dtach_client_leads_by_the_same_rules() -> None:
    session = hub()
    dora = Dora(session, 40, 120)
    frank = Frank(session, rows=20, cols=60)
    assert session.size == (40, 120)
    frank.type(b"x")
    assert session.size == (20, 60)
    dora.type(b"y")
    assert session.size == (40, 120)


def test_who_watches_neither_leads_nor_types_nor_resizes() -> None:
    session = hub(24, 80)
    watcher = Frank(session, "watcher", rows=10, cols=10, watching=True)
    watcher.type(b"x")
    watcher.resize(11, 11)
    assert session.size == (24, 80)
    assert read(session) == b""


def test_who_has_no_terminal_types_without_leading() -> None:
    session = hub(24, 80)
    robot = Frank(session, "robot", rows=0, cols=0)
    robot.type(b"ls\r")
    assert session.size == (24, 80)
    assert read(session) == b"ls\r"
    session.output(b"text", 0.0)
    assert not [kind for kind, _ in robot.hear() if kind in (Kind.OUTPUT, Kind.REPAINT, Kind.VIEW)]


def test_when_the_leader_goes_the_one_that_typed_last_leads() -> None:
    session = hub()
    clients = [Frank(session, name, rows=10 + at, cols=50) for at, name in enumerate("abc")]
    clients[1].type(b"x")
    clients[2].type(b"x")
    clients[0].type(b"x")
    session.leave(next(client for client in session.clients if client.name == "a"))
    assert session.size == (12, 50)
    session.leave(next(client for client in session.clients if client.name == "c"))
    assert session.size == (11, 50)


def test_a_window_that_is_chosen_or_left_is_no_typing() -> None:
    session = hub()
    Frank(session, "leads", rows=30, cols=100)
    other = Frank(session, "other", rows=20, cols=60)
    other.type(b"\x1b[O")
    assert session.size == (30, 100)
    assert read(session) == b"\x1b[O"


def test_what_was_typed_before_the_cut_does_not_lead_when_it_comes_again() -> None:
    session = hub()
    first = Frank(session, "first", rows=30, cols=100)
    first.type(b"abc")
    other = Frank(session, "other", rows=20, cols=60)
    other.type(b"x")
    first.type(b"abc", at=0)
    assert session.size == (20, 60)


def test_the_leader_alone_resizes_the_session() -> None:
    session = hub()
    leader = Frank(session, "leader", rows=30, cols=100)
    other = Frank(session, "other", rows=20, cols=60)
    other.resize(21, 61)
    assert session.size == (30, 100)
    leader.resize(31, 101)
    assert session.size == (31, 101)
    assert (Kind.SESSION_SIZE, (31, 101)) in other.hear()


def test_a_size_beyond_all_terminals_is_bounded() -> None:
    session = hub()
    Frank(session, rows=65535, cols=65535)
    assert session.size == (500, 1000)


def test_a_size_that_a_terminal_does_not_know_leaves_the_session_as_it_is() -> None:
    session = hub(24, 80)
    dora = Dora(session, 0, 0)
    assert session.size == (24, 80)
    dora.send(3, 0, 50, 132)
    assert session.size == (50, 132)


def test_a_client_that_comes_again_replaces_itself() -> None:
    session = hub()
    before = Frank(session, "me")
    before.type(b"abc")
    read(session)
    after = Frank(session, "me")
    assert before.over
    assert after.hear()[0] == (Kind.WELCOME, {"typed": 3, "rows": 24, "cols": 80, "version": 1})
    before.type(b"more")
    assert read(session) == b""
    assert len(session.clients) == 1


def test_the_terminals_answers_are_typed_and_no_client_sees_the_query() -> None:
    session = hub()
    frank = Frank(session)
    frank.hear()
    session.output(b"a?b", 0.0)
    assert read(session) == b"!"
    assert frank.hear() == [(Kind.OUTPUT, (0, b"ab"))]


def test_the_state_says_who_is_there() -> None:
    session = hub()
    Frank(session, "a", rows=30, cols=100).type(b"x", now=2.0)
    Frank(session, "b", rows=10, cols=40, watching=True)
    state = session.state(5.0)
    assert (state["pid"], state["running"], state["exit_code"], state["idle_s"]) == (1, True, None, 3.0)
    assert [
        (client["kind"], client["rows"], client["watching"], client["leads"], client["typed_last"])
        for client in state["clients"]
    ] == [("frames", 30, False, True, True), ("frames", 10, True, False, False)]
    session.ended(7, 5.0)
    assert (session.state(5.0)["running"], session.state(5.0)["exit_code"]) == (False, 7)


def test_a_dtach_client_that_detaches_leaves_and_can_come_again() -> None:
    session = hub()
    dora = Dora(session)
    dora.send(2)
    assert session.clients == []
    session.output(b"unseen", 0.0)
    assert dora.hear(1.0) == b""
    dora.send(1)
    assert len(session.clients) == 1
    assert dora.hear(1.0) == b"<painted 6 history 0>"


def test_dtachs_push_without_attaching_types_and_counts_for_no_client() -> None:
    session = hub()
    Dora(session, attaches=False).type(b"ls\r")
    assert read(session) == b"ls\r"
    assert session.clients == []


def test_a_notice_reaches_all_that_can_show_it() -> None:
    session = hub()
    frank, dora = Frank(session), Dora(session)
    dora.hear()
    session.notice("the disk is full")
    assert (Kind.NOTICE, "the disk is full") in frank.hear()
    assert dora.hear() == b""
