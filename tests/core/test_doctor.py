"""What the doctor makes of what it is told."""

from datetime import timedelta

import pytest

from vibenv_core import doctor
from vibenv_core.hosts import Host
from vibenv_core.model import Verdict

DF = """Filesystem     1024-blocks     Used Available Capacity Mounted on
overlay          100000000 {used} {free}      {share}% /var/lib/dagger
"""


@pytest.mark.parametrize(
    ("free", "verdict", "detail"),
    [(50_000_000, Verdict.OK, "47 GiB, 50%"), (19_000_000, Verdict.WARN, "18 GiB, 19%")],
)
def test_a_disk_with_too_little_room_for_dagger_is_warned_of(
    free: int, verdict: Verdict, detail: str
) -> None:
    check = doctor.disk(DF.format(used=100_000_000 - free, free=free, share=50))
    assert (check.check, check.verdict) == ("disk", verdict)
    assert check.detail.startswith(detail)
    assert (check.fix is None) == (verdict is Verdict.OK)


def test_what_is_slow_here_is_not_slow_over_ssh() -> None:
    took = timedelta(milliseconds=150)
    here = doctor.round_trip(took, Host(name="default", url="unix:///x.sock", tls=None))
    there = doctor.round_trip(took, Host(name="lab", url="ssh://lab", tls=None))
    assert (here.verdict, there.verdict) == (Verdict.WARN, Verdict.OK)
    assert there.detail == "150.0 ms"


@pytest.mark.parametrize(
    ("ahead_s", "verdict", "detail"),
    [
        (0.4, Verdict.OK, "0.4 s apart from here"),
        (90, Verdict.WARN, "90 s ahead of the one here"),
        (-90, Verdict.WARN, "90 s behind the one here"),
    ],
)
def test_a_clock_that_is_off_is_warned_of(ahead_s: float, verdict: Verdict, detail: str) -> None:
    check = doctor.clock(timedelta(seconds=ahead_s))
    assert (check.verdict, check.detail.partition(";")[0]) == (verdict, detail)
    assert (check.fix is None) == (verdict is Verdict.OK)


def test_a_link_without_forwarding_is_warned_of_with_the_servers_option() -> None:
    assert doctor.link(timedelta(seconds=61), relayed=False).detail == "up for 0:01:01, forwards the sockets"
    relayed = doctor.link(timedelta(seconds=1), relayed=True)
    assert relayed.verdict is Verdict.WARN
    assert "AllowStreamLocalForwarding yes" in (relayed.fix or "")


def test_few_sessions_at_once_matter_only_where_nothing_is_forwarded() -> None:
    alone = doctor.sessions_at_once(1, 12, relayed=False)
    assert (alone.verdict, alone.detail.partition(";")[0]) == (Verdict.OK, "1 programs at once")
    few = doctor.sessions_at_once(4, 12, relayed=True)
    assert few.verdict is Verdict.WARN
    assert "MaxSessions 64" in (few.fix or "")
    many = doctor.sessions_at_once(12, 12, relayed=True)
    assert (many.verdict, many.detail[:10]) == (Verdict.OK, "12 or more")


def test_logins_that_are_dropped_are_warned_of_with_the_servers_option() -> None:
    assert doctor.logins_at_once(4, 4).verdict is Verdict.OK
    some = doctor.logins_at_once(1, 4)
    assert some.verdict is Verdict.WARN
    assert "MaxStartups" in (some.fix or "")
