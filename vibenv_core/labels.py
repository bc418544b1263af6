"""How vibenv names and labels what it makes; the only place that knows, both ways.

A container is a session when it carries the label SESSION; the session's name is then read from the
container's own name, because an engine can rename a container and cannot change its labels: the label's value
is the name that it was made under.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from . import settings
from .model import Access

SESSION = "vibenv.session"
VERSION = "vibenv.version"
COMMAND = "vibenv.command"
"""What the user asked to run, as a JSON list."""
ACCESS = "vibenv.access"
IMAGE = "vibenv.image"
"""The image as it was named: the engine's list gives only an id once the name means a newer image."""
STACK = "vibenv.stack"
"""`registry`, `dagger` or, on the volume, `dagger-cache`: made by `vibenv up`."""
RECIPE = "vibenv.recipe"
"""On an image: the digest of what it was built from."""
TOOLS = "vibenv.tools"
"""On the launcher's image and on the volume and the holder of its tools: the digest of what made them."""
LOG = "vibenv.log"
"""On the volume of a session's recording: the name that the session was made under."""
LOG_READER = "vibenv.log-reader"
"""On a container that is only there for such a volume, which it names, to be read; it never runs."""
LOG_MOUNT = "/var/log/vibenv"
"""Where a session has that volume, by which it is found."""

REGISTRY = "registry"
DAGGER = "dagger"
DAGGER_CACHE = "dagger-cache"
"""The volume that holds the Dagger engine's cache."""

_PREFIX = "vibenv-"


def container_name(session: str) -> str:
    """The name of the container of `session`."""
    return _PREFIX + session


def is_session(container: str, labels: Mapping[str, str]) -> bool:
    """Whether a container of this name and these labels is one of our sessions."""
    return SESSION in labels and container.startswith(_PREFIX)


def session_of(container: str) -> str:
    """The name of the session whose container has the name `container`."""
    return container.removeprefix(_PREFIX)


def session_labels(name: str, *, command: Sequence[str], access: Access, image: str) -> dict[str, str]:
    """The labels that a session is made with."""
    return {
        SESSION: name,
        VERSION: settings.VERSION,
        COMMAND: json.dumps(list(command)),
        ACCESS: access,
        IMAGE: image,
    }


def log_volume(session: str, token: str) -> str:
    """The name of the volume of a session's recording; `token` tells it from an earlier session's, kept."""
    return f"{_PREFIX}log-{session}-{token}"


def log_reader(token: str) -> str:
    """The name of a container for a recording to be read by; no session's can have such a name."""
    return f"{LOG_READER}-{token}"


def tools_name(digest: str) -> str:
    """The name of the volume with the tools of that digest (`sha256:…`), and of its holder.

    No session's container can have such a name.
    """
    return f"{TOOLS}-{digest.removeprefix('sha256:')[:12]}"


def dagger_container(version: str) -> str:
    """The container's name by which the Dagger CLI of `version` finds its engine without being told."""
    return f"dagger-engine-{version}"
