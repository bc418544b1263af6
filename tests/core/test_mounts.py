"""Which paths are in the container's own file system."""

import pytest

from vibenv_core.inside.mounts import is_apart

MOUNTS = b"""\
1 0 0:50 / / rw,relatime - overlay overlay rw
2 1 0:51 / /proc rw - proc proc rw
3 1 0:52 / /tmp rw - tmpfs tmpfs rw
4 1 8:1 /x /var/a\\040b rw - ext4 /dev/sda1 rw
"""


@pytest.mark.parametrize(
    ("path", "apart"),
    [
        (b"/root/f", True),
        (b"/tmp/f", False),
        (b"/tmp", False),
        (b"/tmpfile", True),
        (b"/proc/1/status", False),
        (b"/var/a b/f", False),
        (b"/var", False),
        (b"/var/b", True),
        (b"/", False),
    ],
)
def test_a_path_is_apart_from_what_is_mounted_above_and_below_it(path: bytes, apart: bool) -> None:
    assert is_apart(path, MOUNTS) == apart


@pytest.mark.parametrize(
    ("folder", "own"), [(b"/", True), (b"/var", True), (b"/tmp", False), (b"/tmp/d", False)]
)
def test_a_folder_can_get_something_new_whatever_is_mounted_below_it(folder: bytes, own: bool) -> None:
    assert is_apart(folder, MOUNTS, below=False) == own
