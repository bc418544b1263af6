"""What sessions' terminals have shown, as a script in Nushell reads it, on a real engine."""

from __future__ import annotations

import json
import signal

import pytest

from tests.nu.shell import Shell, eventually
from vibenv_core import labels
from vibenv_core.engine import Engine

pytestmark = pytest.mark.one_engine("28")

COUNTING = "sh -c 'i=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done'"


@pytest.fixture
def session(shell: Shell) -> Shell:
    """A Nushell whose host has the session `a`, which has printed three lines, one of them twice."""
    said = "sh -c 'printf \"0%%\\\\r\"; echo 100%; echo two; echo three; exec cat'"
    shell.value(f'vibenv launch a --access none --command "{said}"')
    eventually(lambda: "three" in shell.value("vibenv log a --text"), "what it prints")
    return shell


def test_what_was_recorded_is_a_table(session: Shell) -> None:
    rows = session.value("vibenv log a | where kind == output | get text | str join")
    assert rows == "0%\r100%\r\ntwo\r\nthree\r\n"
    assert session.value("vibenv log a | get 0.time | describe") == "datetime"
    assert session.value("vibenv log a | get 0.time | (date now) - $in < 5min") is True
    assert session.value("vibenv log a --since 1day | length") > 0
    assert session.value("vibenv log a --since ((date now) + 1day)") == []


def test_text_is_as_it_was_read(session: Shell) -> None:
    assert session.value("vibenv log a --text") == "100%\ntwo\nthree\n"
    assert session.value("vibenv log a --text --last 1") == "three\n"
    assert session.value("vibenv log a --text --limit 2 | lines") == ["100%", "two"]


def test_a_saved_recording_is_asciicast(session: Shell) -> None:
    session.value("vibenv log a --cast | save --force a.cast")
    header, *events = (session.home / "a.cast").read_text().splitlines()
    assert json.loads(header)["version"] == 2
    assert {"width", "height"} <= json.loads(header).keys()
    assert "".join(data for _, kind, data in map(json.loads, events) if kind == "o").endswith("three\r\n")


def test_several_sessions_are_rows_with_their_names_and_one_that_fails_is_one(session: Shell) -> None:
    session.value("vibenv launch b --access none --command 'sh -c \"echo this is b; exec cat\"'")
    eventually(lambda: "this" in session.value("vibenv log b --text"), "what `b` prints")
    rows = session.value("[a b nobody] | vibenv log | where kind != resize")
    by_name = {name: [row for row in rows if row["name"] == name] for name in ("a", "b", "nobody")}
    assert [row["text"] for row in by_name["b"]] == ["this is b\r\n"]
    assert [row["error"]["code"] for row in by_name["nobody"]] == ["vibenv::session::not_found"]
    assert "".join(row["text"] for row in by_name["a"]).endswith("three\r\n")
    assert session.error("[a b] | vibenv log --cast")["code"] == "vibenv::usage::one_name"


def test_who_follows_and_takes_the_first_is_done_at_once(shell: Shell) -> None:
    shell.value(f'vibenv launch a --access none --command "{COUNTING}"')
    took = "let begun = date now; let rows = vibenv log a --follow | skip 20 | first 3"
    rows, seconds = shell.value(f"{took}; [$rows (((date now) - $begun) / 1sec)]")
    assert len(rows) == 3
    assert seconds < 10
    assert len(shell.value("vibenv log a --follow --limit 5")) == 5
    assert len(shell.value("[a] | vibenv log --follow --for 300ms")) > 0


def test_ctrl_c_ends_who_follows(shell: Shell) -> None:
    shell.value(f'vibenv launch a --access none --command "{COUNTING}"')
    with shell.started("vibenv log a --follow --text") as nu:
        assert nu.stdout is not None
        assert nu.stdout.readline().startswith("line ")
        nu.send_signal(signal.SIGINT)
        nu.communicate(timeout=10)


def test_a_kept_recording_is_listed_read_and_removed(session: Shell, stack: Engine) -> None:
    session.value("vibenv remove a --force --keep-log")
    assert session.value("vibenv log a --text") == "100%\ntwo\nthree\n"
    assert len(session.value("vibenv log a | first 1")) == 1
    eventually(lambda: stack.mounted(labels.LOG_READER) == {}, "what it is read by is removed")
    assert session.value("vibenv logs | get name") == ["a"]
    assert session.value("vibenv logs a | get 0.created | describe") == "datetime"
    assert session.error("vibenv logs --remove")["code"] == "vibenv::usage::no_name"
    assert session.error("vibenv logs nobody")["code"] == "vibenv::log::not_found"
    assert session.value("vibenv logs | vibenv logs --remove | get name") == ["a"]
    assert session.value("vibenv logs") == []
    assert session.error("vibenv log a")["code"] == "vibenv::session::not_found"


@pytest.mark.parametrize(
    "flags", ["--cast --text", "--cast --limit 1", "--cast --since 1sec", "--follow --last 1"]
)
def test_flags_that_do_not_go_together_are_refused(installed: Shell, flags: str) -> None:
    assert installed.error(f"vibenv log a {flags}")["code"] == "vibenv::usage::flags"
