"""What a program is doing, told from what it lets know and from what is seen of it."""

from __future__ import annotations

import pytest

from vibenv_core.supervisor.doing import QUIET_S, Doing, Foreground
from vibenv_core.supervisor.screen import Event
from vibenv_core.supervisor.signs import LAPSE_S
from vibenv_core.supervisor.status import Activity

AT_PROMPT = Foreground("bash", is_shell=True, reads_keys=True, hides_input=False)
SLEEPING = Foreground("sleep", is_shell=False, reads_keys=False, hides_input=False)
AGENT = Foreground("claude", is_shell=False, reads_keys=True, hides_input=False)
SUDO = Foreground("sudo", is_shell=False, reads_keys=False, hides_input=True)


def doing(*events: tuple[str, str], at: float = 100.0) -> Doing:
    """A program that began at 90 and lets know one thing after the other, from a time on."""
    made = Doing(90.0)
    tell(made, *events, at=at)
    return made


def tell(program: Doing, *events: tuple[str, str], at: float) -> None:
    program.wrote([Event(kind, text) for kind, text in events], at)


def told(program: Doing, now: float) -> tuple[str, str, float]:
    activity = program.activity(now)
    return activity.state, activity.source, activity.since


def test_who_writes_works_and_who_has_not_for_a_while_is_idle_since_then() -> None:
    program = Doing(90.0)
    assert told(program, 90.0) == ("idle", "quiet", 90.0)
    for at in (100.0, 101.0, 102.5):
        tell(program, at=at)
    assert told(program, 103.0) == ("working", "quiet", 100.0)
    assert program.due(103.0) == 102.5 + QUIET_S
    assert told(program, 102.5 + QUIET_S) == ("idle", "quiet", 102.5)


def test_nothing_is_due_once_a_program_is_quiet() -> None:
    program = doing(("title", "⠋ x"), ("progress", "1;3"))
    for _ in range(10):
        due = program.due(100.0 + LAPSE_S)
        if due is None:
            break
        program.looked(None, due)
    assert program.due(100.0 + LAPSE_S) is None


@pytest.mark.parametrize("what", ["typed", "resized"])
def test_an_answer_to_a_key_or_to_another_size_is_no_work(what: str) -> None:
    program = doing()
    if what == "typed":
        program.typed(b"x", 200.0)
    else:
        program.resized(200.0)
    tell(program, at=200.1)
    assert told(program, 200.2) == ("idle", "quiet", 100.0)
    tell(program, at=200.9)
    assert told(program, 201.0) == ("working", "quiet", 200.9)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("", ("idle", "quiet", None)),
        ("A", ("idle", "prompt", None)),
        ("A B", ("idle", "prompt", None)),
        ("D;0 A B", ("idle", "prompt", None)),
        ("A B C", ("working", "prompt", None)),
        ("A B C D;0", ("done", "prompt", 0)),
        ("A B C D;0 A B", ("done", "prompt", 0)),
        ("A B C D;130 A B", ("error", "prompt", 130)),
        ("A B C D A B", ("done", "prompt", None)),
        ("A B C D;x A B", ("done", "prompt", None)),
        ("A B C D;0;aid=7 A B", ("done", "prompt", 0)),
        ("A B C D;1 A B D;1 A B", ("idle", "prompt", None)),
        ("A B C D;1 A B C", ("working", "prompt", None)),
        ("A;k=i;cl=m P;k=r B", ("idle", "prompt", None)),
        ("Z;1", ("idle", "quiet", None)),
    ],
)
def test_a_shell_tells_of_its_commands(events: str, expected: tuple[str, str, int | None]) -> None:
    activity = doing(*(("prompt", mark) for mark in events.split())).activity(110.0)
    assert (activity.state, activity.source, activity.exit_code) == expected


def test_what_came_of_a_command_is_said_until_somebody_types() -> None:
    program = doing(("prompt", "A"), ("prompt", "C"), ("prompt", "D;2"), ("prompt", "A"), ("prompt", "B"))
    assert told(program, 500.0) == ("error", "prompt", 100.0)
    program.typed(b"l", 600.0)
    assert told(program, 600.0) == ("idle", "prompt", 600.0)


def test_of_a_shell_that_does_not_mark_its_commands_there_is_no_telling_after_enter() -> None:
    program = doing(("prompt", "D;0"), ("prompt", "A"), ("prompt", "B"))
    program.typed(b"make\r", 200.0)
    tell(program, at=201.0)
    assert told(program, 201.0) == ("working", "quiet", 201.0)
    tell(program, ("prompt", "D;2"), ("prompt", "A"), at=210.0)
    assert program.activity(210.0) == Activity("error", 210.0, "prompt", exit_code=2)


def test_a_command_that_wants_each_key_is_idle_when_it_is_quiet() -> None:
    program = doing(("prompt", "C"))
    program.looked(SLEEPING, 103.0)
    assert program.activity(900.0) == Activity("working", 100.0, "prompt", app="sleep")
    program.looked(AGENT, 904.0)
    assert program.activity(905.0) == Activity("idle", 100.0, "quiet", app="claude")


def test_a_shell_that_runs_a_command_is_believed_before_the_command_is_there() -> None:
    program = doing(("prompt", "A"), ("prompt", "B"))
    program.looked(AT_PROMPT, 103.0)
    program.typed(b"bash\r", 200.0)
    tell(program, ("prompt", "C"), at=200.1)
    program.looked(AT_PROMPT, 200.1)
    assert told(program, 202.0) == ("working", "prompt", 200.1)
    program.looked(AT_PROMPT, 202.1)
    assert told(program, 202.1) == ("idle", "foreground", 100.0), "it is another shell"


def test_progress_is_work_until_it_is_taken_back_or_not_kept_up() -> None:
    program = doing(("progress", "1;20"))
    tell(program, ("progress", "1;50"), at=104.0)
    assert program.activity(104.0) == Activity("working", 100.0, "progress", progress=50)
    program.looked(None, 107.0)
    assert program.due(107.0) == 104.0 + LAPSE_S
    assert told(program, 104.0 + LAPSE_S) == ("idle", "quiet", 104.0)
    tell(program, ("progress", "3;-1"), at=120.0)
    assert program.activity(120.0) == Activity("working", 100.0, "progress")
    tell(program, ("progress", "2;90"), at=130.0)
    assert program.activity(200.0) == Activity("error", 130.0, "progress", progress=90)
    tell(program, ("progress", "0;0"), at=210.0)
    assert told(program, 220.0) == ("idle", "quiet", 210.0)


def test_a_notification_calls_somebody_until_something_is_typed() -> None:
    program = doing(("bell", ""), ("notification", "Claude needs your permission"), ("bell", ""))
    called = Activity("blocked", 100.0, "notification", message="Claude needs your permission")
    assert program.activity(500.0) == called
    tell(program, at=501.0)
    assert program.activity(501.0) == called
    program.typed(b"y", 600.0)
    assert told(program, 600.0) == ("idle", "quiet", 501.0)


@pytest.mark.parametrize("event", [("prompt", "A"), ("prompt", "C"), ("progress", "3;-1")])
def test_a_call_is_over_when_the_program_says_otherwise(event: tuple[str, str]) -> None:
    assert doing(("notification", "look"), event).activity(100.0).state != "blocked"


def test_a_bell_calls_somebody_unless_it_answers_a_key() -> None:
    program = doing()
    program.typed(b"\t", 200.0)
    tell(program, ("bell", ""), at=200.1)
    assert told(program, 200.2) == ("idle", "quiet", 100.0)
    tell(program, ("bell", ""), at=300.0)
    assert told(program, 400.0) == ("blocked", "bell", 300.0)


@pytest.mark.parametrize(
    ("titles", "state", "shown"),
    [
        (["⠂ fix it", "⠐ fix it"], "working", "fix it"),
        (["⠋⠙ | Session"], "working", "Session"),
        (["◐ fix it"], "working", "fix it"),
        (["⠂ fix it", "✳ fix it"], "idle", "✳ fix it"),
        (["✋  Action Required (home)"], "blocked", "✋  Action Required (home)"),
    ],
)
def test_an_agents_title_says_what_it_is_doing(titles: list[str], state: str, shown: str) -> None:
    program = doing(*(("title", title) for title in titles))
    assert told(program, 101.0) == (state, "title", 100.0)
    assert program.title.text == shown


def test_a_title_without_a_sign_says_nothing_and_a_wheel_that_stands_still_neither() -> None:
    program = doing(("title", "⠂ fix it"))
    assert program.activity(100.0 + LAPSE_S).source == "quiet"
    tell(program, ("title", "vim"), at=200.0)
    assert program.activity(200.0).source == "quiet"


def test_the_title_that_an_agent_left_says_nothing_of_the_shell_after_it() -> None:
    program = doing(("title", "✳ fix it"))
    program.looked(AT_PROMPT, 103.0)
    assert program.activity(104.0) == Activity("idle", 100.0, "foreground", app="bash")


def test_without_any_word_the_foreground_tells() -> None:
    program = doing()
    assert not program.is_to_look(101.0)
    assert program.is_to_look(102.0)
    program.looked(SLEEPING, 102.0)
    assert not program.is_to_look(500.0)
    assert program.activity(500.0) == Activity("working", 102.0, "foreground", app="sleep")
    program.looked(SUDO, 501.0)
    assert program.activity(502.0) == Activity("blocked", 501.0, "foreground", app="sudo", kind="auth")


def test_a_program_that_has_ended_does_nothing_else() -> None:
    program = doing(("notification", "look"), ("prompt", "C"))
    program.ended(3, 200.0)
    assert program.activity(300.0) == Activity("exited", 200.0, "exit", exit_code=3)
    assert program.due(300.0) is None
