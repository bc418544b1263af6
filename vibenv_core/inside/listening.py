"""Prints the kernel's tables of the container's TCP sockets; `forward_plan.heard` reads them."""

# ruff: noqa: PTH123
# The tools volume has no pathlib.
from __future__ import annotations

import contextlib
import sys


def main() -> None:
    """Print them; a kernel without IPv6 has only the first."""
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError), open(path, encoding="ascii") as table:
            sys.stdout.write(table.read())
