"""Holds a session's program on a terminal that dtach serves; the container's process, under `--init`.

    hold.py SOCKET ROWS COLS PROGRAM [ARGUMENT…]

dtach starts programs on a window of 0x0: the size is set in the terminal before the program takes its
place there. It also forgets the exit status, so this process adopts what dtach leaves behind, and ends as the
program did. On SIGTERM (`docker stop`) it ends dtach; the terminal closes, the program gets SIGHUP, and has
until the engine's time of grace is over.

Source: dtach 0.9, master.c (`die`, `pty_activity`; its later versions reap the program themselves); prctl(2).
"""

# ruff: noqa: PTH108, PTH116
# To import pathlib takes a fifth of the time until the terminal is there.
from __future__ import annotations

import ctypes
import os
import signal
import stat
import sys

READY = b"serving the terminal\n"
"""What this process says once clients are accepted: whoever started it waits for that."""
_PR_SET_CHILD_SUBREAPER = 36
_IN_THE_TERMINAL = 'echo "$$" >&3; stty rows "$1" cols "$2" iutf8; shift 2; exec "$@" 3>&-'


def main(socket: str, rows: str, cols: str, *program: str) -> int:
    """Run `program` until it ends: its exit status, or 128 and the number of the signal that ended it.

    A program that is not there is told of before there is a terminal: nobody would see it in that.
    """
    if not _can_run(program[0]):
        sys.stderr.write(f"{program[0]}: not found")
        return 127
    if os.access(socket, os.F_OK):  # left behind by `docker kill`, it would stop dtach from starting
        os.unlink(socket)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ.setdefault("TERM", "xterm-256color")
    reader, writer = os.pipe()
    dtach = os.posix_spawnp(
        "dtach",
        ["dtach", "-N", socket, "-r", "winch", "sh", "-c", _IN_THE_TERMINAL, "sh", rows, cols, *program],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 3)],
        # Python ignores these two, and what is ignored stays so in every program started.
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
    )
    signal.signal(signal.SIGTERM, lambda *_: _end(dtach))
    os.close(writer)
    leader = int(os.read(reader, 20) or dtach)  # nothing to read: dtach could not start, and said why
    if leader != dtach:
        os.write(1, READY)
    while True:
        pid, status = os.wait()
        if pid == leader or (pid == dtach and not _exists(leader)):
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _can_run(program: str) -> bool:
    paths = [program] if "/" in program else [f"{folder}/{program}" for folder in os.get_exec_path()]
    return any(os.access(path, os.X_OK) and stat.S_ISREG(os.stat(path).st_mode) for path in paths)


def _end(pid: int) -> None:
    if _exists(pid):
        os.kill(pid, signal.SIGTERM)


def _exists(pid: int) -> bool:
    return os.access(f"/proc/{pid}", os.F_OK)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
