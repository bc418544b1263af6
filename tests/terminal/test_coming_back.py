"""What people complain of who come back to a terminal elsewhere: each a thing that does not happen here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.nu.shell import eventually
from tests.terminal import session as sessions
from tests.terminal.conftest import AGENT, PATIENCE_S, PYTHON, Open, Played, Start, dtach, kill, own
from tests.terminal.session import Session

IN_PIECES = """\
import os, sys, tty
tty.setraw(0)
for piece in sys.argv[1:]: os.write(1, bytes.fromhex(piece)); os.read(0, 1)
"""
ONCE = "import os, signal\nos.write(1, b'painted once')\nwhile True: signal.pause()"

by_each_client = pytest.mark.parametrize("client", [own, dtach])
CommandLine = Callable[[Session], list[str]]


@by_each_client
def test_a_program_that_never_paints_again_is_not_blank(
    start: Start, terminal: Open, client: CommandLine
) -> None:
    session = start(*PYTHON, "-c", ONCE)
    for rows, cols in ((24, 80), (24, 80), (30, 100)):
        shown = terminal(*client(session), rows=rows, cols=cols)
        shown.wait_for("^painted once$")
        kill(shown)


@by_each_client
@pytest.mark.parametrize(
    "pieces",
    [
        (b"one \x1b[38;2;255", b";0;0;1mred\x1b[m"),
        (b"one \x1b]2;a ti", b"tle\x1b\\ two"),
        (b"one \xe4\xb8", b"\x96\xe7\x95\x8c"),
        (b"\x1b(0lqqk\x0e", b"x\x1b(Bx\x0fx"),
        (b"\x1b7\x1b[5;5H\x1b[1mfive\x1b[m\x1b[10;20r", b"\x1b8back\x1b[20;1H\n\n\nscrolled"),
        (b"\x1b[3g\x1b[1;11H\x1bH\r", b"a\tb"),
        (b"x" * 80, b"y"),
        (b"\x1b[?1049h\x1b[2Jother\x1b[H", b"\x1b[?1049lback"),
        (b"\x1b[?6h\x1b[5;10r\x1b[1;1H", b"origin"),
        (b"\x1b[4habc\x1b[1G", b"in"),
    ],
    ids=["colour", "title", "character", "drawing", "cursor", "tabs", "wrap", "screens", "origin", "insert"],
)
def test_who_comes_in_the_middle_sees_the_rest_right(
    start: Start, terminal: Open, played: Played, client: CommandLine, pieces: tuple[bytes, bytes]
) -> None:
    session = start(*PYTHON, "-c", IN_PIECES, *(piece.hex() for piece in pieces))
    eventually(lambda: session.printed == pieces[0], "the first piece", within_s=PATIENCE_S)
    shown = terminal(*client(session))
    shown.wait_until(lambda _: shown.ask("#{cursor_x}") != "0", "the first piece")
    shown.type("x")
    eventually(lambda: session.printed == b"".join(pieces), "the second piece", within_s=PATIENCE_S)
    shown.wait_to_show(lambda: played(session))


@by_each_client
def test_what_is_pasted_comes_in_brackets_for_the_next_client_too(
    start: Start, terminal: Open, client: CommandLine
) -> None:
    session = start(*AGENT)
    for number in range(2):
        shown = terminal(*client(session))
        shown.wait_for("^╰─+╯$")
        shown.paste(f"pasted {number}")
        shown.wait_for(rf"·\[200~pasted {number}·\[201~ +│$")
        kill(shown)


def test_what_scrolled_off_is_in_the_scrollback_once_and_in_order(start: Start, terminal: Open) -> None:
    program = "import os, signal\nfor n in range(500): os.write(1, b'line %d\\n' % n)\nsignal.pause()"
    session = start(*PYTHON, "-c", program)
    for _ in range(2):
        shown = terminal(*own(session, "history=1000000"))
        shown.wait_for("^line 499$")
        assert re.findall(r"^line (\d+)$", shown.scrollback, re.M) == [str(n) for n in range(500)]
        kill(shown)


def test_fifty_idle_sessions_take_no_processor_time() -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(sessions.running("sleep", "inf")) for _ in range(50)]
        clients = [session.attach() for session in idle[:10]]
        for client in clients:
            client.ask("state")
        before = [session.processor_ticks for session in idle]
        client = idle[0].attach()
        rounds = itertools.count()
        client.until(lambda: next(rounds) > 100, "two seconds")
        used = [session.processor_ticks - ticks for session, ticks in zip(idle, before, strict=True)]
        assert sum(used[1:]) == 0, used
