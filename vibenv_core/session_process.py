"""What runs inside a session's container: argument lists, for what the tools volume has in a session. Pure.

A session's program runs on a terminal that the supervisor holds; `supervise_argv` is the container's whole
command. `vibenv attach` reaches that terminal through `relay_argv`, which joins its own standard streams to
the supervisor's socket, and speaks `supervisor.frames`. In a session that an older vibenv made there is
neither; there `bridge_argv` does the same with dtach, whose own sessions they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise

from . import inside_programs
from .supervisor import DTACH_SOCKET as SOCKET
from .supervisor import TOOLS
from .supervisor.frames import Hello

__all__ = [
    "REQUESTS",
    "SOCKET",
    "TOOLS",
    "asking_argv",
    "bridge_argv",
    "default_program",
    "relay_argv",
    "supervise_argv",
    "supervised",
]

REQUESTS = "VIBENV_REQUESTS"
_END = "--"
"""Of the supervisor's own options."""
_APP = (inside_programs.PYTHONS[0], "-I", "-S", f"{TOOLS}/app/__main__.pyc")


def supervise_argv(
    program: Sequence[str], *, rows: int, cols: int, env: Mapping[str, str] | None = None
) -> list[str]:
    """The container's command: `program` on a terminal of that size, served on sockets; for `--init`.

    It says `supervisor.READY` once clients are accepted, and ends when the program has, with the program's
    exit code (127: no such program; 128 and its number for a signal). `docker stop` ends the program by
    SIGHUP. `env` is for the program alone, over what the container has.
    """
    given = [word for name, value in (env or {}).items() for word in ("--env", f"{name}={value}")]
    return [*_APP, "supervise", "--rows", str(rows), "--cols", str(cols), *given, _END, *program]


def supervised(argv: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]] | None:
    """The program and the `env` that `supervise_argv` made `argv` of; None for what it did not make."""
    if tuple(argv[: len(_APP)]) != _APP or _END not in argv:
        return None
    end = argv.index(_END)
    given = [value for name, value in pairwise(argv[:end]) if name == "--env"]
    return tuple(argv[end + 1 :]), dict(variable.partition("=")[::2] for variable in given)


def default_program(name: str) -> list[str]:
    """What the session of a plain `vibenv launch NAME` runs: the Dagger environment's terminal."""
    return ["nu", "-c", f"use vibenv; vibenv remote-launch {json.dumps(name)}"]


def relay_argv(hello: Hello) -> list[str]:
    """What `vibenv attach` runs in the container: joins its standard streams to the session's terminal."""
    return [*_APP, "relay", _json(hello)]


def asking_argv(hello: Hello) -> list[str]:
    """The same for a program that asks: the variable REQUESTS has its first requests, a line of JSON each.

    They come so because engines lose what follows an exec's start closely; and because who may see an
    engine's events sees command lines, but not variables.
    """
    return [*_APP, "relay", "--requests", REQUESTS, _json(hello)]


def bridge_argv(hello: Hello) -> list[str]:
    """The same for a session that an older vibenv made: the container needs python3 of its own."""
    return [*inside_programs.argv("python3", "bridge", SOCKET, _json(hello))]


def _json(hello: Hello) -> str:
    return json.dumps(hello._asdict(), separators=(",", ":"))
