"""The first process of a private engine's namespaces: sets them up, then reaps what is left to it.

usage: init.py FOLDER NAMESERVER      FOLDER becomes /run; says "ready" on stdout
"""

import os
import signal
import subprocess
import sys
from pathlib import Path


def main(folder: str, nameserver: str) -> None:
    resolver = Path("/etc/resolv.conf").resolve()
    ours = Path(folder, "resolv.conf")
    if resolver.is_relative_to("/run"):
        ours = Path(folder, resolver.relative_to("/run"))
        ours.parent.mkdir(parents=True, exist_ok=True)
    ours.write_text(f"nameserver {nameserver}\n")
    if not resolver.is_relative_to("/run"):
        subprocess.run(["mount", "--bind", ours, resolver], check=True)
    subprocess.run(["mount", "--bind", folder, "/run"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    os.write(1, b"ready\n")
    while True:
        signal.sigwait({signal.SIGCHLD})
        while _reaped():
            pass


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


main(*sys.argv[1:])
