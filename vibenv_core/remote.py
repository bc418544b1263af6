"""The terminal of a Dagger environment: what the session of a plain `vibenv launch` shows.

The environment is a container that Dagger makes when the terminal opens; what stays is the folder
/root/session, a cache volume of the Dagger engine named like the session.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import dagger_cli
from .errors import Unreachable, UsageError
from .hosts import Host
from .model import session_name
from .offer import offer
from .recipe import ENGINE_SOCKET, RUNNER_HOST
from .session_plan import SESSION_VARIABLE
from .settings import Settings

if TYPE_CHECKING:
    from .engine import Engine

FOLDER = "/root/session"
"""Where an environment's cache volume is mounted, and where its terminal begins."""
_SHELL = "sh,-c,exec $(command -v bash || echo sh)"
"""The terminal's program, as a list of Dagger's: bash where the environment has it."""
_UNWATCHED = {"FORCE_DARK_MODE": "1"}
"""For Dagger's client in a session, whose terminal may have nobody at it: it does not ask for the terminal's
colours then, twice, and wait two seconds for each answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run on a terminal."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


def program(
    host: Host,
    settings: Settings,
    name: str,
    *,
    recipe: str | None,
    env: Mapping[str, str],
    connect: Callable[[], Engine],
    cancelled: threading.Event,
) -> Program:
    """The Dagger client that opens the terminal of the environment `name`; it wants a terminal of its own.

    `recipe` is a Dagger script that ends in a container; None is the settings' environment image. In a
    session without access to the Docker engine that image has to be one that the Dagger engine can pull by
    itself.

    Raises: UsageError (a name that cannot be, an empty recipe), WrongState (the stack is not up), NotFound
    (no Dagger CLI that runs here), EngineError (the registry), and what `connect` raises.
    """
    session_name(name)
    image, version = settings.environment_image, settings.dagger_version
    variables = dagger_cli.environment(env, host, version)
    try:
        engine = connect()
    except Unreachable:
        cli = dagger_cli.in_path(version, env=env, cancelled=cancelled)
        if cli is None or variables[RUNNER_HOST] != ENGINE_SOCKET:
            raise
    else:
        variables = dagger_cli.environment(env, engine.endpoint, version)
        dagger_cli.require_stack(engine, settings)
        cli = dagger_cli.for_engine(engine, version, env=env, cancelled=cancelled)
        if recipe is None:
            image = offer(engine, settings, [image], progress=lambda _step: None, cancelled=cancelled)[image]
    script = pipeline(name, container=f"container | from {shlex.quote(image)}" if recipe is None else recipe)
    unwatched = _UNWATCHED if SESSION_VARIABLE in env else {}
    return Program(argv=(cli, "--no-mod", "--command", script), env=variables | unwatched)


def pipeline(name: str, *, container: str) -> str:
    """The Dagger script that opens the environment's terminal, in what the script `container` ends in.

    Raises: UsageError, when `container` says nothing.
    """
    if not container.strip():
        raise UsageError(
            "the recipe is empty",
            code="recipe::empty",
            help="it is a Dagger script that ends in a container, such as `container | from alpine`",
            about="recipe",
        )
    steps = (
        "$environment",
        f"with-mounted-cache {FOLDER} $(cache-volume {name})",
        f"with-workdir {FOLDER}",
        f"terminal --cmd {shlex.quote(_SHELL)}",
    )
    return "\n".join(["environment=$(", container, ")", " | ".join(steps)])
