"""The Dagger CLI of the engine's version, and what it needs to reach that engine."""

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

from . import labels, process, recipe, stack
from .errors import NotFound, WrongState
from .hosts import Host
from .model import ComponentState
from .settings import Settings

if TYPE_CHECKING:
    from .engine import Engine

_IN_ENGINE = "/usr/local/bin/dagger"
"""Where the engine's image has the CLI that belongs to it."""
_VERSION_TIMEOUT_S = 10.0


def require_stack(engine: Engine, settings: Settings) -> None:
    """Raises: WrongState, when the registry or the Dagger engine of this host does not run as it should."""
    for part in stack.status(engine, settings):
        if part.component in (labels.REGISTRY, labels.DAGGER) and part.state is not ComponentState.RUNNING:
            raise WrongState(
                f"this needs the host's {part.component}, which is {part.state}",
                code="stack::not_running",
                help="start it: vibenv up",
            )


def environment(env: Mapping[str, str], host: Host, version: str) -> dict[str, str]:
    """The variables by which a Dagger client reaches the Dagger engine on `host` and no other, beside the
    user's.

    Raises: NotFound (no Docker CLI in PATH: Dagger's client runs it to reach its engine).
    """
    own = {
        name: value
        for name, value in env.items()
        if not name.startswith(("DAGGER_SESSION_", "_EXPERIMENTAL_DAGGER_"))
    }
    if env.get(recipe.RUNNER_HOST) == recipe.ENGINE_SOCKET and host.url.startswith("unix:"):
        return {**own, recipe.RUNNER_HOST: recipe.ENGINE_SOCKET}  # in a session, whose host it is
    if shutil.which("docker", path=env.get("PATH", "")) is None:
        raise NotFound(
            "the Docker CLI is not in PATH, and Dagger's client reaches its engine by it",
            code="dagger::no_docker_cli",
            help="install the Docker CLI: https://docs.docker.com/engine/install",
        )
    own = {name: value for name, value in own.items() if not name.startswith("DOCKER_")}
    if host.tls is not None and host.tls.ca is not None:
        own |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(host.tls.ca.parent)}
    engine = f"docker-container://{labels.dagger_container(version)}"
    return {**own, "DOCKER_HOST": host.url, recipe.RUNNER_HOST: engine, "DAGGER_NO_NAG": "1"}


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
