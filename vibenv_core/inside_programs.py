"""How the programs of `inside` are run by an engine's exec: command line, request, results. Pure.

They travel as source, so that they work in whatever session. The request to those that `running` speaks with
is in the environment of the exec, where neither the engine's events nor other users of the host can read it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from .inside.caller import REQUEST
from .supervisor import TOOLS

PYTHONS = (f"{TOOLS}/bin/python3", "python3")
"""What runs them: the session's tools, or where an older vibenv made the session, its image's Python."""
EARLY = 48 << 10
"""Bytes of input that may travel with the request, which saves a round trip; a variable has 128 KiB."""

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "bridge": (),
    "connect": (),
    "listening": (),
    "execute": ("framing", "caller"),
    "read_file": ("framing", "caller", "mounts"),
    "write_file": ("framing", "caller", "mounts"),
    "read_log": ("framing", "caller"),
    "pack": ("framing", "caller", "archive", "mounts"),
    "unpack": ("framing", "caller", "archive", "mounts", "write_file"),
}
"""The programs, and the modules that each imports, in their order."""

_START = """\
import json, sys
package = sys.modules["inside"] = type(sys)("inside")
for name, source in json.loads(sys.argv[1]).items():
    module = sys.modules["inside." + name] = type(sys)("inside." + name)
    module.__package__ = "inside"
    setattr(package, name, module)
    exec(compile(source, name + ".py", "exec"), vars(module))
sys.exit(module.main(*sys.argv[2:]))
"""


def python(mounts: Collection[str]) -> str:
    """Which of `PYTHONS` a session with `mounts` has."""
    ours, its_own = PYTHONS
    return ours if TOOLS in mounts else its_own


def argv(python: str, program: str, *arguments: str) -> tuple[str, ...]:
    """The command line of a program."""
    return (python, "-I", "-S", "-X", "utf8", "-c", _START, _sources(program), *arguments)


@cache
def _sources(program: str) -> str:
    folder = Path(__file__).parent / "inside"
    names = (*_NEEDED[program], program)
    return json.dumps({name: (folder / f"{name}.py").read_text(encoding="utf-8") for name in names})


def environment(request: Mapping[str, object], *, early: bytes, more: bool) -> dict[str, str]:
    """The variables with a request, and with the `early` bytes of its input; `more` of it is to come."""
    asked = {**request, "input": base64.b64encode(early).decode(), "more": more}
    return {REQUEST: json.dumps(asked)}
