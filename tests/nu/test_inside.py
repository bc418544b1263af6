"""Programs and files of sessions, as a script in Nushell handles them, on a real engine."""

from __future__ import annotations

import signal

import pytest

from tests.nu.shell import Shell, eventually

pytestmark = pytest.mark.one_engine("28")

LAUNCH = "vibenv launch a --command bash --access none"


@pytest.fixture
def session(shell: Shell) -> Shell:
    """A Nushell whose host has the session `a`."""
    shell.value(LAUNCH)
    return shell


def runs(shell: Shell, line: str) -> bool:
    """Whether a program of that command line runs in the session."""
    lines: str = shell.value("vibenv exec a sh -c 'cat /proc/[0-9]*/cmdline' | get stdout")
    return line in lines.replace("\0", " ")


def test_a_program_gives_a_record_and_an_exit_code_is_no_error(session: Shell) -> None:
    done = session.value("vibenv exec a sh -c 'echo out; echo err >&2; exit 3' | reject took")
    assert done == {"stdout": "out\n", "stderr": "err\n", "exit_code": 3}
    assert session.value("vibenv exec a no-such-program | get exit_code") == 127
    assert session.value("vibenv exec a true | get took | describe") == "duration"


def test_flags_of_the_program_are_passed_on(session: Shell) -> None:
    assert session.value("vibenv exec a echo -h --all=1 -- -x 5 1kb true *.c 'a b' | get stdout") == (
        "-h --all=1 -- -x 5 1kb true *.c a b\n"
    )
    assert session.value("vibenv exec a ...[echo --stream] | get stdout") == "--stream\n"


def test_bytes_go_through_a_program_as_they_are(session: Shell) -> None:
    every = "0..255 | each {|n| $n | into binary | first 1 } | bytes collect"
    assert session.value(f"{every} | vibenv exec a cat | get stdout | $in == ({every})") is True
    assert session.value(f"{every} | vibenv exec a cat --stream | into binary | $in == ({every})") is True


def test_sessions_from_the_pipeline_run_it_side_by_side(session: Shell) -> None:
    rows = session.value("[a nobody] | vibenv exec echo hi | select name stdout error.code? | sort-by name")
    assert [[*row.values()] for row in rows] == [
        ["a", "hi\n", None],
        ["nobody", None, "vibenv::session::not_found"],
    ]
    assert session.value("vibenv list | each {|row| vibenv exec $row.name echo hi } | get stdout") == ["hi\n"]
    assert session.value("[a] | each {|name| vibenv exec $name cat } | get stdout") == [""]


def test_who_takes_the_first_bytes_only_ends_the_program(session: Shell) -> None:
    taken = "vibenv exec a sh -c 'yes; sleep 4321' --stream | lines | first 2"
    assert session.value(taken) == ["y", "y"]
    eventually(lambda: not runs(session, "sleep 4321"), "the program ends", within_s=10)


def test_ctrl_c_ends_the_program_in_the_session(session: Shell) -> None:
    with session.started("vibenv exec a sh -c 'sleep 1234; true'") as nu:
        eventually(lambda: runs(session, "sleep 1234"), "the program")
        nu.send_signal(signal.SIGINT)
        _, errors = nu.communicate()
    assert "nterrupted" in errors
    eventually(lambda: not runs(session, "sleep 1234"), "the program ends", within_s=10)


def test_a_file_is_data_that_is_written_and_read(session: Shell) -> None:
    assert session.value("{a: [1 2]} | to json | vibenv write a /root/data.json | get size") > 0
    assert session.value("vibenv read a /root/data.json | from json") == {"a": [1, 2]}
    assert session.value("vibenv read a /root/data.json | metadata | get content_type") == "application/json"
    assert session.error("vibenv read a /root/nothing")["code"] == "vibenv::file::not_found"
    assert session.error("{a: 1} | vibenv write a /root/data.json")["code"] == "vibenv::usage::not_bytes"
    assert session.error("vibenv write a /root/data.json")["code"] == "vibenv::usage::no_input"


def test_a_write_that_is_interrupted_leaves_what_was_there(session: Shell) -> None:
    session.value("'before' | vibenv write a /root/f")
    slow = "^sh -c 'while head -c 60000 /dev/zero; do sleep 0.1; done'"
    with session.started(f"{slow} | vibenv write a /root/f") as nu:
        eventually(lambda: ".f.vibenv-" in listed(session), "the write")
        nu.send_signal(signal.SIGINT)
        nu.communicate()
    assert session.value("vibenv read a /root/f") == "before"
    eventually(lambda: ".f.vibenv-" not in listed(session), "what was begun goes", within_s=10)


def listed(shell: Shell) -> str:
    """What is in the home folder of the session's user."""
    names: str = shell.value("vibenv exec a ls -A /root | get stdout")
    return names


def test_folders_go_into_several_sessions_and_out_of_them(session: Shell) -> None:
    session.value(LAUNCH.replace(" a ", " b "))
    session.value("mkdir from; 'x' | save --force 'from/a file'")
    pushed = session.value("[a b] | vibenv push from /root/to | get files")
    assert pushed == [1, 1]
    session.value("vibenv list | vibenv pull '/root/to/a file' got")
    assert session.value("[(open --raw got/a) (open --raw got/b)]") == ["x", "x"]
    assert session.error("vibenv pull a /root")["code"] == "vibenv::usage::places"
