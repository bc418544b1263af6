"""How the programs of `inside` are run by an engine's exec: command line, request, results. Pure.

They travel as source, so that they work in whatever session. The first request to those that `running` speaks
with is in the environment of the exec, where neither the engine's events nor other users of the host can read
it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path

from .inside.caller import REQUEST
from .supervisor import TOOLS

PYTHONS = (f"{TOOLS}/bin/python3", "python3")
"""What runs them: the session's tools, or where an older vibenv made the session, its image's Python."""
EARLY = 48 << 10
"""Bytes of input that may travel with the request, which saves a round trip; a variable has 128 KiB."""

_SERVER = ("loader", "framing", "caller", "serve")
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "execute": (),
    "read_file": ("mounts",),
    "write_file": ("mounts",),
    "read_log": (),
    "pack": ("archive", "mounts"),
    "unpack": ("archive", "mounts", "write_file", "folder"),
}
"""The programs that `running` speaks with, and the modules that each imports, in their order."""


def python(mounts: Collection[str]) -> str:
    """Which of `PYTHONS` a session with `mounts` has."""
    ours, its_own = PYTHONS
    return ours if TOOLS in mounts else its_own


def argv(python: str, program: str, *arguments: str) -> tuple[str, ...]:
    """The command line of a program."""
    return _started(python, (program,), program, *arguments)


def serving_argv(python: str, program: str) -> tuple[str, ...]:
    """The command line of what runs a program that `running` speaks with, and then others."""
    return _started(python, modules(program), "serve", program)


def _started(python: str, sent: tuple[str, ...], *arguments: str) -> tuple[str, ...]:
    options = ("-I", "-S", "-X", "utf8")
    return (python, *options, "-c", _source("loader"), json.dumps(sources(sent)), *arguments)


def modules(program: str) -> tuple[str, ...]:
    """What has to be there for a program that `running` speaks with, in the order in which they import."""
    return (*_SERVER, *_NEEDED[program], program)


def sources(names: Iterable[str]) -> dict[str, str]:
    """The modules of these names as text."""
    return {name: _source(name) for name in names}


@cache
def _source(name: str) -> str:
    return (Path(__file__).parent / "inside" / f"{name}.py").read_text(encoding="utf-8")


def asked(request: Mapping[str, object], *, early: bytes, more: bool) -> dict[str, object]:
    """A request with the `early` bytes of its input; `more` of it is to come."""
    return {**request, "input": base64.b64encode(early).decode(), "more": more}


def environment(asked: Mapping[str, object]) -> dict[str, str]:
    """The variables with a request."""
    return {REQUEST: json.dumps(asked)}
