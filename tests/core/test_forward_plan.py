"""Which way leads to a session's port, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from tests.core.test_session_plan import SESSION
from vibenv_core import forward_plan
from vibenv_core.errors import UsageError
from vibenv_core.forward_plan import Forward
from vibenv_core.model import SessionState

BY_SSH = Forward(
    name="web",
    host="lab",
    url="ssh://lab",
    container=SESSION.id,
    python="python3",
    port=8000,
    local=8001,
    since=datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
    address="172.17.0.2",
    master="12-34",
)
RELAYED = replace(BY_SSH, address=None, master=None, pid=42)

TABLES = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000
   1: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000
   2: 020011AC:1F41 00000000:0000 0A 00000000:00000000 00:00000000
   3: 020011AC:0050 010011AC:D431 01 00000000:00000000 00:00000000
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000
"""


def test_the_kernels_tables_tell_what_is_listened_on_and_where() -> None:
    assert forward_plan.heard(TABLES) == {
        8000: [ip_address("127.0.0.1"), ip_address("::1")],
        3000: [ip_address("0.0.0.0")],
        8001: [ip_address("172.17.0.2")],
        53: [ip_address("::")],
    }


@pytest.mark.parametrize(
    ("port", "heard"), [(8000, False), (3000, True), (8001, True), (53, True), (80, False)]
)
def test_what_is_listened_on_at_loopback_is_not_heard_at_the_sessions_address(port: int, heard: bool) -> None:
    assert forward_plan.is_heard_at("172.17.0.2", port, forward_plan.heard(TABLES)) is heard


@pytest.mark.parametrize("forward", [BY_SSH, RELAYED])
def test_a_forward_is_read_as_it_was_written(forward: Forward) -> None:
    assert forward_plan.from_text(forward_plan.to_text(forward)) == forward


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"since": "x"}', '{"since": "2026-01-01"}'])
def test_what_is_no_forward_is_passed_over(text: str) -> None:
    assert forward_plan.from_text(text) is None


def test_a_new_forward_says_what_is_not_as_it_was_wished() -> None:
    heard = forward_plan.heard(TABLES)
    assert forward_plan.made_detail(BY_SSH, 8001, heard) is None
    assert forward_plan.made_detail(BY_SSH, 8000, heard) == "port 8000 is not free on this machine"
    silent = replace(BY_SSH, port=80)
    assert forward_plan.made_detail(silent, 8001, {}) == "nobody listens on port 80 of `web` yet"
    assert str(forward_plan.made_detail(silent, 8001, heard)).endswith(
        "; somebody does on 53, 3000, 8000, 8001"
    )


def test_a_forward_that_serves_nothing_says_why() -> None:
    running = replace(SESSION, state=SessionState.RUNNING, address="172.17.0.2")
    assert forward_plan.detail(BY_SSH, running) is None
    moved = replace(running, address="172.17.0.9")
    assert str(forward_plan.detail(BY_SSH, moved)).endswith("vibenv forward web 8000")
    assert forward_plan.detail(RELAYED, moved) is None
    stopped = replace(running, state=SessionState.STOPPED, address=None)
    assert forward_plan.detail(RELAYED, stopped) == "the session is stopped"
    assert forward_plan.detail(BY_SSH, None) == forward_plan.GONE


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_what_is_no_port_is_told_at_its_place(port: int) -> None:
    with pytest.raises(UsageError) as raised:
        forward_plan.checked_port(port, about="local")
    assert raised.value.about == "local"


def test_what_is_sent_is_in_packets_and_an_empty_one_ends_it() -> None:
    assert forward_plan.packets(b"abc") == b"\0\3abc"
    assert forward_plan.packets(b"") == b"\0\0"
    assert forward_plan.packets(b"x" * 65536) == b"\xff\xff" + b"x" * 65535 + b"\0\1x"
