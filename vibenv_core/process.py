"""Other programs, run to their end; the only importer of subprocess.

A child has its own process group, so that a ctrl-c at the terminal reaches it only by way of `cancelled`, and
so that it can be ended together with what it started.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .errors import EngineError, Interrupted, NotFound

_TICK_S = 0.05
"""How often a waiting call looks at `cancelled`."""
_GRACE_S = 5.0
"""What a child has between SIGTERM and SIGKILL."""

_TERMINAL_SIGNALS = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTSTP,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGHUP,
    signal.SIGPIPE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A program that ran to its end; `exit_code` is negative for a signal."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout_s: float,
    cancelled: threading.Event,
) -> Finished:
    """Run `argv` with exactly `env`, and wait for it.

    Raises: NotFound (no such program), Interrupted, EngineError (it took longer than `timeout_s`); the latter
    two once it was ended.
    """
    lines: list[str] = []
    deadline = time.monotonic() + timeout_s
    finished = stream(
        argv, env=env, stdin=stdin, on_line=lines.append, cancelled=cancelled, deadline=deadline
    )
    return dataclasses.replace(finished, stdout="".join(f"{line}\n" for line in lines))


def stream(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: bytes = b"",
    on_line: Callable[[str], None],
    cancelled: threading.Event,
    deadline: float | None = None,
) -> Finished:
    """Run `argv` with exactly `env`, give `on_line` each line of its output as it comes, and wait for it.

    `on_line` is called in this thread; when it raises, the child is ended. `deadline` is on the monotonic
    clock. The `stdout` of the answer is empty. Raises: as `run`.
    """
    name = argv[0]
    with tempfile.TemporaryFile() as given, _started(argv, env, given, stdin) as child:
        stderr = bytearray()
        rest = b""
        for source, data in _output(child):
            if cancelled.is_set():
                raise Interrupted(f"`{name}`")
            if deadline is not None and time.monotonic() > deadline:
                raise EngineError(f"`{name}` did not end in time and was stopped", code="process::timeout")
            if source is child.stderr:
                stderr += data
            elif source is child.stdout:
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    on_line(_text(line))
        if rest:
            on_line(_text(rest))
        exit_code = child.wait()
    return Finished(argv=tuple(argv), exit_code=exit_code, stdout="", stderr=_text(stderr))


def background(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    timeout_s: float,
    cancelled: threading.Event,
) -> int:
    """Run a program that goes on in the background once it is ready: the exit code of its first process.

    What it says is added to the file `log`. Raises: NotFound (no such program), Interrupted, EngineError (it
    was not ready within `timeout_s`); the latter two once it was ended. OSError, when there can be no log.
    """
    deadline = time.monotonic() + timeout_s
    with log.open("ab") as said, _spawned(argv, env, stdin=subprocess.DEVNULL, output=said) as child:
        while child.poll() is None:
            if cancelled.is_set():
                raise Interrupted(f"`{argv[0]}`")
            if time.monotonic() > deadline:
                raise EngineError(
                    f"`{argv[0]}` was not ready in time and was stopped", code="process::timeout"
                )
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_TICK_S)
        return child.returncode


def on_terminal(argv: Sequence[str], *, env: Mapping[str, str], tty: int) -> int:
    """Run `argv` with the terminal `tty` as its standard streams: its exit code, negative for a signal.

    It stays in this process group, so that it may read from the terminal when this process may, and gets the
    default effect of the signals that a shell ignores for its own sake. Raises: NotFound (no such program).
    """
    program = shutil.which(argv[0], path=env.get("PATH"))
    if program is None:
        raise NotFound(f"`{argv[0]}` is not installed", code="process::not_found")
    streams = [(os.POSIX_SPAWN_DUP2, tty, stream) for stream in (0, 1, 2)]
    child = os.posix_spawn(program, list(argv), env, file_actions=streams, setsigdef=_TERMINAL_SIGNALS)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextlib.contextmanager
def _started(
    argv: Sequence[str], env: Mapping[str, str], given: IO[bytes], stdin: bytes
) -> Iterator[subprocess.Popen[bytes]]:
    """A child with pipes, and `stdin` to read."""
    given.write(stdin)
    given.seek(0)
    with _spawned(argv, env, stdin=given, output=subprocess.PIPE) as child:
        yield child


@contextlib.contextmanager
def _spawned(
    argv: Sequence[str], env: Mapping[str, str], *, stdin: IO[bytes] | int, output: IO[bytes] | int
) -> Iterator[subprocess.Popen[bytes]]:
    """The child, ended with its group when the block is left before it ended by itself."""
    try:
        child = subprocess.Popen(
            argv,
            env=env,
            stdin=stdin,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise NotFound(f"`{argv[0]}` is not installed", code="process::not_found") from error
    with child:
        try:
            yield child
        finally:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)


def _output(child: subprocess.Popen[bytes]) -> Iterator[tuple[IO[bytes] | None, bytes]]:
    """What `child` writes, and to which pipe, until both are closed; `(None, b"")` at least every tick."""
    with selectors.DefaultSelector() as selector:
        for pipe in (child.stdout, child.stderr):
            assert pipe is not None
            selector.register(pipe, selectors.EVENT_READ, pipe)
        while selector.get_map():
            yield None, b""
            for key, _ in selector.select(_TICK_S):
                if data := os.read(key.fd, 65536):
                    yield key.data, data
                else:
                    selector.unregister(key.fileobj)


def _text(data: bytes | bytearray) -> str:
    return data.decode(errors="replace")
