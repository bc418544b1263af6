"""Programs that are run in a session beside its own, for scripts and agents."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from . import running
from .errors import EngineError, NotFound, UsageError
from .inside.framing import ERROR, OUTPUT

if TYPE_CHECKING:
    from .engine import Engine

_NOT_FOUND, _NOT_RUNNABLE = 127, 126
"""What shells give as the exit code of a program that they did not find, or could not run."""
_LAST_WORDS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Exec:
    """What is to be run; `workdir` is the session's own where it is None."""

    argv: Sequence[str]
    env: Mapping[str, str]
    workdir: str | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a program wrote and how it ended: a negative `exit_code` is the signal that ended it."""

    stdout: bytes
    stderr: bytes
    exit_code: int
    took: timedelta


def finished(
    engine: Engine,
    name: str,
    wish: Exec,
    *,
    input: bytes | Iterable[bytes] = b"",
    cancelled: threading.Event,
) -> Finished:
    """Run a program in the session `name` to its end; what it leaves running goes on.

    One that is not there has the exit code 127, one that cannot be run 126, and `stderr` tells why.

    Raises: UsageError, NotFound (also of `workdir`), Foreign, WrongState (the session does not run; the
    program took too long, and was ended), Unreachable, Interrupted, and what `input` raises.
    """
    begun = monotonic()
    stdout, stderr = bytearray(), bytearray()
    said: running.Result = {}
    for kind, payload in _run(engine, name, wish, input, cancelled):
        if kind == OUTPUT:
            stdout += payload
        elif kind == ERROR:
            stderr += payload
        else:
            said = running.parsed(payload)
    code, why = outcome(name, wish, said)
    return Finished(
        stdout=bytes(stdout),
        stderr=bytes(stderr) + why.encode(),
        exit_code=code,
        took=timedelta(seconds=monotonic() - begun),
    )


def output(
    engine: Engine,
    name: str,
    wish: Exec,
    *,
    input: bytes | Iterable[bytes] = b"",
    to_stderr: Callable[[bytes], object],
    cancelled: threading.Event,
) -> Iterator[bytes]:
    """As `finished`: what the program writes, as it does; leaving early ends the program and its group.

    Raises: EngineError too, at the end, when the program did not end with the exit code 0.
    """
    last_words = b""
    said: running.Result = {}
    for kind, payload in _run(engine, name, wish, input, cancelled):
        if kind == OUTPUT:
            yield payload
        elif kind == ERROR:
            to_stderr(payload)
            last_words = (last_words + payload)[-_LAST_WORDS:]
        else:
            said = running.parsed(payload)
    code, why = outcome(name, wish, said)
    if code:
        words = (last_words.decode(errors="replace") + why).strip()
        raise EngineError(
            f"`{wish.argv[0]}` in `{name}` {_ended(code)}" + (f": {words}" if words else ""),
            code="exec::failed",
            help="without `--stream` the exit code is part of the record",
        )


def outcome(name: str, wish: Exec, said: running.Result) -> tuple[int, str]:
    """The exit code, and why there was nothing to end. Pure. Raises: NotFound, UsageError (`workdir`)."""
    if "status" in said:
        return said["status"], ""
    if said["about"] == "workdir":
        raise NotFound(
            f"nothing can be run in the folder {wish.workdir} of `{name}`: {said['refused']}",
            code="exec::no_workdir",
            help=f"`vibenv exec {name} pwd` shows the session's own",
            about="workdir",
        )
    program = wish.argv[0]
    if said.get("errno") not in (errno.ENOENT, errno.ENOTDIR):
        return _NOT_RUNNABLE, f"`{program}` cannot be run in `{name}`: {said['refused']}\n"
    why = f"`{program}` was not found in `{name}`\n"
    if len(wish.argv) == 1 and " " in program:
        why += (
            "a program and its arguments are words of their own; `sh -c '…'` reads a line as a shell does\n"
        )
    return _NOT_FOUND, why


def _ended(code: int) -> str:
    return f"was ended by the signal {-code}" if code < 0 else f"ended with the exit code {code}"


def _run(
    engine: Engine, name: str, wish: Exec, input: bytes | Iterable[bytes], cancelled: threading.Event
) -> Iterator[tuple[int, bytes]]:
    if any("\0" in word for word in (*wish.argv, *wish.env, *wish.env.values())):
        raise UsageError(
            "no argument and no variable of a program can have a NUL character in it", code="exec::nul"
        )
    request = {"argv": list(wish.argv), "env": dict(wish.env), "workdir": wish.workdir}
    return running.run(
        engine, name, "execute", request, input=input, timeout_s=wish.timeout_s, cancelled=cancelled
    )
