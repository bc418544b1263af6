"""A program's text is typed as one piece, when nobody types, and a person's key goes before it."""

from __future__ import annotations

from tests.supervisor.together import Dora, Frank, hub, read
from vibenv_core.supervisor.frames import Hello, Kind
from vibenv_core.supervisor.hub import Hub
from vibenv_core.supervisor.keys import Modes
from vibenv_core.supervisor.lease import HELD_S, Typist
from vibenv_core.supervisor.status import Keys


def script(session: Hub, name: str = "script", **more: object) -> Frank:
    """A client that is a program, without a terminal."""
    return Frank(session, name, rows=0, cols=0, person=False, author=name, **more)


def ann(session: Hub) -> Frank:
    """A person."""
    return Frank(session, "ann", author="ann")


def codes(frank: Frank, now: float = 0.0) -> list[str | None]:
    return [answer.get("code") for answer in frank.answers(now)]


def test_a_send_is_answered_when_the_program_has_all_of_it() -> None:
    session = hub()
    session.output(b"before", 0.0)
    bot = script(session)
    bot.ask("send", identity="a", at=0, parts=[{"text": "ls"}, {"key": "Enter"}])
    assert bot.answers() == []
    assert read(session, 2) == b"ls"
    session.tick(0.0)
    assert bot.answers() == []
    assert read(session) == b"\r"
    session.tick(0.0)
    heard = bot.hear()
    assert heard == [(Kind.ANSWER, {"id": "a", "typed": 3, "seq": 6}), (Kind.TYPED, 3)]


def test_keys_are_encoded_for_the_modes_that_there_are_when_they_are_typed() -> None:
    session = hub()
    session.display.screen.keys = Modes(cursor_keys=True)  # type: ignore[attr-defined]
    script(session).ask("send", at=0, parts=[{"key": "Up"}])
    assert read(session) == b"\x1bOA"


def test_a_key_that_only_some_terminals_have_is_sent_where_the_program_wants_it() -> None:
    session = hub()
    bot = script(session)
    bot.ask("send", at=0, parts=[{"text": "a"}, {"key": "C-;"}])
    assert codes(bot) == ["bad_key"]
    assert read(session) == b""
    session.display.screen.keys = Modes(kitty=1)  # type: ignore[attr-defined]
    bot.ask("send", at=0, parts=[{"text": "a"}, {"key": "C-;"}])
    assert read(session) == b"a\x1b[59;5u"


def test_sends_of_several_programs_wait_for_one_another() -> None:
    session = hub()
    bots = [script(session, name) for name in "abc"]
    for bot, text in zip(bots, ("one", "two", "three"), strict=True):
        bot.send(text)
    assert read(session, 1) == b"o"
    assert not session.tick(0.0)
    assert read(session) == b"ne"
    assert session.tick(0.0)
    assert read(session) == b"two"
    assert session.tick(0.0)
    assert read(session) == b"three"
    assert not session.tick(0.0)
    assert [bot.answers()[0]["typed"] for bot in bots] == [3, 3, 5]


def test_a_send_while_a_person_types_is_refused_and_told_by_whom_and_for_how_long() -> None:
    session = hub()
    bot, person = script(session), ann(session)
    person.type(b"x", now=10.0)
    bot.send("ls", now=11.0)
    [answer] = bot.answers(11.0)
    assert (answer["code"], answer["holder"], answer["for_s"]) == ("keys_held", "ann", HELD_S - 1)
    assert "ann is typing" in answer["error"]
    assert read(session) == b"x"


def test_a_send_may_wait_for_the_keys_as_long_as_it_says() -> None:
    session = hub()
    patient, hasty, person = script(session, "patient"), script(session, "hasty"), ann(session)
    person.type(b"x", now=10.0)
    patient.send("patient", now=10.0, wait_s=60)
    hasty.send("hasty", now=10.0, wait_s=1)
    session.tick(11.0)
    assert codes(hasty, 11.0) == ["keys_held"]
    person.type(b"y", now=12.0)
    session.tick(13.5)
    assert read(session) == b"xy"
    assert session.tick(12.0 + HELD_S)
    assert read(session) == b"patient"


def test_a_persons_key_goes_before_what_a_program_has_not_read_of_a_text() -> None:
    session = hub()
    bot, other, person = script(session), script(session, "other"), ann(session)
    bot.send("abcdef")
    other.send("other", wait_s=60)
    read(session, 3)
    person.type(b"X", now=1.0)
    [refused] = bot.answers(1.0)
    assert (refused["code"], refused["typed"], refused["holder"]) == ("keys_held", 3, "ann")
    assert read(session) == b"X"
    session.tick(1.0 + HELD_S)
    assert read(session) == b"other"
    session.tick(1.0 + HELD_S)
    bot.send("def", now=5.0, at=3)
    assert read(session) == b"def"


def test_a_key_or_paste_that_has_begun_is_ended_before_the_persons_key() -> None:
    session = hub()
    session.display.screen.keys = Modes(pastes=True)  # type: ignore[attr-defined]
    bot, dora = script(session), Dora(session)
    bot.ask("send", at=0, parts=[{"paste": "much text"}, {"text": "more"}])
    assert read(session, 10) == b"\x1b[200~much"
    dora.type(b"\x03")
    assert read(session) == b"\x1b[201~\x03"
    assert codes(bot) == ["keys_held"]
    assert session.keyboard.position("script") == 16


def test_a_window_that_is_chosen_takes_no_keys_from_anybody() -> None:
    session = hub()
    bot, person = script(session), ann(session)
    bot.send("abc")
    person.type(b"\x1b[I")
    assert session.keys(0.0) == Keys("script", person=False, until=HELD_S)
    assert read(session) == b"abc\x1b[I"
    session.tick(0.0)
    assert codes(bot) == [None]


def test_who_typed_last_holds_the_keys_for_a_while() -> None:
    session = hub()
    assert session.keys(0.0) is None
    bot, person = script(session), ann(session)
    bot.send("a", now=1.0)
    assert session.keys(1.0) == Keys("script", person=False, until=1.0 + HELD_S)
    person.type(b"x", now=2.0)
    assert session.keys(2.0) == Keys("ann", person=True, until=2.0 + HELD_S)
    bot.type(b"not refused, as it is like a person's", now=3.0)
    assert session.keys(3.0) == Keys("ann", person=True, until=2.0 + HELD_S)
    assert session.keys(2.0 + HELD_S) is None


def test_a_program_that_does_not_read_ends_a_send_with_what_it_has_of_it() -> None:
    session = hub()
    bot = script(session)
    bot.send("abcdef")
    read(session, 2)
    session.tick(1.5)
    session.tick(3.4)
    assert bot.answers(3.4) == []
    session.tick(3.5)
    [refused] = bot.answers(3.5)
    assert (refused["code"], refused["typed"]) == ("unread", 2)
    assert read(session) == b""


def test_who_waits_behind_a_send_that_is_not_read_waits_no_longer_than_it_said() -> None:
    session = hub()
    patient, hasty = script(session, "patient"), script(session, "hasty")
    patient.send("abc", wait_s=60)
    hasty.send("def", now=0.5, wait_s=5)
    assert session.due(0.5) == 2.0
    session.tick(5.4)
    assert hasty.answers(5.4) == []
    session.tick(5.5)
    assert codes(hasty, 5.5) == ["unread"]
    assert patient.answers(5.5) == []
    assert read(session) == b"abc"


def test_a_send_that_comes_again_after_a_cut_is_typed_once() -> None:
    session = hub()
    bot = script(session)
    bot.send("abc")
    again = script(session)
    again.send("abc")
    assert read(session) == b"abc"
    session.tick(0.0)
    assert [answer["typed"] for answer in again.answers()] == [3]
    once_more = script(session)
    once_more.send("abc")
    assert [answer["typed"] for answer in once_more.answers()] == [3]
    once_more.send("xyz")
    assert codes(once_more) == ["bad_request"]
    assert read(session) == b""


def test_a_send_that_comes_again_may_wait_for_less_long() -> None:
    session = hub()
    script(session).send("abc", wait_s=9)
    again = script(session)
    again.send("abc", wait_s=5)
    assert read(session) == b"abc"
    session.tick(0.0)
    assert [answer.get("typed") for answer in again.answers()] == [3]


def test_a_send_that_was_refused_for_a_person_may_come_again() -> None:
    session = hub()
    bot, person = script(session), ann(session)
    person.type(b"x")
    bot.send("abc")
    assert codes(bot) == ["keys_held"]
    bot.send("abc", now=5.0)
    assert read(session) == b"xabc"


def test_who_goes_does_not_type_what_had_not_begun() -> None:
    session = hub()
    first, second = script(session, "first"), script(session, "second")
    first.send("one")
    second.send("two")
    for client in session.clients[:]:
        session.leave(client)
    assert read(session) == b"one"
    assert not session.tick(0.0)
    assert read(session) == b""


def test_bad_keys_and_texts_are_refused_before_anything_is_typed() -> None:
    session = hub()
    bot = script(session)
    bot.ask("send", at=0, parts=[{"text": "a"}, {"key": "Entr"}])
    bot.ask("send", at=0, parts=[{"text": "\ud800"}])
    assert codes(bot) == ["bad_key", "bad_request"]
    assert read(session) == b""


def test_a_send_of_nothing_is_done_at_once() -> None:
    session = hub()
    bot = script(session)
    bot.ask("send", at=5, parts=[])
    assert [answer["typed"] for answer in bot.answers()] == [5]


def test_the_programs_end_ends_what_is_sent_and_what_will_be() -> None:
    session = hub()
    bots = [script(session, name) for name in "abc"]
    bots[0].send("a")
    bots[1].send("b")
    session.ended(3, 0.0)
    bots[2].send("c")
    assert [codes(bot)[0] for bot in bots] == ["ended", "ended", "ended"]


def test_each_stretch_of_typing_and_each_text_has_its_author() -> None:
    session = hub()
    bot, person = script(session), ann(session)
    person.type(b"a", now=0.0)
    person.type(b"b", now=1.0)
    person.type(b"c", now=9.0)
    bot.type(b"d", now=9.5)
    bot.send("efg", now=20.0, at=1)
    read(session)
    session.tick(20.0)
    bot.send("h", now=20.1, at=4)
    assert session.typists() == [
        Typist("ann", person=True),
        Typist("ann", person=True),
        Typist("script", person=False),
        Typist("script", person=False, size=3),
        Typist("script", person=False, size=1),
    ]
    assert session.typists() == []


def test_an_author_is_a_short_plain_line() -> None:
    session = hub()
    client = session.frames_client(Hello(client="me", author="bad\x1b[31m\nname" + "x" * 100))
    assert client.author.startswith("bad")
    assert client.author.isprintable()
    assert len(client.author) == 64
