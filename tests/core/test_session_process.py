"""The command lines that are run in a session's container."""

import json

from vibenv_core import session_process
from vibenv_core.supervisor.frames import Hello

HELLO = Hello(client="me", rows=30, cols=90, watching=True, since=7)


def test_the_program_follows_the_size_and_what_is_for_it_alone() -> None:
    argv = session_process.supervise_argv(["sleep", "1 0"], rows=30, cols=90, env={"LD_PRELOAD": "a b"})
    begin = argv.index("supervise")
    assert argv[0] == "/.vibenv/bin/python3"
    assert argv[begin + 1 :] == [
        *("--rows", "30", "--cols", "90", "--env", "LD_PRELOAD=a b", "--", "sleep", "1 0"),
    ]


def test_a_name_that_looks_like_a_number_stays_a_name() -> None:
    assert session_process.default_program("1e3")[-1] == 'use vibenv; vibenv remote-launch "1e3"'


def test_who_comes_is_told_with_the_relay_so_that_it_costs_no_round_trip() -> None:
    argv = session_process.relay_argv(HELLO)
    assert argv[-2] == "relay"
    assert Hello(**json.loads(argv[-1])) == HELLO


def test_what_serves_older_sessions_needs_nothing_of_vibenv_there() -> None:
    argv = session_process.bridge_argv(HELLO)
    assert argv[:3] == ["python3", "-I", "-S"]
    assert list(json.loads(argv[-4])) == ["bridge"]
    assert argv[-3:-1] == ["bridge", "/tmp/vibenv.sock"]
    assert Hello(**json.loads(argv[-1])) == HELLO
