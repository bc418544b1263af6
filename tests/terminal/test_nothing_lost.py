"""The account of the bytes: all that a program printed is in the recording, or is said to be missing."""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.nu.shell import eventually
from tests.terminal.conftest import (
    PATIENCE_S,
    PROGRAMS,
    PYTHON,
    Open,
    Start,
    dtach,
    floods,
    kill,
    own,
    prints,
)
from tests.terminal.programs import flood
from tests.terminal.recording import Marker
from tests.terminal.session import Session
from vibenv_core.supervisor.frames import Kind, plain

MB = 1_000_000
LAST_WORDS = r"""
import itertools, os, signal
input()
os.kill(os.getppid(), signal.SIGSTOP)
os.set_blocking(1, False)
try:
    for number in itertools.count(): os.write(1, b"%079d\n" % number)
except BlockingIOError:
    os._exit(5)
"""
"""Fills its terminal to the brim while the supervisor cannot read it, and ends."""
LINES = r"""
import os, termios, tty
tty.setraw(0, termios.TCSANOW)
while os.read(0, 1): os.write(1, b"%078d\r\n" % 1 * 50)
"""


def test_a_flood_that_nobody_looks_at_is_recorded_whole(start: Start) -> None:
    session = start(*floods(8 * MB))
    printed = flood.printed(8 * MB) + b"done\r\n"
    eventually(lambda: session.recording.lost(printed) == 0, "all of it", within_s=PATIENCE_S)


def test_clients_killed_amid_a_flood_cost_no_byte(start: Start, terminal: Open) -> None:
    session = start(*floods(6 * MB, "slowly"))
    printed = flood.printed(6 * MB) + b"done\r\n"
    for client in (own, dtach):
        shown = terminal(*client(session))
        shown.wait_for(r"^\d{78}$")
        kill(shown)
    session.attach(watching=True).until_painted(b"done\r\n")
    eventually(lambda: session.recording.lost(printed) == 0, "all of it", within_s=PATIENCE_S)


def test_the_last_words_of_a_program_are_recorded_and_seen(start: Start) -> None:
    session = start(*PYTHON, "-c", LAST_WORDS)
    client = session.attach()
    pid = client.ask("state")["pid"]
    client.type(b"\n")
    eventually(lambda: ") Z " in Path(f"/proc/{pid}/stat").read_text(), "its end", within_s=PATIENCE_S)
    session.process.send_signal(signal.SIGCONT)
    assert plain(client.until_frame(Kind.ENDED).payload) == {"exit_code": 5}
    assert session.process.wait(PATIENCE_S) == 5
    words = session.recording.output.removeprefix(b"\r\n")
    assert b"".join(b"%079d\r\n" % number for number in range(len(words) // 81 + 1)).startswith(words)
    assert len(words) > 3000
    assert client.painted.endswith(words[-1000:])


@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_bytes_that_are_no_utf_8_are_recorded_as_they_are(start: Start, tmp_path: Path, piece: int) -> None:
    printed = random.Random(7).randbytes(3000 * min(piece, 20)) + "über 世界 🏳️‍🌈".encode()[:-2] + b"end"
    session = start(*prints(printed, tmp_path, piece=piece))
    eventually(lambda: session.recording.lost(printed) == 0, "all of it", within_s=PATIENCE_S)


def test_characters_that_come_in_pieces_are_whole_in_the_recording(start: Start, tmp_path: Path) -> None:
    printed = "Grüße, 世界, e\u0301, 🏳️‍🌈\r\n".encode() * 20
    session = start(*prints(printed, tmp_path, piece=1, pause_s=0.001))
    eventually(lambda: session.recording.lost(printed) == 0, "all of it", within_s=PATIENCE_S)
    assert "\ufffd" not in (session.log / "session.cast").read_text()


def test_a_recording_that_is_full_says_what_it_dropped(start: Start) -> None:
    session = start(*floods(8 * MB), options=("--log-limit", str(MB)))
    printed = flood.printed(8 * MB) + b"done\r\n"
    eventually(lambda: session.recording.output.endswith(b"done\r\n"), "the end", within_s=PATIENCE_S)
    older, newer = session.older_recording, session.recording
    assert older.lost(printed[: newer.before]) == newer.lost(printed) == 0
    assert Marker(f"{older.before} bytes of output came before this") in older.events
    assert len(older.output) > 0.3 * MB
    assert sum(file.stat().st_size for file in session.log.iterdir()) <= 1.1 * MB


def test_a_full_disk_holds_nobody_up_and_what_it_cost_is_said(start: Start) -> None:
    session = start(*PYTHON, "-c", LINES, disk="300k")
    client = session.attach()
    line = b"%078d\r\n" % 1
    (session.log / "ballast").write_bytes(bytes(100_000))
    for _ in range(100):
        client.type(b"x")
        client.until(lambda: client.painted.endswith(line * 50), "the lines")
        client.painted.clear()
    (session.log / "ballast").unlink()
    client.type(b"x")
    eventually(lambda: session.recording.lost(line * 5050) == 0, "the account", within_s=PATIENCE_S)
    assert session.recording.missing > 0
    assert client.ask("state")["running"]


def test_of_a_killed_supervisor_all_that_was_seen_is_recorded(start: Start) -> None:
    session = start(*floods(100 * MB))
    client = session.attach(watching=True)
    number = re.compile(rb"\d{78}")
    client.until(lambda: client.taken > MB / 20 and bool(number.search(client.painted)), "much of it")
    seen = number.findall(client.painted)[-1]
    session.process.kill()
    session.process.wait(PATIENCE_S)
    recorded = session.recording.output
    assert flood.printed(len(recorded)) == recorded
    assert seen in recorded


@pytest.mark.parametrize("client", [own, dtach])
def test_what_is_typed_at_a_hidden_prompt_is_nowhere(
    start: Start, terminal: Open, client: Callable[[Session], list[str]]
) -> None:
    session = start(*PYTHON, str(PROGRAMS / "login.py"))
    shown = terminal(*client(session))
    shown.wait_for("^Password:")
    shown.enter("correct horse")
    shown.wait_for("^13 letters$")
    shown.wait_for("^Name:")
    shown.enter("Ada")
    shown.wait_for("^hello Ada$")
    kept = b"".join(file.read_bytes() for file in session.folder.rglob("*") if file.is_file())
    assert b"hello Ada" in kept
    assert b"correct" not in kept
    assert "correct" not in shown.scrollback
