"""A wait ends as soon as what it waits for is so, misses nothing, and finds nothing that is not there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.supervisor.plain import PlainQueries
from tests.supervisor.together import Frank, hub, read
from vibenv_core.supervisor import frames
from vibenv_core.supervisor.doing import Foreground
from vibenv_core.supervisor.frames import Kind
from vibenv_core.supervisor.ghostty import GhosttyScreen
from vibenv_core.supervisor.hub import Hub
from vibenv_core.supervisor.searching import within

LATER_S = 0.02
"""After a pause in the output, when the screen is looked at."""


def emulated(rows: int = 5, cols: int = 20) -> Hub:
    """A session with a real terminal."""
    screen = GhosttyScreen(rows, cols)
    return Hub(screen, PlainQueries(), rows=rows, cols=cols, pid=1, now=0.0, within=within)  # type: ignore[arg-type]


def script(session: Hub, name: str = "script") -> Frank:
    return Frank(session, name, rows=0, cols=0, person=False)


def waits(session: Hub, now: float = 0.0, **what: Any) -> Frank:
    """Somebody who waits."""
    frank = script(session, f"waits {len(session.clients)}")
    frank.ask("wait", now, **what)
    return frank


def came(frank: Frank, *names: str, now: float = 0.0) -> Any:
    """Of what came of a wait, those fields."""
    [answer] = frank.answers(now) or [{}]
    return tuple(answer.get(name) for name in names)


def test_what_is_shown_counts_at_once_unless_it_was_there_before() -> None:
    session = emulated()
    session.output(b"one\r\n$ ", 0.0)
    assert came(waits(session, text="$"), "reason", "match", "line", "seq") == ("text", "$", "$", 7)
    assert came(waits(session, regex="o(.)(x)?e"), "match", "groups", "line") == ("one", ["n", None], "one")
    since = script(session)
    since.ask("screen")
    [shown] = since.answers()
    bot = waits(session, text="$", since=shown["seq"])
    assert bot.answers() == []
    session.output(b"ls\r\n", 1.0)
    session.tick(1.0 + LATER_S)
    assert came(bot, "line", now=2.0) == ("$ ls",), "as that row has changed"


def test_a_text_is_found_as_it_is_written_though_it_is_cut_and_coloured() -> None:
    session = emulated()
    bot = waits(session, text="all done")
    for piece in (b"al", b"l\x1b[", b"31m do", b"n"):
        session.output(piece, 0.0)
        assert bot.answers() == []
    session.output(b"e\x1b[m and more", 0.0)
    assert came(bot, "reason", "line", "seq") == ("text", "all done and more", 13)


def test_nothing_is_due_any_more_when_nobody_waits() -> None:
    session = emulated()
    bot = waits(session, text="done")
    session.output(b"done", 1.0)
    session.tick(1.0)
    assert came(bot, "reason", now=1.0) == ("text",)
    session.doing.looked(None, 9.0)
    assert session.due(9.0) is None


def test_a_text_that_begins_before_the_wait_is_found() -> None:
    session = emulated()
    session.output(b"x\r\n" * 50 + b"all do", 0.0)
    bot = waits(session, text="all done")
    session.output(b"ne\r\n" + b"y\r\n" * 50, 0.0)
    assert came(bot, "line") == ("all done",)


def test_nothing_is_missed_that_scrolls_by_at_once() -> None:
    session = emulated()
    bot = waits(session, regex="^needle: ([0-9]+)$")
    session.output(b"hay\r\n" * 3000 + b"needle: 42\r\n" + b"hay\r\n" * 3000, 0.0)
    assert came(bot, "groups", "line", "seq") == (["42"], "needle: 42", 15_010)


def test_text_that_is_painted_here_and_there_is_found_on_the_screen() -> None:
    session = emulated()
    bot = waits(session, text="all done", since=0)
    session.output(b"\x1b[2;5Hdone", 0.0)
    session.output(b"\x1b[2;1Hall ", 0.0)
    assert bot.answers() == []
    assert session.due(0.0) == pytest.approx(0.01)
    session.tick(LATER_S)
    assert came(bot, "line", now=1.0) == ("all done",)


def test_a_line_that_was_wrapped_is_whole() -> None:
    session = emulated(cols=10)
    session.output(b"\x1b[1;1Ha line of twenty-two", 0.0)
    assert came(waits(session, regex="^a line .* twenty-two$"), "line") == ("a line of twenty-two",)


def test_the_screen_is_looked_at_now_and_then_in_a_flood_too() -> None:
    session = emulated()
    bot = waits(session, text="ab")
    at = 0.0
    while not (answers := bot.answers(at)) and at < 1:
        session.output(b"\x1b[2Hb\x1b[2;1Ha\x1b[2;2H", at) if at else session.output(b"\x1b[2;2Hb", at)
        session.tick(at)
        at += 0.001
    assert answers
    assert at < 0.1


def test_a_pattern_that_may_match_more_does() -> None:
    session = emulated()
    bot = waits(session, regex=r"Total: (\d+)")
    session.output(b"Total: 12", 0.0)
    session.tick(0.0)
    assert bot.answers() == []
    session.output(b"34", 0.001)
    session.tick(0.001)
    assert bot.answers() == []
    session.output(b" bytes", 0.002)
    assert came(bot, "groups", "seq") == (["1234"], 11)


def test_a_pattern_that_matches_at_the_end_does_so_after_a_moment() -> None:
    session = emulated()
    bot = waits(session, regex=r"\$ $")
    session.output(b"\r\n$ ", 0.0)
    assert bot.answers() == []
    session.tick(LATER_S)
    assert came(bot, "reason", "match", now=1.0) == ("regex", "$ ")


def test_since_a_position_all_that_was_written_counts_and_nothing_before() -> None:
    session = emulated()
    session.output(b"old\r\n" * 20, 0.0)
    middle = session.display.end
    session.output(b"new\r\n" + b"x\r\n" * 20, 0.0)
    assert came(waits(session, text="new", since=middle), "seq") == (middle + 3,)
    bot = waits(session, text="old", since=middle)
    session.tick(1.0)
    assert bot.answers(1.0) == []
    assert came(waits(session, text="x", since=middle + 3), "seq") == (middle + 6,), "so waits can be chained"


def test_since_a_position_that_is_forgotten_the_screen_counts_too() -> None:
    session = emulated()
    session.output(b"x" * 700_000, 0.0)
    session.output(b"\x1b[2J\x1b[2;2Hb\x1b[2;1Ha\x1b[2;9H", 0.0)
    bot = waits(session, 1.0, text="ab", since=5)
    assert came(bot, "reason", now=1.0) == ("text",)


def test_idle_is_no_output_and_no_typing() -> None:
    session = emulated()
    bot = waits(session, idle_s=2)
    person = Frank(session, "ann")
    session.output(b"x", 1.0)
    person.type(b"y", now=2.5)
    session.tick(3.1)
    assert bot.answers(3.1) == []
    person.type(b"\x1b[O", now=4.0)
    session.tick(4.5)
    assert came(bot, "reason", now=4.5) == ("idle",)
    assert came(waits(session, 5.0, idle_s=2), "reason", now=5.0) == ("idle",)


def test_a_state_is_waited_for() -> None:
    session = hub()
    bot = waits(session, states=["blocked", "exited"])
    session.tick(0.0)
    assert bot.answers() == []
    session.ended(7, 1.0)
    assert came(bot, "reason", "exit_code") == ("exit", 7)


def test_a_state_that_shows_when_the_foreground_is_looked_at_ends_a_wait_at_once() -> None:
    session = hub()
    bot = waits(session, states=["working"])
    session.tick(5.0)
    assert session.due(5.0) != 5.0
    session.doing.looked(Foreground("sleep", is_shell=False, reads_keys=False, hides_input=False), 5.0)
    assert session.due(5.0) == 5.0
    session.tick(5.0)
    assert came(bot, "reason", "state", now=5.0) == ("state", "working")


def test_the_end_ends_each_wait_and_the_last_words_count_before() -> None:
    session = emulated()
    bots = [waits(session, exit=True), waits(session, text="bye"), waits(session, regex="b.e$")]
    bots.append(waits(session, text="never", timeout_s=9))
    session.output(b"bye", 0.0)
    session.ended(3, 0.0)
    assert [came(bot, "reason", "exit_code") for bot in bots] == [
        ("exit", 3),
        ("text", None),
        ("regex", None),
        ("exit", 3),
    ]
    assert came(waits(session, idle_s=100), "reason") == ("exit",)


def test_a_wait_has_an_end() -> None:
    session = emulated()
    bot = waits(session, 5.0, text="never", timeout_s=0.5)
    session.tick(5.4)
    assert bot.answers(5.4) == []
    session.tick(5.5)
    assert came(bot, "reason", now=5.5) == ("timeout",)


def test_who_goes_waits_no_more_and_several_waits_have_their_own_ends() -> None:
    session = emulated()
    bot = script(session)
    for number, text in enumerate(("a", "b", "c")):
        bot.ask("wait", identity=number, text=text)
    gone = waits(session, text="c")
    session.leave(next(client for client in session.clients if client.name != "script"))
    session.output(b"c a", 0.0)
    assert [answer["id"] for answer in bot.answers()] == [0, 2]
    assert gone.answers() == []
    session.output(b"b", 0.0)
    assert [answer["id"] for answer in bot.answers()] == [1]


@pytest.mark.parametrize(
    "regex", ["(", "a{99999999999}", "(?P<a", "(" * 2000 + ")" * 2000, "[z-a]", "(?a)(?u)"]
)
def test_what_is_no_regular_expression_is_refused(regex: str) -> None:
    assert came(waits(emulated(), regex=regex), "code") == ("bad_regex",)


@pytest.mark.parametrize("regex", ["(a|a)*b", "(a+)+$b", ".*.*.*.*.*.*x", "(?:(?:a*)*)*c"])
def test_a_pattern_that_takes_too_long_is_refused_whenever_that_shows(regex: str) -> None:
    session = emulated(rows=50, cols=200)
    bot, other = waits(session, regex=regex), waits(session, text="still")
    session.output(b"a" * 8000, 0.0)
    session.output(b" still", 0.0)
    assert came(bot, "code") == ("bad_regex",)
    assert came(other, "reason") == ("text",)


@pytest.mark.parametrize(
    "what",
    [
        {"text": ""},
        {"text": 5},
        {"regex": "x" * 5000},
        {"idle_s": -1},
        {"timeout_s": float("nan")},
        {"timeout_s": float("inf")},
        {"idle_s": "1"},
        {"states": ["a", 1]},
        {"since": "0"},
        {"exit": 1},
    ],
    ids=str,
)
def test_a_wait_for_something_impossible_is_refused(what: dict[str, Any]) -> None:
    assert came(waits(emulated(), **what), "code") == ("bad_request",)


@pytest.mark.parametrize(
    ("do", "what"),
    [
        ("send", {}),
        ("send", {"at": 0}),
        ("send", {"at": -1, "parts": []}),
        ("send", {"at": 1 << 70, "parts": []}),
        ("send", {"at": 0, "parts": ["x"]}),
        ("send", {"at": 0, "parts": [{"text": "x", "key": "y"}]}),
        ("send", {"at": 0, "parts": [{"text": 5}]}),
        ("screen", {"since": "x"}),
        ("screen", {"styled": None}),
        ([], {}),
    ],
    ids=str,
)
def test_a_request_for_something_impossible_is_refused_and_the_next_is_answered(do: Any, what: Any) -> None:
    bot = script(emulated())
    bot.ask(do, **what)
    assert bot.answers()[0]["code"] in ("bad_request", "unknown")
    bot.ask("screen", identity=2)
    assert bot.answers()[0]["id"] == 2


def test_who_asks_much_at_once_and_reads_nothing_is_refused_the_rest() -> None:
    session = emulated(rows=50, cols=200)
    session.output(b"\x1b[31ma\x1b[32mb" * 5000, 0.0)
    bot = script(session)
    bot.say(frames.said(Kind.REQUEST, {"id": 1, "do": "screen", "styled": True}) * 50)
    answers = bot.answers()
    assert (len(answers), answers[0].get("code"), answers[-1].get("code")) == (50, None, "bad_request")
    assert sum("cells" in answer for answer in answers) < 10
    bot.ask("screen")
    assert "lines" in bot.answers()[0], "as it has read by now"


def test_what_was_shown_before_does_not_count_though_the_terminal_gets_another_size() -> None:
    session = emulated()
    session.output(b"$ ", 0.0)
    bot = waits(session, text="$ ", since=2)
    for at in range(1, 30):
        script(session).ask("screen")
        session.output(b"\x1b[4;10H%d" % at, float(at))
        session.tick(at + LATER_S)
    ann = Frank(session, "ann", rows=10, cols=30)
    session.output(b"\x1b[2;1H", 40.0)
    session.tick(40.0 + LATER_S)
    assert [answer["line"] for answer in bot.answers(41.0)] == []
    ann.resize(11, 31)
    session.output(b"\x1b[3;2H x\x1b[3;1H$", 50.0)
    session.tick(50.0 + LATER_S)
    assert came(bot, "line", now=51.0) == ("$ x",)


def test_what_another_screen_shows_is_new() -> None:
    session = emulated()
    session.output(b"old", 0.0)
    bot = waits(session, text="ab", since=3)
    session.output(b"\x1b[?1049h\x1b[2;2Hb\x1b[2;1Ha", 0.0)
    session.tick(LATER_S)
    assert came(bot, "line", now=1.0) == ("ab",)


def test_what_has_changed_since_a_send_is_known_though_nobody_looked_before() -> None:
    session = emulated()
    session.output(b"one\r\ntwo\r\n", 0.0)
    bot = script(session)
    bot.send("x")
    read(session)
    session.tick(0.0)
    [sent] = bot.answers()
    session.output(b"three", 0.0)
    bot.ask("screen", since=sent["seq"])
    [shown] = bot.answers()
    assert (shown["changed"], shown["lines"]) == ([2], ["three"])
