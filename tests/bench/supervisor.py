"""The supervisor against `dtach -N`, both as plain processes: ratios of one run.

    python -m tests.bench.supervisor [--rounds N]

Both run on the same machine and have the same client.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import socket
import struct
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
PYTHON = "/usr/bin/python3"
"""As the tools have it: the distribution's."""
MEGABYTES = 40
LINE = b"%07d " + b"x" * 71 + b"\n"
ECHOES = 300
IDLE = 50
_ATTACH = struct.pack("=BB8s", 1, 0, b"") + struct.pack("=BB4H", 4, 3, 24, 80, 0, 0)
_END = b"the end of it"


def main() -> None:
    """Measure, and print each figure beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = folder / "text"
        text.write_bytes(b"".join(LINE % number for number in range(MEGABYTES * 1_000_000 // 80)))
        for attached in (True, False):
            times = [
                [_flood(kind, folder, text, attached=attached) for kind in ("dtach", "supervisor")]
                for _ in range(rounds)
            ]
            ours, theirs = (median(MEGABYTES / row[at] for row in times) for at in (1, 0))
            bar = 1.0 if attached else 0.5
            print(f"{MEGABYTES} MB, {'a client' if attached else 'no client'}: {ours:.1f} MB/s, ", end="")
            print(f"dtach {theirs:.1f}: {ours / theirs:.2f} times (bar: {bar})")
        echo = [[_echo(kind, folder) for kind in ("dtach", "supervisor")] for _ in range(rounds)]
        theirs, ours = (median(row[at] for row in echo) * 1000 for at in (0, 1))
        print(f"key echo: {ours:.3f} ms, dtach {theirs:.3f}: {ours - theirs:+.3f} ms (bar: +0.2)")
        _start(folder, rounds)
        _idle(folder)


def _flood(kind: str, folder: Path, text: Path, *, attached: bool) -> float:
    done = folder / "done"
    done.unlink(missing_ok=True)
    script = 'read line; cat "$0"; printf "\\nthe end of it"; echo > "$1"; sleep 1000'
    with _running(kind, folder, "sh", "-c", script, str(text), str(done)) as path:
        client = _dtach_client(path) if attached else None
        began = time.perf_counter()
        subprocess.run(["dtach", "-p", path], input=b"\n", check=True)
        seen = b""
        while client and _END not in seen:
            seen = seen[-len(_END) :] + os.read(client, 1 << 16)
        while not done.exists():
            time.sleep(0.0005)
        took = time.perf_counter() - began
        if client:
            os.close(client)
        return took


def _echo(kind: str, folder: Path) -> float:
    with (
        _running(kind, folder, "sh", "-c", "stty raw -echo; echo ready; cat") as path,
        _client(path) as client,
    ):
        times = []
        for number in range(ECHOES):
            key = b"%c" % (97 + number % 26)
            began = time.perf_counter()
            client.sendall(struct.pack("=BB8s", 0, 1, key))
            while key not in client.recv(4096):
                pass
            times.append(time.perf_counter() - began)
        return median(times)


def _start(folder: Path, rounds: int) -> None:
    times, memory = [], 0
    for _ in range(4 * rounds):
        began = time.perf_counter()
        process = _supervisor(folder, "sleep", "1000")
        times.append(time.perf_counter() - began)
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = int(status.partition("VmRSS:")[2].split()[0])
        _end(process)
    print(f"start to READY: {median(times) * 1000:.1f} ms (bar: 40); memory {memory / 1000:.1f} MB (bar: 20)")


def _idle(folder: Path) -> None:
    processes = []
    for number in range(IDLE):
        own = folder / str(number)
        own.mkdir()
        processes.append(_supervisor(own, "sleep", "1000"))
    before = sum(map(_ticks, processes))
    time.sleep(5)
    used = sum(map(_ticks, processes)) - before
    print(f"{IDLE} idle for 5 s: {used * 10} ms of processor time (bar: 0)")
    for process in processes:
        _end(process)


def _ticks(process: subprocess.Popen[bytes]) -> int:
    numbers = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])


@contextlib.contextmanager
def _running(kind: str, folder: Path, *program: str) -> Iterator[Path]:
    path = folder / "dtach"
    if kind == "dtach":
        process = subprocess.Popen(["dtach", "-N", path, *program], stdin=subprocess.DEVNULL)
        while not path.exists():
            time.sleep(0.001)
    else:
        process = _supervisor(folder, *program)
    try:
        yield path
    finally:
        _end(process)
        path.unlink(missing_ok=True)


def _supervisor(folder: Path, *program: str) -> subprocess.Popen[bytes]:
    argv = [PYTHON, "-I", "-S", "-c", _RUN, str(ROOT), sysconfig.get_path("purelib"), "supervise"]
    argv += ["--rows", "24", "--cols", "80", "--log-folder", str(folder / "log")]
    argv += ["--dtach-socket", str(folder / "dtach"), "--control-socket", str(folder / "control"), "--"]
    process = subprocess.Popen([*argv, *program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"READY\n"
    return process


_RUN = "import sys; sys.path += sys.argv[1:3]; del sys.argv[1:3]\n"
_RUN += "from vibenv_core.supervisor.__main__ import main; main()"


def _end(process: subprocess.Popen[bytes]) -> None:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(child), 9)
    process.wait()
    if process.stdout:
        process.stdout.close()


def _dtach_client(path: Path) -> int:
    """The terminal of a `dtach -a`, which has painted what there was to paint."""
    terminal, other_side = os.openpty()
    subprocess.Popen(["dtach", "-a", path], stdin=other_side, stdout=other_side, start_new_session=True)
    os.close(other_side)
    while select.select([terminal], [], [], 0.3)[0]:
        os.read(terminal, 1 << 16)
    return terminal


@contextlib.contextmanager
def _client(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(_ATTACH)
        # What the program says first, or the painted screen; dtach paints none.
        while select.select([client], [], [], 0.3)[0]:
            client.recv(1 << 16)
        yield client


if __name__ == "__main__":
    main()
