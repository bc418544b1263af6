"""Images that a host's Docker engine has, put where its Dagger engine can pull them: in the registry between
them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import batch, stack
from .errors import VibenvError
from .model import Progress, Step, StepState
from .settings import Settings

if TYPE_CHECKING:
    from .engine import Engine

_OFFERS = "vibenv-base"
"""The folder of the registry that holds them; the Docker engine keeps the same names for them."""
_JOBS = 4


def offer_name(image: str, registry: str) -> str:
    """The name under which `image` is offered in `registry`; its own name, when it is from there already."""
    if image.startswith(f"{registry}/"):
        return image
    name, _, digest = image.partition("@")
    host, slash, path = name.rpartition("/")
    base, _, tag = path.partition(":")
    tag = digest.replace(":", "-") or tag or "latest"
    return f"{registry}/{_OFFERS}/{host.replace(':', '-')}{slash}{base}:{tag}"


def offer(
    engine: Engine,
    settings: Settings,
    images: Iterable[str],
    *,
    progress: Progress,
    cancelled: threading.Event,
) -> dict[str, str]:
    """Where the Dagger engine pulls each of `images` from.

    An image that the Docker engine has is pushed and named with its digest: in a moment, when the registry
    has it. One that it has not keeps its name, as has one that is from the registry.

    Raises: EngineError (the registry refused), Interrupted.
    """
    registry = settings.registry_address
    names = {image: offer_name(image, registry) for image in dict.fromkeys(images)}
    wanted = [image for image, name in names.items() if image != name and engine.image(image)]
    pulled = {image: image for image in names}

    def push(image: str) -> str:
        engine.tag(image, names[image])
        return engine.push(names[image], cancelled=cancelled)

    for image in wanted:
        progress(Step(step=f"offer {image}", state=StepState.RUNNING))
    for outcome in batch.each(wanted, push, jobs=_JOBS, cancelled=cancelled):
        if isinstance(outcome.result, VibenvError):
            raise stack.registry_trouble(engine) or outcome.result
        progress(Step(step=f"offer {outcome.name}", state=StepState.DONE))
        pulled[outcome.name] = f"{names[outcome.name].rpartition(':')[0]}@{outcome.result}"
    return pulled
