"""Sessions that are watched, as a person or a script has it."""

from __future__ import annotations

import signal
import time

import pytest

from tests.nu.shell import Shell, eventually

pytestmark = pytest.mark.one_engine("28")

WAITS = r"while [ ! -e /go ]; do sleep 0.02; done; printf '\033]7501;state=blocked:app=t\033\134'; cat"
"""Says, once there is /go, that it waits for somebody."""


def test_a_person_is_called_when_a_session_waits_for_them(shell: Shell) -> None:
    shell.value(f"""vibenv launch a --command r#'sh -c "{WAITS}"'#; vibenv launch b --command cat""")
    call = "{|row| $'($row.name) waits' | save --force called }"
    with shell.started(f"vibenv watch | where state == blocked | each {call} | ignore") as nu:
        shell.value("vibenv exec a touch /go | get exit_code")
        note = shell.home / "called"
        eventually(lambda: note.exists() and note.read_text() == "a waits", "the call")
        nu.send_signal(signal.SIGINT)
        began = time.monotonic()
        nu.communicate()
        assert time.monotonic() - began < 2
    row = shell.value("vibenv list --long | where name == a | get 0 | select activity clients keys")
    assert row == {"activity": "blocked", "clients": 0, "keys": None}


def test_a_watch_ends_when_its_reader_has_enough_and_after_its_time_or_rows(shell: Shell) -> None:
    shell.value("[a b c] | vibenv launch --command cat")
    assert shell.value("vibenv watch | first | get event") == "present"
    assert shell.value("vibenv watch --limit 2 | get event") == ["present", "present"]
    assert shell.value("[a b] | vibenv watch --limit 2 | get name | sort") == ["a", "b"]
    began = time.monotonic()
    assert shell.value("vibenv watch a --for 1sec | where event == present | get name") == ["a"]
    assert 1 <= time.monotonic() - began < 4
    assert shell.value("vibenv stats --follow --limit 3 | get name | length") == 3
    assert shell.error("vibenv stats --limit 3")["code"] == "vibenv::usage::no_follow"
    assert shell.error("vibenv watch --limit 0")["code"] == "vibenv::usage::limit"
    assert shell.error("vibenv watch nope")["code"] == "vibenv::session::not_found"


def test_a_stopped_session_has_exited_with_its_code(shell: Shell) -> None:
    shell.value("vibenv launch a --command 'sh -c \"sleep 0.3; exit 7\"'")
    eventually(lambda: shell.value("vibenv list | get 0.state") == "stopped", "its end")
    row = shell.value("vibenv list --long | get 0 | select activity source exit_code uptime")
    assert row == {"activity": "exited", "source": "exit", "exit_code": 7, "uptime": None}
