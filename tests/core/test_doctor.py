"""What the doctor makes of what it is told."""

import pytest

from vibenv_core import doctor
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
