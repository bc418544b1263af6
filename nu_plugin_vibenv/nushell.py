"""A Nushell asked from outside: where its folders are, and which plugins it knows."""

from __future__ import annotations

import json
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

from vibenv_core import process
from vibenv_core.errors import NotFound, VibenvError

TIMEOUT_S = 60.0
"""Adding a plugin starts it, which takes a second where Python has to compile all of it first."""


class NushellError(VibenvError):
    """Raised when nu was asked and failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nushell:
    """A Nushell and its folders, as it names them itself."""

    binary: Path
    version: str
    config: Path
    data: Path
    registry: Path


def ask(nu: str | None) -> Nushell:
    """Ask a Nushell where its folders are; `nu` is a path or a name, and None is the `nu` in PATH.

    Raises: NotFound (no such program), NushellError (it failed).
    """
    binary = shutil.which(nu or "nu")
    if binary is None:
        raise NotFound(
            f"`{nu or 'nu'}` is not a program that can be run",
            code="install::no_nushell",
            help="install Nushell (https://www.nushell.sh/book/installation.html), or name it: --nu PATH",
        )
    columns = "version: (version).version, config: $nu.default-config-dir, data: $nu.data-dir"
    reply = json.loads(_run(Path(binary), f"{{{columns}, registry: $nu.plugin-path}} | to json"))
    return Nushell(
        binary=Path(binary).absolute(),
        version=reply["version"],
        config=Path(reply["config"]),
        data=Path(reply["data"]),
        registry=Path(reply["registry"]),
    )


def plugins(nushell: Nushell) -> list[Path]:
    """The files of all plugins in its registry. Raises: NushellError (the registry cannot be read)."""
    if not nushell.registry.exists():
        return []
    listed = _run(
        nushell.binary,
        "plugin list --registry --plugin-config $env.REGISTRY | to json",
        REGISTRY=nushell.registry,
    )
    return [Path(plugin["filename"]) for plugin in json.loads(listed)]


def add_plugin(nushell: Nushell, file: Path) -> None:
    """Have it start a plugin and keep its signatures. Raises: NushellError.

    When they are those that it has, its registry's bytes do not change.
    """
    line = "plugin add --plugin-config $env.REGISTRY $env.PLUGIN"
    _run(nushell.binary, line, REGISTRY=nushell.registry, PLUGIN=file)


def remove_plugin(nushell: Nushell, file: Path) -> None:
    """Have it forget a plugin. Raises: NushellError."""
    line = "plugin rm --plugin-config $env.REGISTRY $env.PLUGIN"
    _run(nushell.binary, line, REGISTRY=nushell.registry, PLUGIN=file)


def _run(nu: Path, code: str, **variables: Path) -> str:
    """Run one line in a bare Nushell; paths reach it as variables, so that no path has to be quoted."""
    finished = process.run(
        [str(nu), "-n", "-c", code],
        env={**os.environ, **{name: str(path) for name, path in variables.items()}},
        timeout_s=TIMEOUT_S,
        cancelled=threading.Event(),
    )
    if finished.exit_code != 0:
        raise NushellError(
            f"{nu} failed at `{code}`:\n{finished.stderr.strip()}",
            code="install::nushell_failed",
            help="run the same line in Nushell to see more",
        )
    return finished.stdout
