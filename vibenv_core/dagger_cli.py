"""The Dagger CLI of the engine's version: the one in PATH, or one copied from the engine itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import labels, process
from .errors import NotFound

if TYPE_CHECKING:
    from .engine import Engine

_IN_ENGINE = "/usr/local/bin/dagger"
"""Where the engine's image has the CLI that belongs to it."""
_VERSION_TIMEOUT_S = 10.0


def in_path(version: str, *, env: Mapping[str, str], cancelled: threading.Event) -> str | None:
    """The `dagger` that a shell with `env` would run, when it is of `version` (`v0.21.8`); else None."""
    cli = shutil.which("dagger", path=env.get("PATH", ""))
    if cli is None:
        return None
    said = process.run([cli, "version"], env=env, timeout_s=_VERSION_TIMEOUT_S, cancelled=cancelled)
    return cli if said.stdout.split()[:2] == ["dagger", version] else None


def for_engine(engine: Engine, version: str, *, env: Mapping[str, str], cancelled: threading.Event) -> str:
    """A Dagger CLI of `version` that runs here; the engine's own is copied once into the user's cache folder.

    Raises: NotFound, when there is none in PATH and the engine's is for Linux and this is not.
    """
    if cli := in_path(version, env=env, cancelled=cancelled):
        return cli
    if sys.platform != "linux":
        raise NotFound(
            f"the Dagger CLI {version} is not in PATH",
            code="dagger::no_cli",
            help=f"install it: https://docs.dagger.io/install, version {version}",
        )
    cached = _cache_folder(env) / f"dagger-{version}"
    if not cached.exists():
        _copy(engine, labels.dagger_container(version), cached)
    return str(cached)


def _cache_folder(env: Mapping[str, str]) -> Path:
    """The user's cache folder for vibenv, as the XDG base directory specification has it."""
    base = env.get("XDG_CACHE_HOME") or Path(env.get("HOME") or Path.home()) / ".cache"
    return Path(base) / "vibenv"


def _copy(engine: Engine, container: str, target: Path) -> None:
    """Copy the CLI out of `container`; `target` is there whole or not at all, whoever else copies it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(engine.read_file(container, _IN_ENGINE))
        Path(name).chmod(0o755)
        Path(name).rename(target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
