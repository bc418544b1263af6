"""Typing, looking and waiting, as a script in Nushell does it, in real sessions."""

from __future__ import annotations

import signal
import time

import pytest

from tests.nu.shell import Shell, eventually

pytestmark = pytest.mark.one_engine("28")

LAUNCH = "vibenv launch a --command sh --access none"


@pytest.fixture
def session(shell: Shell) -> Shell:
    """A Nushell whose host has the session `a`, with a shell at its prompt."""
    shell.value(LAUNCH)
    return shell


def test_what_is_typed_is_answered_and_shown(session: Shell) -> None:
    asked = "vibenv send a 'expr 6 \\* 7' --keys [Enter] | vibenv wait --for 42 --timeout 10sec"
    met = session.value(f"{asked} | select name reason match line")
    assert met == {"name": "a", "reason": "text", "match": "42", "line": "42"}
    shown = session.value("vibenv screen a")
    assert (shown["rows"], shown["cols"], len(shown["lines"])) == (24, 80, 24)
    assert "42" in shown["lines"]
    assert session.value("vibenv screen a | get lines | describe") == "list<string>"


def test_text_and_names_come_by_the_pipeline(session: Shell) -> None:
    session.value(LAUNCH.replace(" a ", " b "))
    assert session.value("'echo x$((1 + 1))' | vibenv send a | get typed") == 16
    rows = "[a b nobody] | vibenv send ' #' --keys [Enter] | select name typed error.code? | sort-by name"
    assert [[*row.values()] for row in session.value(rows)] == [
        ["a", 3, None],
        ["b", 3, None],
        ["nobody", None, "vibenv::session::not_found"],
    ]
    assert session.value("vibenv wait a --for x2 --timeout 10sec | get reason") == "text"
    assert session.value("vibenv list | each {|row| vibenv send $row.name --keys [Enter] } | length") == 2
    assert session.error("vibenv send a")["code"] == "vibenv::send::nothing"
    assert session.error("[a] | vibenv send a x")["code"] == "vibenv::usage::names"
    assert session.error("vibenv send a --keys [Ente]")["code"] == "vibenv::send::bad_key"


def test_sessions_are_waited_for_side_by_side_and_each_has_its_row_as_it_is_so(session: Shell) -> None:
    session.value(LAUNCH.replace(" a ", " b "))
    lines = "[{name: a, text: 'sleep 1; exit 1'}, {name: b, text: 'exit 2'}]"
    session.value(f"{lines} | each {{|it| vibenv send $it.name $it.text --keys [Enter] }}")
    assert session.value("[a b] | vibenv wait --exit | each {|it| [$it.name $it.exit_code] }") == [
        ["b", 2],
        ["a", 1],
    ]


def test_a_wait_in_vain_is_an_error_with_its_code(session: Shell) -> None:
    assert session.error("vibenv wait a --for nope --timeout 100ms")["code"] == "vibenv::wait::timeout"
    assert session.error("vibenv wait a")["code"] == "vibenv::wait::nothing"
    assert session.error("vibenv wait a --regex '('")["code"] == "vibenv::wait::bad_regex"
    session.value("vibenv send a 'exit 5' --keys [Enter]")
    assert session.value("vibenv wait a --exit | get exit_code") == 5
    assert session.error("vibenv wait a --for nope")["code"] == "vibenv::wait::ended"
    assert session.error("vibenv screen a")["code"] == "vibenv::session::not_running"


def test_ctrl_c_ends_a_wait(session: Shell) -> None:
    with session.started("[a] | vibenv wait --exit; print not-reached") as nu:
        eventually(lambda: clients(session), "the wait")
        began = time.monotonic()
        nu.send_signal(signal.SIGINT)
        out, errors = nu.communicate()
    assert time.monotonic() - began < 2
    assert "nterrupted" in errors
    assert "not-reached" not in out
    eventually(lambda: not clients(session), "the session to be left")


def clients(shell: Shell) -> bool:
    """Whether a relay runs in the session."""
    lines: str = shell.value("vibenv exec a sh -c 'cat /proc/[0-9]*/cmdline' | get stdout")
    return "\0relay\0" in lines


def test_a_connection_never_leads_to_another_session_than_the_one_of_that_name(session: Shell) -> None:
    renamed = "vibenv screen a; vibenv rename a b; vibenv launch a --command cat --access none"
    session.value(f"{renamed}; vibenv send a here --keys [Enter]; vibenv wait a --for here --timeout 10sec")
    assert "here" not in session.value("vibenv screen b | get lines | str join")


def test_connections_keep_the_plugin_running_and_no_shell_from_ending(session: Shell) -> None:
    quick = "$env.config.plugin_gc.default.stop_after = 100ms"
    status = "plugin list | where name == vibenv | get 0.status"
    assert session.value(f"{quick}; vibenv list; sleep 1sec; {status}") != "running"
    began = time.monotonic()
    assert session.value(f"{quick}; vibenv screen a; sleep 1sec; {status}") == "running"
    assert time.monotonic() - began < 5
