"""Reports of programs about themselves (OSC 7501): each rule of the specification, and what is hostile."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibenv_core.supervisor.doing import Doing
from vibenv_core.supervisor.records import MOST, Records, Report, Subscription, below, parse
from vibenv_core.supervisor.screen import Event
from vibenv_core.supervisor.status import Activity


def b64(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def records(*reports: str) -> Records:
    """What those reports leave, one a second."""
    made = Records()
    for second, encoded in enumerate(reports):
        if report := parse(encoded):
            made.take(report, float(second))
    return made


def ids(of: Records) -> list[str]:
    return list(of.all())


@pytest.mark.parametrize("state", ["idle", "working", "done", "blocked", "error", "clear"])
def test_a_report_has_one_of_six_states(state: str) -> None:
    assert parse(f"state={state}") == Report(state)


@pytest.mark.parametrize(
    "pairs",
    [
        *("", "state", "state=", "state=busy", "state=Done", "STATE=done", "status=done", "id=a", "msg=QQ=="),
        *("state=done:state=busy", "state=done;id=a", "?", "?:state=busy"),
    ],
)
def test_a_report_without_a_state_that_is_known_is_ignored(pairs: str) -> None:
    assert parse(pairs) is None


@pytest.mark.parametrize(
    "name", ["a", "A.b_c+d-9", "a/b/c/d/e/f/g/h", "x" * 32, "/".join(["y" * 32] * 3) + "/" + "z" * 29]
)
def test_an_id_is_a_path_of_segments(name: str) -> None:
    report = parse(f"state=idle:id={name}")
    assert report
    assert report.id == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "a/", "/a", "a//b", "x" * 33, "a/b/c/d/e/f/g/h/i", "/".join(["y" * 32] * 4), "a,b", "a=b"),
        *("a b", "é", "../\x1b"),
    ],
)
def test_an_id_outside_the_grammar_is_never_taken_for_the_roots(name: str) -> None:
    assert parse(f"state=clear:id={name}") is None
    assert parse(f"id={name}:state=done") is None


@pytest.mark.parametrize(
    ("pairs", "kind"),
    [
        *((f"state=blocked:kind={kind}", kind) for kind in ("permission", "question", "auth")),
        *(("state=blocked", None), ("state=blocked:kind=other", None), ("state=done:kind=auth", None)),
    ],
)
def test_what_blocks_is_said_of_what_is_blocked_only(pairs: str, kind: str | None) -> None:
    assert parse(pairs) == Report(pairs[6:].partition(":")[0], kind=kind)


@pytest.mark.parametrize(
    ("pairs", "progress"),
    [
        *(("state=working:progress=0", 0), ("state=working:progress=100", 100)),
        *(("state=blocked:progress=7", 7), ("state=working:progress=007", 7)),
        *((f"state={state}:progress=5", None) for state in ("idle", "done", "error")),
        *(
            (f"state=working:progress={wrong}", None)
            for wrong in ("", "101", "-1", "5.0", "1e2", "x", "9" * 99)
        ),
    ],
)
def test_progress_is_a_number_up_to_100_or_as_if_absent(pairs: str, progress: int | None) -> None:
    report = parse(pairs)
    assert report
    assert report.progress == progress


def test_an_app_is_a_name_of_at_most_32_characters() -> None:
    assert parse("state=idle:app=claude-code_2.1+x") == Report("idle", app="claude-code_2.1+x")
    assert parse("state=idle:app=" + "x" * 32) == Report("idle", app="x" * 32)
    assert parse("state=idle:app=" + "x" * 33) is None
    assert parse("state=idle:app=") == parse("state=idle:app=a/b") == Report("idle")


@pytest.mark.parametrize(("key", "encoded", "decoded"), [("title", 256, 192), ("msg", 2732, 2048)])
def test_texts_are_base64_within_limits(key: str, encoded: int, decoded: int) -> None:
    assert len(b64("x" * decoded)) == encoded
    field = "title" if key == "title" else "message"
    assert parse(f"state=idle:{key}={b64('x' * decoded)}") == Report("idle", **{field: "x" * decoded})  # type: ignore[arg-type]
    assert parse(f"state=idle:{key}={b64('x' * (decoded + 1))}") is None
    assert parse(f"state=idle:{key}={b64('字ü')}") == Report("idle", **{field: "字ü"})  # type: ignore[arg-type]
    assert parse(f"state=idle:{key}=") == Report("idle")


@pytest.mark.parametrize(
    "wrong", ["QQ", "QQ=", "Q===", "=", "QQ==QQ==", "QR==QQ", "Q_Q=", "Q.==", "/w==", "7aCA"]
)
def test_what_is_no_base64_of_utf_8_discards_the_whole_report(wrong: str) -> None:
    assert parse(f"state=done:id=a:msg={wrong}") is None
    assert parse(f"state=done:id=a:title={wrong}") is None


@pytest.mark.parametrize(
    "control", [*map(chr, range(32)), "\x7f", "\x80", "\x9b", "\x9f", "\u2028", "\u2029"]
)
def test_a_control_character_discards_the_whole_report(control: str) -> None:
    assert parse(f"state=done:msg={b64(f'be{control}fore')}") is None
    assert parse(f"state=done:title={b64(f'be{control}fore')}") is None


HIDDEN = "\u202a\u202e\u2066\u2069\u200e\u200f\u061c\u200b\u200d\u2060\ufeff\u00ad\ufe0f\u034f\u115f\u3164"
HIDDEN += "\u2800\uffa0\U000e0041\U000e0100\ue000\ufff9"


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda hidden: f"{ord(hidden):x}")
def test_what_turns_text_or_is_not_seen_is_left_out(hidden: str) -> None:
    report = parse(f"state=blocked:msg={b64(f'rm{hidden} x')}:title={b64(f'a{hidden}b')}")
    assert report == Report("blocked", message="rm x", title="ab")
    assert parse(f"state=blocked:msg={b64(hidden)}") == Report("blocked")


def test_other_blanks_part_words() -> None:
    assert parse("state=idle:msg=" + b64("a\u00a0b\u3000c")) == Report("idle", message="a b c")


@pytest.mark.parametrize(
    "pairs",
    [
        *(
            "nonsense:state=done:app=a",
            "state=done::app=a",
            ":state=done:app=a:",
            "state=done:app=a:color=red",
        ),
        *("state=done:app=a:=x", "state=done:app=a:UPPER=x", "state=done:app=a:abcdefghijklmnopq=x"),
        *("state=idle:app=b:state=done:app=a", "state=done:app=a:msg=a b", "state=done:app=a:msg=é"),
        *("state=done:app=a:app=b!", "?:state=done:app=a"),
    ],
)
def test_what_is_malformed_or_unknown_is_passed_over_and_the_last_of_several_counts(pairs: str) -> None:
    assert parse(pairs) == Report("done", app="a")


@given(st.text(max_size=300))
def test_nothing_that_is_written_is_more_than_ignored(content: str) -> None:
    parse(content)
    parse(f"state=done:msg={content}")


@given(st.binary(max_size=300))
def test_whatever_a_text_decodes_to_is_plain(data: bytes) -> None:
    report = parse(f"state=done:msg={b64(data)}")
    assert report is None or report.message is None or report.message.isprintable()


def test_a_report_is_written_as_it_is_read() -> None:
    report = Report("blocked", "a/b", "auth", 7, "claude", "fix ü", "allow?")
    assert parse(report.encoded()) == report
    assert Report("clear").encoded() == "state=clear"


def test_a_report_replaces_its_record_whole() -> None:
    kept = records("state=working:progress=5:app=a:msg=QQ==", "state=working:id=x", "state=blocked")
    assert kept.all()[""][1] == Report("blocked")
    assert ids(kept) == ["", "x"]


@pytest.mark.parametrize(
    ("cleared", "left"),
    [
        ("state=clear:id=a", ["", "ab", "b"]),
        ("state=clear:id=a/b", ["", "a", "ab", "b"]),
        ("state=clear:id=c", ["", "a", "a/b", "a/b/c", "ab", "b"]),
        ("state=clear", []),
    ],
)
def test_clear_removes_a_record_and_all_below_it(cleared: str, left: list[str]) -> None:
    all_of_them = [f"state=idle:id={name}" for name in ("a", "a/b", "a/b/c", "ab", "b")]
    assert ids(records("state=idle", *all_of_them, cleared)) == left


def test_an_app_is_inherited_from_the_nearest_record_above() -> None:
    kept = records(
        "state=idle:app=top", "state=idle:id=a", "state=idle:id=a/b:app=own", "state=idle:id=a/b/c/d"
    )
    assert [report.app for _, report in kept.all().values()] == ["top", "top", "own", "own"]
    assert records("state=idle:id=a/b").all()["a/b"][1].app is None


def test_past_256_records_the_one_that_was_updated_least_recently_goes() -> None:
    reports = [f"state=idle:id=n{number}" for number in range(MOST)]
    kept = records(*reports, "state=done:id=n0", "state=idle:id=new")
    assert len(ids(kept)) == MOST == 256
    assert {"n0", "new"} <= set(ids(kept))
    assert "n1" not in ids(kept)


def shell(*events: tuple[str, str]) -> Records:
    """The records of a session in which that happened."""
    session = Doing(0.0)
    session.wrote([Event(kind, text) for kind, text in events], 1.0)
    return session.records


EACH = tuple(
    ("report", f"state={state}:id={state}") for state in ("idle", "working", "done", "blocked", "error")
)


def test_when_a_prompt_begins_what_was_going_on_goes() -> None:
    assert ids(shell(*EACH, ("prompt", "A;cl=m"))) == ["done", "error", "idle"]
    for other in ("B", "C", "D;0"):
        assert len(ids(shell(*EACH, ("prompt", other)))) == 5


def test_when_the_program_ends_what_was_going_on_goes() -> None:
    session = Doing(0.0)
    session.wrote([Event(kind, text) for kind, text in EACH], 1.0)
    session.ended(0, 2.0)
    assert ids(session.records) == ["done", "error", "idle"]
    assert session.activity(3.0).state == "exited"


def test_a_reset_of_the_terminal_removes_all() -> None:
    assert ids(shell(*EACH, ("reset", ""))) == []


def activity(*reports: str, typed_at: float = 0.0) -> Activity | None:
    return records(*reports).activity(typed_at)


def test_the_most_urgent_is_said_and_of_several_the_latest() -> None:
    reports = [f"state={state}:id={state}" for state in ("idle", "working", "done", "error", "blocked")]
    for most in ("blocked", "error", "done", "working", "idle"):
        found = activity(*reports)
        assert found
        assert (found.state, found.id) == (most, most)
        reports.remove(f"state={most}:id={most}")
    assert activity() is None
    found = activity("state=blocked:id=a", "state=blocked:id=b")
    assert found
    assert found.id == "b"


def test_all_of_a_record_is_said_since_it_got_its_state() -> None:
    found = activity(
        "state=idle:app=claude",
        f"state=blocked:id=t/1:kind=permission:progress=5:msg={b64('rm -rf x?')}",
        f"state=blocked:id=t/1:kind=permission:progress=6:msg={b64('rm -rf y?')}",
    )
    assert found == Activity(
        "blocked", 1.0, "program", app="claude", kind="permission", progress=6, message="rm -rf y?", id="t/1"
    )


def test_what_a_program_ended_with_counts_until_somebody_types() -> None:
    session = Doing(0.0)
    session.wrote([Event("report", "state=done"), Event("report", "state=idle:id=a")], 1.0)
    assert session.activity(2.0).state == "done"
    session.typed(b"x", 3.0)
    assert (session.activity(3.0).state, session.activity(3.0).source) == ("idle", "program")
    session.wrote([Event("report", "state=error")], 4.0)
    assert session.activity(9.0).state == "error"


def test_a_report_goes_before_all_else() -> None:
    session = Doing(0.0)
    told = [("prompt", "C"), ("progress", "2;1"), ("notification", "look"), ("report", "state=idle")]
    session.wrote([Event(kind, text) for kind, text in told], 1.0)
    assert session.activity(1.0) == Activity("idle", 1.0, "program")


@pytest.mark.parametrize(
    ("encoded", "passed_on"),
    [
        ("state=done", "state=done:id=task"),
        ("state=clear", "state=clear:id=task"),
        ("state=working:id=a/b:progress=3", "state=working:id=task/a/b:progress=3"),
        ("state=done:id=a/b/c/d/e/f/g/h", None),
        ("state=done:id=" + "/".join(["y" * 31] * 4), None),
        ("state=busy", None),
        ("state=done\x1b\\evil", None),
        (f"state=done:msg={b64('a')}\x07", "state=done:id=task"),
    ],
)
def test_a_report_is_passed_on_below_its_sessions_name(encoded: str, passed_on: str | None) -> None:
    assert below("task", encoded) == passed_on


def news(subscription: Subscription) -> list[str]:
    assert subscription.is_behind
    said = [report.encoded() for report in subscription.news(100)]
    assert not subscription.is_behind
    return said


def test_who_subscribes_is_told_all_and_then_what_changes() -> None:
    kept = records("state=idle:app=a", "state=working:id=x")
    subscription = Subscription(kept)
    assert news(subscription) == ["state=clear", "state=idle:app=a", "state=working:id=x:app=a"]
    kept.take(Report("done", "x"), 9.0)
    assert news(subscription) == ["state=done:id=x:app=a"]


def test_what_goes_is_cleared_and_what_is_below_it_told_again() -> None:
    kept = records("state=working", "state=done:id=a", "state=working:id=b", "state=done:id=b/c")
    subscription = Subscription(kept)
    news(subscription)
    kept.ended()
    assert news(subscription) == ["state=clear", "state=done:id=a", "state=done:id=b/c"]


@given(st.lists(st.sampled_from(["", "a", "a/b", "a/b/c", "b", "b/c"]), max_size=30), st.data())
def test_a_subscriber_ends_up_with_the_same_records(names: list[str], data: st.DataObject) -> None:
    kept, outside = Records(), Records()
    outside.take(Report("error", "left/behind"), 0.0)
    subscription = Subscription(kept)
    for second, name in enumerate(names):
        kept.take(Report(data.draw(st.sampled_from(["clear", "idle", "working"])), name), float(second))
        if data.draw(st.booleans()):
            kept.ended()
        for report in subscription.news(data.draw(st.integers(1, 3))):
            outside.take(report, 0.0)
    while subscription.is_behind:
        for report in subscription.news(2):
            outside.take(report, 0.0)
    assert [report for _, report in outside.all().values()] == [report for _, report in kept.all().values()]
