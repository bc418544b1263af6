"""Prints the kernel's tables of the container's TCP sockets; `forward_plan.heard` reads them.

listening.py
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Print them; a kernel without IPv6 has only the first."""
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if table.exists():
            sys.stdout.write(table.read_text())


if __name__ == "__main__":
    main()
