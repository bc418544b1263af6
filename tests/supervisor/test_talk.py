"""What clients say is acted on; what makes no sense ends their connection and nothing else."""

import json
from typing import Any

import pytest

from tests.supervisor.plain import PlainScreen
from tests.supervisor.together import Frank, hub
from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import INPUT_WINDOW, Hello, Kind, Refused
from vibenv_core.supervisor.hub import Hub
from vibenv_core.supervisor.screen import Event
from vibenv_core.supervisor.talk import FramesTalk


def ask(frank: Frank, **request: Any) -> Any:
    frank.say(frames.said(Kind.REQUEST, request))
    return next(what for kind, what in frank.hear() if kind == Kind.ANSWER)


@pytest.mark.parametrize(
    "hello",
    [
        {},
        {"client": ""},
        {"client": "x" * 129},
        {"client": 7},
        {"client": "me", "rows": "24"},
        {"client": "me", "rows": -1},
        {"client": "me", "watching": 1},
        {"client": "me", "since": "0"},
        {"client": "me", "history": None},
        {"client": "me", "version": 2},
    ],
    ids=json.dumps,
)
def test_a_hello_that_says_something_impossible_is_refused(hello: dict[str, Any]) -> None:
    session = hub()
    with pytest.raises(Refused):
        FramesTalk(session).receive(frames.said(Kind.HELLO, hello), 0.0)
    assert session.clients == []


def test_a_hello_may_say_more_than_is_known() -> None:
    session = hub()
    FramesTalk(session).receive(frames.said(Kind.HELLO, {"client": "me", "colour": "red"}), 0.0)
    assert [client.name for client in session.clients] == ["me"]


def test_a_hello_has_to_come_first() -> None:
    with pytest.raises(Refused):
        FramesTalk(hub()).receive(frames.positioned(Kind.INPUT, 0, b"x"), 0.0)


@pytest.mark.parametrize(
    "said",
    [
        frames.frame(Kind.INPUT, b"short"),
        frames.frame(Kind.SIZE, b"short"),
        frames.frame(Kind.TAKEN),
        frames.positioned(Kind.TAKEN, 1 << 40),
        frames.frame(Kind.REQUEST, b"{"),
        b"\x02\xff\xff\xff\xff",
    ],
)
def test_nonsense_is_refused(said: bytes) -> None:
    with pytest.raises(Refused):
        Frank(hub()).say(said)


def test_a_frame_of_a_kind_that_is_not_known_is_passed_over() -> None:
    session = hub()
    frank = Frank(session)
    frank.say(b"\x3f\x00\x00\x00\x03abc" + frames.positioned(Kind.INPUT, 0, b"x"))
    assert bytes(session.keyboard.next() or b"") == b"x"


def test_the_screen_is_told() -> None:
    session = hub()
    frank = Frank(session)
    session.output(b"one\ntwo?", 0.0)
    assert ask(frank, id=5, do="screen") == {
        "id": 5,
        "rows": 24,
        "cols": 80,
        "cursor": [0, 0],
        "title": "a title",
        "alternate": False,
        "lines": ["one", "two?"],
        "seq": 7,
        "changed": None,
        "cells": None,
        "colors": None,
        "cursor_shape": None,
    }


def test_the_state_is_told() -> None:
    assert ask(Frank(hub()), id="x", do="state")["clients"][0]["leads"]


def test_an_unknown_request_is_answered_by_an_error() -> None:
    answer = ask(Frank(hub()), id=1, do="fly")
    assert (answer["id"], answer["code"]) == (1, "unknown")
    assert answer["error"] == "the session's supervisor does not know this request"


def test_who_types_more_than_the_program_reads_is_not_read_from() -> None:
    session = hub()
    frank = Frank(session)
    frank.type(bytes(INPUT_WINDOW - 1))
    assert frank.may_speak
    frank.type(b"x")
    assert not frank.may_speak
    assert (Kind.NOTICE, "the program does not read what is typed") in frank.hear()
    session.keyboard.wrote(len(session.keyboard.next() or b""))
    assert frank.may_speak


def test_who_asks_without_listening_is_not_read_from() -> None:
    session = hub()
    frank = Frank(session)
    session.output(b"x" * 10_000, 0.0)
    asked = 0
    while frank.may_speak and asked < 1000:
        frank.say(frames.said(Kind.REQUEST, {"id": asked, "do": "screen"}))
        asked += 1
    assert asked < 100
    frank.hear()
    assert frank.may_speak


def test_a_notice_has_no_control_characters_and_does_not_pile_up() -> None:
    session = hub()
    client = session.frames_client(Hello(client="me", rows=24, cols=80))
    for _ in range(100):
        client.notice("bad\x1b[31m news\n")
    said = client.pull(0.0)
    assert said.count(b"bad [31m news ") == 16
    assert b"\x1b" not in said.replace(b"\x1b[2J", b"")


def report(session: Hub, *pairs: str, now: float = 0.0) -> None:
    """The program writes, and reports this of itself."""
    assert isinstance(session.display.screen, PlainScreen)
    session.display.screen.told += [Event("report", each) for each in pairs]
    session.output(b"", now)


def records(frank: Frank, now: float) -> list[str]:
    return [what for kind, what in frank.hear(now) if kind == Kind.RECORD]


@pytest.mark.parametrize("rows", [0, 24, 10])
def test_who_asks_for_records_gets_all_and_then_each_change_some_times_a_second(rows: int) -> None:
    session = hub()
    report(session, "state=working:app=claude")
    Frank(session, "leads")
    frank = Frank(session, rows=rows, cols=80 if rows else 0)
    assert records(frank, 0.0) == []
    frank.say(frames.said(Kind.REQUEST, {"id": 7, "do": "records"}))
    answer, *told = frank.hear(0.5)
    assert answer == (Kind.ANSWER, {"id": 7})
    assert told == [(Kind.RECORD, "state=clear"), (Kind.RECORD, "state=working:app=claude")]
    report(session, "state=blocked:app=claude", now=1.0)
    assert records(frank, 1.0) == ["state=blocked:app=claude"]
    report(session, "state=working", "state=done", now=1.1)
    assert records(frank, 1.1) == []
    due = frank.due(1.1)
    assert due is not None
    assert 1.1 < due <= 1.5
    assert records(frank, due) == ["state=done"]
    assert frank.due(due) is None


def test_records_never_come_amid_a_sequence_of_the_programs() -> None:
    session = hub()
    frank = Frank(session)
    ask(frank, do="records")
    records(frank, 0.0)
    assert isinstance(session.display.screen, PlainScreen)
    session.display.screen.is_between_sequences = False
    report(session, "state=done", now=1.0)
    assert records(frank, 1.0) == []
    session.display.screen.is_between_sequences = True
    session.output(b"m", 1.1)
    assert [kind for kind, _ in frank.hear(1.1)] == [Kind.OUTPUT, Kind.RECORD]


def test_many_records_come_some_at_a_time() -> None:
    session = hub()
    frank = Frank(session, rows=0, cols=0)
    ask(frank, do="records")
    report(session, *(f"state=idle:id=n{number}" for number in range(100)))
    told = [records(frank, now / 4 + 1.0) for now in range(12)]
    assert all(len(some) <= 16 for some in told)
    assert len({each for some in told for each in some}) == 100
