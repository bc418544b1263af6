"""Output that wants to do harm, or cannot help it: the session goes on, no terminal or list is touched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.nu.shell import eventually
from tests.terminal.conftest import PATIENCE_S, PYTHON, Open, Start, own, prints

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
MB = 1_000_000
QUERIES = {
    b"\x1b[c": rb"\x1b\[\?[\d;]+c",
    b"\x1b[>c": rb"\x1b\[>[\d;]+c",
    b"\x1b[5n": rb"\x1b\[0n",
    b"\x1b[6n": rb"\x1b\[\d+;\d+R",
    b"\x1b[?2026$p": rb"\x1b\[\?2026;\d\$y",
    b"\x1b[>q": rb"\x1bP>\|[^\x1b]+\x1b\\",
    b"\x1b[?u": rb"\x1b\[\?\d+u",
    b"\x1b]10;?\x1b\\": rb"\x1b\]10;rgb:[\da-f/]+(?:\x07|\x1b\\)",
    b"\x1b]11;?\x07": rb"\x1b\]11;rgb:[\da-f/]+(?:\x07|\x1b\\)",
    b"\x1b]7501;?\x1b\\": rb"\x1b\]7501;\?(?:\x07|\x1b\\)",
}
"""What programs ask their terminal, and what terminals type in answer."""
ASK = """\
import os, sys, termios, tty
tty.setraw(0, termios.TCSANOW)
os.write(1, b"ready")
os.read(0, 1)
os.write(1, bytes.fromhex(sys.argv[1]) + b"asked\\r\\n")
said = b""
while said.count(b"~") < int(sys.argv[2]): said += os.read(0, 4096)
os.write(1, b"was told <" + said.hex().encode() + b">")
"""


@pytest.mark.parametrize(
    "title",
    ["a\x08\x7f\tb", "a\x85b\x9b31m", "a\u202etxt.exe\u2066b", "a\u200f\ufeffb"],
    ids=["C0", "C1", "reversed", "unseen"],
)
def test_no_control_character_of_a_title_or_a_screen_is_told(
    start: Start, tmp_path: Path, title: str
) -> None:
    said = f"\x1b]2;{title}\x1b\\\x9b\u0085\u202eplain\x01\x7f\r\n".encode()
    session = start(*prints(said + b"\xff\xc0\x80\x9b done", tmp_path))
    client = session.attach()
    client.until_painted(b"done")
    screen = client.ask("screen")
    assert screen["title"].startswith("a")
    for text in (screen["title"], *screen["lines"]):
        assert not CONTROL.search(text), repr(text)
    assert any("done" in line for line in screen["lines"])


@pytest.mark.parametrize(
    ("begin", "more"),
    [(b"\x1b]2;", b"A"), (b"\x1b]52;c;", b"A"), (b"\x1bP+q", b"A"), (b"\x1b_G", b"A"), (b"\x1b[", b"1;")],
    ids=["title", "clipboard", "DCS", "APC", "CSI"],
)
def test_a_sequence_without_end_takes_no_memory_and_holds_nobody(
    start: Start, tmp_path: Path, begin: bytes, more: bytes
) -> None:
    said = begin + more * (4 * MB // len(more)) + b"\x1b\\\x1b[2J\x1b[Hback again"
    session = start(*prints(said, tmp_path, piece=65536))
    client = session.attach()
    client.until_painted(b"back again")
    screen = client.ask("screen")
    assert screen["lines"][0] == "back again"
    assert len(screen["title"]) < 4096
    assert session.memory_kib < 40_000


@pytest.mark.parametrize("terminals", [0, 2])
def test_a_query_is_answered_once_however_many_look_on(start: Start, terminal: Open, terminals: int) -> None:
    session = start(*PYTHON, "-c", ASK, b"".join(QUERIES).hex(), str(max(1, terminals)))
    shown = [terminal(*own(session)) for _ in range(terminals)]
    typist = session.attach(rows=0, cols=0)
    typist.type(b"g")
    eventually(lambda: b"asked" in session.recording.output, "the queries", within_s=PATIENCE_S)
    for each in shown:
        each.wait_for("asked$")
        each.type("~")
    if not terminals:
        typist.type(b"~")
    session.process.wait(PATIENCE_S)
    told = re.search(rb"was told <(\w+)>", session.recording.output)
    assert told
    answers = bytes.fromhex(told[1].decode())
    assert re.fullmatch(b"".join(QUERIES.values()), answers.replace(b"~", b"")), answers


def test_what_pastes_or_types_itself_is_not_handed_to_the_shell(start: Start, terminal: Open) -> None:
    """Titles that are asked to be told, DECRQSS, and an answerback string are what attackers used."""
    hostile = b"\x1b]2;; touch /tmp/owned\x07\x1b[21t\x1b[20t\x05\x1bP$qm\x1b\\\x1b]7501;?;rm\x1b\\"
    session = start(*PYTHON, "-c", ASK, hostile.hex(), "1")
    shown = terminal(*own(session))
    shown.wait_for("ready")
    shown.type("g")
    shown.wait_for("asked$")
    shown.type("~")
    session.process.wait(PATIENCE_S)
    told = re.search(rb"was told <(\w+)>", session.recording.output)
    assert told
    assert b"touch" not in bytes.fromhex(told[1].decode())
