"""What sshd lets one do at once, found out without its configuration."""

import threading
from collections.abc import Callable

import pytest

from tests.link.bed import Bed
from vibenv_core import address
from vibenv_core.engine import Engine
from vibenv_core.hosts import Host
from vibenv_core.link import limits

Reach = Callable[..., Engine]


@pytest.mark.parametrize(("allowed", "found"), [("1", 1), ("3", 3), ("50", limits.SESSIONS)])
def test_the_sessions_that_a_link_carries_are_counted(
    bed: Bed, host: Host, reach: Reach, allowed: str, found: int
) -> None:
    bed.stop_sshd()
    bed.start_sshd(MaxSessions=allowed)
    reach()
    bed.link.set(latency_s=0.05)
    assert limits.sessions(address.ssh(host.url), bed.env, threading.Event()) == found
    assert bed.handshakes == 1


def test_logins_that_are_dropped_are_counted(bed: Bed, host: Host) -> None:
    bed.stop_sshd()
    bed.start_sshd(MaxStartups="2")
    bed.link.set(latency_s=0.02)
    let_in = limits.logins(address.ssh(host.url), bed.env, threading.Event())
    assert let_in is not None
    assert let_in < limits.LOGINS


def test_where_ssh_would_have_to_ask_no_logins_are_tried(bed: Bed, host: Host) -> None:
    bed.stop_sshd()
    bed.start_sshd(AuthorizedKeysFile="/dev/null")
    assert limits.logins(address.ssh(host.url), bed.env, threading.Event()) is None
    assert bed.log.count("Connection from") == 1
