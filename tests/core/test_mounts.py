"""Which mount a path is in."""

import pytest

from vibenv_core.inside.mounts import holder

MOUNTS = b"""\
1 0 0:50 / / rw,relatime - overlay overlay rw
2 1 0:51 / /proc rw - proc proc rw
3 1 0:52 / /tmp rw - tmpfs tmpfs rw
4 1 8:1 /x /var/a\\040b rw - ext4 /dev/sda1 rw
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (b"/root/f", b"/"),
        (b"/tmp/f", b"/tmp"),
        (b"/tmpfile", b"/"),
        (b"/proc/1/status", b"/proc"),
        (b"/var/a b/f", b"/var/a b"),
        (b"/var/a b", b"/var/a b"),
    ],
)
def test_a_path_is_in_the_innermost_mount_above_it(path: bytes, place: bytes) -> None:
    assert holder(path, MOUNTS) == place
