"""What a run of the tests left running on the machine.

Every process of a run has its mark in its environment, engines included; their containers end with them.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

MARK = "VIBENV_TEST_RUN"
"""The variable that holds a run's mark."""


def processes(mark: str) -> Iterator[str]:
    """`pid command line` of each process of the run, but for the caller and what it runs under."""
    wanted = f"{MARK}={mark}".encode()
    ours = set(_ancestors(os.getpid()))
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if int(process.name) not in ours and wanted in (process / "environ").read_bytes().split(b"\0"):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield f"{process.name} {command}"


def _ancestors(pid: int) -> Iterator[int]:
    while pid:
        yield pid
        # The name in parentheses may hold spaces; the parent is the second field after it.
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
