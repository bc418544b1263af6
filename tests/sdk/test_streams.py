"""Streams between each nu that is tested and a plugin: windows, early ends, errors, both ways at once."""

import subprocess
import time
from pathlib import Path

import pytest

from nu_plugin_vibenv.sdk.streams import BYTE_WINDOW, LIST_WINDOW
from nu_plugin_vibenv.sdk.testing import Nushell

from .conftest import MakeProgram

DEADLINE_S = 10.0
FOR_EVER = "generate {|n| {out: $n, next: ($n + 1)} } 0"


@pytest.fixture
def streams(nu_binaries: Path, program: MakeProgram) -> Nushell:
    return Nushell(nu_binaries, [program("streams")])


def test_a_producer_makes_a_window_and_one_more_while_nu_takes_nothing(streams: Nushell) -> None:
    script = "streams count | each {|n| if $n == 0 { (streams settled).made } else { $n } } | first"
    assert streams.value(script) == LIST_WINDOW + 1


def test_nu_makes_a_window_and_one_more_while_the_plugin_takes_nothing(streams: Nushell) -> None:
    made = streams.value(f"{FOR_EVER} | each {{|n| streams mark; $n }} | streams hold")
    assert LIST_WINDOW <= made <= LIST_WINDOW + 1


@pytest.mark.parametrize(("switch", "window"), [("", LIST_WINDOW), ("--as-bytes", BYTE_WINDOW)])
def test_a_consumer_that_takes_nothing_stops_the_producer_before_nu(
    streams: Nushell, switch: str, window: int
) -> None:
    made = streams.value(f"streams count {switch} | streams hold {switch}")
    assert window <= made <= 2 * window + 4, "a window from the plugin to nu, and one from nu to the plugin"


@pytest.mark.parametrize("switch", ["", "--as-bytes"])
def test_a_producer_is_closed_when_nu_has_enough(streams: Nushell, switch: str) -> None:
    first, after = streams.values([f"streams count {switch} | first 2", "streams settled"])
    assert len(first) == 2
    assert after["closed"]
    assert after["made"] <= LIST_WINDOW + 1


def test_nu_stops_when_the_plugin_has_enough(streams: Nushell) -> None:
    taken = streams.values([f"{FOR_EVER} | streams take 2", "yes | lines | streams take 1"])
    assert taken == [[0, 1], ["y"]]


def test_every_piece_arrives_in_order(streams: Nushell) -> None:
    counts = [0, 1, BYTE_WINDOW, LIST_WINDOW, LIST_WINDOW + 1, 1000]
    given = streams.values([f"streams count {count} | streams doubled" for count in counts])
    assert given == [[2 * number for number in range(count)] for count in counts]


@pytest.mark.parametrize(
    ("switch", "first"), [("", "first 3 | each { decode }"), ("--as-bytes", "first 3 | decode | split chars")]
)
def test_what_came_before_an_error_is_of_use(streams: Nushell, switch: str, first: str) -> None:
    assert streams.value(f"streams fail {switch} | {first}") == ["a", "b", "c"]
    done = streams.run(f"streams fail {switch} | {'collect' if switch else 'each { $in }'} | to nuon")
    assert done.returncode == 1
    assert "the well is dry" in done.stderr


def test_an_error_in_the_input_reaches_the_command_after_what_came_before(streams: Nushell) -> None:
    failing = "[0 1 2] | each {|n| if $n == 2 { error make {msg: 'inner'} } else { $n } }"
    assert streams.value(f"{failing} | streams take 2") == [0, 1]
    done = streams.run(f"{failing} | streams take 3")
    assert (done.returncode, "inner" in done.stderr) == (1, True)


def test_streams_run_in_and_out_of_a_closure_while_nu_is_asked(streams: Nushell) -> None:
    through = "streams through 1000 { each { $in * 2 } }"
    total, early = streams.values([f"{through} | math sum", f"{through} | first 2"])
    assert (total, early) == (999_000, [0, 2])


def test_streams_run_side_by_side(streams: Nushell) -> None:
    script = "1..8 | par-each --threads 8 { streams count 500 | streams doubled | length } | uniq"
    assert streams.value(script) == [500]


def test_a_plugin_amid_a_stream_ends_with_nu(streams: Nushell) -> None:
    argv = [*streams.argv, "--commands", "streams count | each { sleep 1hr }"]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as nu:
        try:
            plugin = child_of(nu.pid)
        finally:
            nu.kill()
    deadline = time.monotonic() + DEADLINE_S
    while runs(plugin):
        assert time.monotonic() < deadline, "the plugin goes on without nu"
        time.sleep(0.01)


def child_of(pid: int) -> int:
    """The first child of a process, waited for."""
    deadline = time.monotonic() + DEADLINE_S
    while not (children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(children[0])


def runs(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except FileNotFoundError:
        return False
