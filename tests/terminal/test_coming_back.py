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
import os, sys, termios, tty
tty.setraw(0, termios.TCSANOW)
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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"here \x1b[38;2;255", b";0;0;1mred\x1b[m"),
        (b"here \x1b]2;a ti", b"tle\x1b\\ two"),
        (b"here \xe4\xb8", b"\x96\xe7\x95\x8c"),
        (b"here \x1b(0lqqk\x1b)0\x0e", b"x\x1b(Bx\x0fx"),
        (
            b"here \x1b[1m\x1b7\x1b[m\x1b[9;20r\x1b[?6h\x1b[1;1H",
            b"origin\x1b[12;1H\n\nscrolled\x1b[?6l\x1b8bold",
        ),
        (b"here \x1b[3g\x1b[1;11H\x1bH\r\x1b[4h", b"in\tb"),
        (b"here" * 20, b"y"),
        (b"here \x1b[31m\x1b[?1049h\x1b[2J\x1b[Hhere", b"\x1b[?1049lback"),
    ],
    ids=["colour", "title", "character", "drawing", "region", "tabs", "wrap", "screens"],
)
def test_who_comes_in_the_middle_sees_the_rest_right(
    start: Start, terminal: Open, played: Played, before: bytes, after: bytes
) -> None:
    session = start(*PYTHON, "-c", IN_PIECES, before.hex(), after.hex())
    eventually(lambda: b"here" in session.printed, "the first piece", within_s=PATIENCE_S)
    shown = terminal(*own(session))
    shown.wait_for("here")
    shown.type("x")
    eventually(lambda: session.printed == before + after, "the second piece", within_s=PATIENCE_S)
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
        idle = [stack.enter_context(sessions.running("sleep", "inf", wait=False)) for _ in range(50)]
        for session in idle:
            session.wait_until_ready()
        clients = [session.attach() for session in idle[:10]]
        for client in clients:
            client.ask("state")
        for session in idle:
            session.until_said(lambda status: status.activity.source == "foreground")
        before = [session.processor_ticks for session in idle]
        client = idle[0].attach()
        rounds = itertools.count()
        client.until(lambda: next(rounds) > 100, "two seconds")
        used = [session.processor_ticks - ticks for session, ticks in zip(idle, before, strict=True)]
        assert sum(used[1:]) == 0, used
