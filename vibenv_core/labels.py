"""How vibenv names and labels what it makes; the only place that knows, both ways.

A container is a session when it carries the label SESSION; the session's name is then read from the
container's own name, because an engine can rename a container and cannot change its labels: the label's value
is the name that it was made under.
"""

from __future__ import annotations

from collections.abc import Mapping

SESSION = "vibenv.session"
VERSION = "vibenv.version"
COMMAND = "vibenv.command"
"""What the user asked to run, as a JSON list."""
ACCESS = "vibenv.access"
STACK = "vibenv.stack"
"""`registry`, `dagger` or, on the volume, `dagger-cache`: made by `vibenv up`."""
RECIPE = "vibenv.recipe"
"""On an image: the digest of what it was built from."""

REGISTRY = "registry"
DAGGER = "dagger"
DAGGER_CACHE = "dagger-cache"
"""The volume that holds the Dagger engine's cache."""

_PREFIX = "vibenv-"


def container_name(session: str) -> str:
    """The name of the container of `session`."""
    return _PREFIX + session


def session_of(container: str, labels: Mapping[str, str]) -> str | None:
    """The session that a container of this name and these labels is, None when it is none of ours."""
    if SESSION in labels and container.startswith(_PREFIX):
        return container.removeprefix(_PREFIX)
    return None


def dagger_container(version: str) -> str:
    """The container's name by which the Dagger CLI of `version` finds its engine without being told."""
    return f"dagger-engine-{version}"
