"""Several clients on one terminal: none holds the others or the program up, and none is in their way."""

from __future__ import annotations

import contextlib
import itertools
import random
import socket

from tests.nu.shell import eventually
from tests.terminal.client import Client
from tests.terminal.conftest import AGENT, PATIENCE_S, PROGRAMS, PYTHON, Open, Played, Start, floods, own
from tests.terminal.real_terminal import Seen
from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import OUTPUT_WINDOW, Kind

MB = 1_000_000
SIZES = "import os, signal\nsay = lambda *_: print(*reversed(os.get_terminal_size()), flush=True)\n"
SIZES += "signal.signal(signal.SIGWINCH, say); say()\nwhile True: signal.pause()"
ECHO = "import os, termios, tty\ntty.setraw(0, termios.TCSANOW)\nos.write(1, b'ready')\n"
ECHO += "while typed := os.read(0, 4096): os.write(1, typed)"
READY = b"ready"
ENDLESS = """\
import os, signal, sys
def stop(*_): os.write(1, b"\\r\\nstopped\\r\\n"); signal.pause()
signal.signal(signal.SIGINT, stop)
while True: os.write(1, b"%079d\\n" % 1 * 50)
"""


def size(client: Client) -> tuple[int, int]:
    """Rows and columns of the session's terminal."""
    state = client.ask("state")
    return state["rows"], state["cols"]


def is_part(small: Seen, large: Seen) -> bool:
    """Whether one shows some rectangle of what the other does, and its cursor there."""
    height, width = len(small.rows), len(small.rows[0])
    places = itertools.product(range(len(large.rows) - height + 1), range(len(large.rows[0]) - width + 1))
    for top, left in places:
        part = tuple(row[left : left + width] for row in large.rows[top : top + height])
        if part == small.rows:
            return (small.cursor[0] + top, small.cursor[1] + left) == large.cursor
    return False


def test_a_program_finds_the_size_of_its_terminal_when_it_starts(start: Start) -> None:
    session = start(*PYTHON, "-c", SIZES, rows=33, cols=101)
    session.attach(rows=33, cols=101).until_painted(b"33 101")
    assert session.recording.output == b"33 101\r\n"


def test_who_typed_last_leads_and_who_only_looks_never_does(start: Start) -> None:
    session = start(*PYTHON, "-c", SIZES)
    watcher = session.attach(rows=5, cols=20, watching=True)
    assert size(watcher) == (24, 80)
    large = session.attach(rows=40, cols=120)
    assert size(large) == (40, 120)
    small = session.attach(rows=10, cols=30)
    watcher.type(b"never typed")
    watcher.resize(6, 21)
    assert size(watcher) == size(large) == (40, 120)
    small.type(b"\n")
    small.until(lambda: size(small) == (10, 30), "the size of who typed")
    small.resize(11, 31)
    small.until(lambda: size(small) == (11, 31), "a new size of who leads")
    large.type(b"\n")
    large.until(lambda: size(large) == (40, 120), "the size of who typed")
    large.close()
    watcher.until(lambda: size(watcher) == (11, 31), "the size of who typed before")
    assert b"never typed" not in session.recording.output


def test_a_small_terminal_that_looks_on_sees_the_part_round_the_cursor(
    start: Start, terminal: Open, played: Played
) -> None:
    session = start(*AGENT, rows=40, cols=120)
    large = terminal(*own(session), rows=40, cols=120)
    large.wait_to_show(lambda: played(session))
    small = terminal(*own(session, "watching=true"), rows=10, cols=30)
    small.wait_until(lambda _: is_part(small.seen, large.seen), "a part of the screen")
    large.type("hello")
    large.wait_to_show(lambda: played(session))
    small.wait_until(lambda _: is_part(small.seen, large.seen), "a part of the screen")
    assert "hello" in small.screen


def test_a_client_that_does_not_read_holds_nobody_and_gets_the_last_screen(start: Start) -> None:
    session = start(*floods(8 * MB))
    stuck = [session.attach() for _ in range(3)]
    moving = session.attach()
    moving.until_painted(b"done\r\n")
    for client in stuck:
        client.until_painted(b"done\r\n")
        assert client.taken < 3 * OUTPUT_WINDOW
        assert client.position == moving.position
    assert session.memory_kib < 40_000


def test_a_program_that_does_not_read_holds_nobody(start: Start) -> None:
    program = "import itertools, os, time\n"
    program += "for n in itertools.count(): os.write(1, b'tick %d\\n' % n); time.sleep(0.01)"
    session = start(*PYTHON, "-c", "import tty; tty.setraw(0)\n" + program)
    typist, looker = session.attach(), session.attach(watching=True)
    typist.type(b"x" * OUTPUT_WINDOW)
    looker.until_painted(b"tick 1")
    before = looker.position
    assert before is not None
    looker.until(lambda: (looker.position or 0) > before + 100, "more ticks")
    assert looker.ask("state")["running"]


def test_ctrl_c_in_a_flood_is_a_window_away_for_a_client_that_hardly_reads(start: Start) -> None:
    session = start(*PYTHON, "-c", ENDLESS)
    slow, moving = session.attach(), session.attach(watching=True)
    moving.until(lambda: moving.taken > 20 * OUTPUT_WINDOW, "a flood")
    slow.type(b"\x03")
    moving.until_painted(b"stopped")
    slow.until_painted(b"stopped")
    assert slow.taken < 3 * OUTPUT_WINDOW


def test_in_200_cuts_no_key_is_lost_or_typed_twice_and_no_output_is_missing(start: Start) -> None:
    chance = random.Random(7)
    session = start(*PYTHON, "-c", ECHO)
    keys = "".join(f"{number} " for number in range(2000)).encode()
    client = session.attach()
    client.until_painted(READY)
    seen = b""
    for _ in range(200):
        again = max(0, client.typed - chance.randrange(20))
        piece = frames.positioned(Kind.INPUT, again, keys[again:][: chance.randrange(1, 60)])
        sent = piece[: chance.randrange(len(piece) * 2)]
        client.send(sent)
        while sent == piece and chance.random() < 0.5:
            client.read(chance.random() / 200)
        client.close()
        seen += client.output
        client = session.attach(client=client.hello.client, since=client.position)
    client.type(keys[client.typed :])
    client.until_painted(keys[-20:])
    assert seen + client.output == keys
    assert session.recording.output == READY + keys


def test_garbage_ends_the_connection_that_it_came_by_and_nothing_else(start: Start) -> None:
    chance = random.Random(7)
    session = start(*PYTHON, "-c", ECHO)
    client = session.attach()
    hello = frames.said(Kind.HELLO, {"client": "x", "rows": 24, "cols": 80})
    for path in (session.control_socket, session.dtach_socket):
        for _ in range(50):
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(str(path))
                with contextlib.suppress(BrokenPipeError):
                    other.sendall(hello[: chance.choice([0, 3, len(hello)])] + chance.randbytes(200))
    client.type(b"still here")
    client.until_painted(b"still here")
    eventually(lambda: len(client.ask("state")["clients"]) == 1, "they are gone", within_s=PATIENCE_S)


def test_a_program_that_leaves_a_child_behind_ends_the_session(start: Start) -> None:
    session = start(*PYTHON, str(PROGRAMS / "stubborn.py"))
    assert session.process.wait(PATIENCE_S) == 9
    assert b"left a child behind" in session.recording.output
