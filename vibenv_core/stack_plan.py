"""How a host's stack is, and what to do about it: pure decisions, carried out by `stack`.

A plan is made whole before its first action is done: what is refused is refused before anything changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import labels
from .errors import Foreign, WrongState
from .model import Component, ComponentState, Container, ContainerSpec, Image, SessionState
from .settings import VERSION, Settings

DAGGER_SOCKET = "/run/dagger/engine.sock"
"""Where the Dagger engine serves: in its container, in sessions and on the host, which share the folder."""

_REGISTRY_DEFAULT_PORT = 5000
_DAGGER_FOLDER = "/run/dagger"
_HALF_REMOVED = (SessionState.DEAD, SessionState.REMOVING)
"""States of a container that an engine began to remove and could not: it never runs again."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Have the engine pull an image that it does not have."""

    image: str


@dataclass(frozen=True, slots=True)
class CreateVolume:
    """Make a volume unless it is there."""

    name: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Create:
    """Create a container and start it; it is removed again when a later action of its part fails."""

    spec: ContainerSpec


@dataclass(frozen=True, slots=True)
class Start:
    """Start a container that is there."""

    id: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Restart a container that is there."""

    id: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Let a container end by itself: a Dagger engine that is killed finds nothing of its cache any more."""

    id: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a container, running or not."""

    id: str


@dataclass(frozen=True, slots=True)
class RemoveVolume:
    """Remove a volume."""

    name: str


Action = Pull | CreateVolume | Create | Start | Restart | Stop | Remove | RemoveVolume


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is to be done for one component, in order, and the words for it."""

    component: str
    actions: tuple[Action, ...]
    done: str | None
    """What to say of it once it is done; None when there is nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What a host has of the stack."""

    registry: Container | None
    dagger: Container | None
    images: frozenset[str]
    """Those of the stack's images that the engine has."""
    cache_is_ours: bool
    """Whether the volume of the Dagger engine's cache is there and was made by `vibenv up`."""


def registry_row(found: Container | None, settings: Settings) -> Component:
    """How the registry is."""
    state, detail = _registry_state(found, settings)
    return _row(labels.REGISTRY, found, state, detail, address=settings.registry_address)


def dagger_row(found: Stack, settings: Settings) -> Component:
    """How the Dagger engine is."""
    state, detail = _dagger_state(found, settings)
    return _row(labels.DAGGER, found.dagger, state, detail, address=f"unix://{DAGGER_SOCKET}")


def launcher_row(image: Image | None, settings: Settings) -> Component:
    """How the launcher's image is; `stale` when another version of vibenv made it, or it lacks the tools."""
    made_by = None if image is None else image.labels.get(labels.VERSION)
    if image is None:
        state, detail = ComponentState.MISSING, "`vibenv create launcher` makes it"
    elif made_by != VERSION or labels.TOOLS not in image.labels:
        state, detail = ComponentState.STALE, f"`vibenv create launcher` renews it for vibenv {VERSION}"
    else:
        state, detail = ComponentState.RUNNING, None
    return Component(
        component="launcher",
        state=state,
        version=made_by,
        address=settings.launcher_image,
        since=None if image is None else image.created,
        detail=detail,
    )


def up(found: Stack, settings: Settings) -> tuple[Part, Part]:
    """What makes the registry and then the Dagger engine run, whoever made what is there.

    Raises: Foreign (a name is taken by something else), WrongState (a Dagger engine that vibenv did not make
    is cut off from its registry for good).
    """
    return _registry_up(found, settings), _dagger_up(found, settings)


def _registry_up(found: Stack, settings: Settings) -> Part:
    there = found.registry
    spec = registry_spec(settings)
    create: tuple[Action, ...] = (*_pulls(settings.registry_image, found), Create(spec))
    if there is None:
        return Part(component=labels.REGISTRY, actions=create, done="created")
    state, detail = _registry_state(there, settings)
    if state is ComponentState.FOREIGN:
        raise _foreign(there, detail)
    if there.state in _HALF_REMOVED:
        return Part(component=labels.REGISTRY, actions=(Remove(there.id), *create), done="recreated")
    return _run(labels.REGISTRY, there)


def _dagger_up(found: Stack, settings: Settings) -> Part:
    there = found.dagger
    create: tuple[Action, ...] = (
        *_pulls(settings.engine_image, found),
        CreateVolume(labels.DAGGER_CACHE, {labels.STACK: labels.DAGGER_CACHE}),
        Create(dagger_spec(settings)),
    )
    if there is None:
        return Part(component=labels.DAGGER, actions=create, done="created")
    state, detail = _dagger_state(found, settings)
    if state is ComponentState.FOREIGN:
        raise _foreign(there, detail)
    if there.state in _HALF_REMOVED:
        return Part(component=labels.DAGGER, actions=(Remove(there.id), *create), done="recreated")
    if _is_detached(there, found.registry):
        if not is_ours(there):
            raise WrongState(
                f"`{there.name}` was started by hand in the network of a registry that is gone",
                code="stack::dagger_detached",
                help=f"`docker rm -f {there.name}`, then `vibenv up`; its cache is in a volume and stays",
            )
        actions = (Stop(there.id), Remove(there.id), *create)
        return Part(component=labels.DAGGER, actions=actions, done="recreated")
    if state is ComponentState.STALE:
        return Part(component=labels.DAGGER, actions=(Restart(there.id),), done="restarted")
    return _run(labels.DAGGER, there)


def _run(component: str, there: Container) -> Part:
    match there.state:
        case SessionState.RUNNING:
            return Part(component=component, actions=(), done=None)
        case SessionState.CREATED | SessionState.STOPPED:
            return Part(component=component, actions=(Start(there.id),), done="started")
        case _:
            return Part(component=component, actions=(Restart(there.id),), done="restarted")


def down(found: Stack, settings: Settings, *, volumes: bool) -> tuple[Part, Part]:
    """What takes away what `vibenv up` made, the Dagger engine before the registry whose network it is in."""
    dagger = _remove(labels.DAGGER, found.dagger)
    if volumes and found.cache_is_ours and (found.dagger is None or is_ours(found.dagger)):
        actions = (*dagger.actions, RemoveVolume(labels.DAGGER_CACHE))
        dagger = Part(component=labels.DAGGER, actions=actions, done="removed, with its cache")
    elif found.dagger is not None and dagger.actions:
        dagger = replace(dagger, actions=(Stop(found.dagger.id), *dagger.actions))
    return dagger, _remove(labels.REGISTRY, found.registry)


def _remove(component: str, there: Container | None) -> Part:
    if there is None:
        return Part(component=component, actions=(), done=None)
    if not is_ours(there):
        return Part(component=component, actions=(), done="not made by `vibenv up`: left as it is")
    return Part(component=component, actions=(Remove(there.id),), done="removed")


def is_ours(there: Container) -> bool:
    """Whether `vibenv up` made it."""
    return labels.STACK in there.labels


def registry_spec(settings: Settings) -> ContainerSpec:
    """The registry, as `docker run -d --name registry -p 127.0.0.1:5000:5000 registry:2` makes it.

    The Dagger engine lives in its network, so it listens on the port that is published and on no other.
    """
    port = settings.registry_port
    return ContainerSpec(
        name=labels.REGISTRY,
        image=settings.registry_image,
        labels={labels.STACK: labels.REGISTRY, labels.VERSION: VERSION},
        env={} if port == _REGISTRY_DEFAULT_PORT else {"REGISTRY_HTTP_ADDR": f":{port}"},
        ports={f"{port}/tcp": f"127.0.0.1:{port}"},
    )


def dagger_spec(settings: Settings) -> ContainerSpec:
    """The Dagger engine: privileged, in the registry's network, its cache in a volume, its socket shared."""
    return ContainerSpec(
        name=labels.dagger_container(settings.dagger_version),
        image=settings.engine_image,
        labels={labels.STACK: labels.DAGGER, labels.VERSION: VERSION},
        binds=(f"{labels.DAGGER_CACHE}:/var/lib/dagger", f"/var/run/dagger:{_DAGGER_FOLDER}"),
        network=f"container:{labels.REGISTRY}",
        privileged=True,
    )


def _registry_state(found: Container | None, settings: Settings) -> tuple[ComponentState, str | None]:
    if found is None:
        return ComponentState.MISSING, "`vibenv up` makes it"
    if not _is_of(found, settings.registry_image):
        return ComponentState.FOREIGN, f"a container of that name runs the image {found.image}"
    port = settings.registry_port
    published = found.ports.get(f"{port}/tcp", "")
    if not published.endswith(f":{port}"):
        return ComponentState.FOREIGN, f"it does not publish its port {port} as {port}"
    return _running(found)


def _dagger_state(found: Stack, settings: Settings) -> tuple[ComponentState, str | None]:
    dagger, registry = found.dagger, found.registry
    if dagger is None:
        return ComponentState.MISSING, "`vibenv up` makes it"
    if not _is_of(dagger, settings.engine_image):
        return ComponentState.FOREIGN, f"a container of that name runs the image {dagger.image}"
    if not dagger.network.startswith("container:"):
        return (
            ComponentState.FOREIGN,
            "it is not in the registry's network, as one that Dagger made by itself",
        )
    if _DAGGER_FOLDER not in dagger.mounts:
        return ComponentState.FOREIGN, f"it does not share its socket in {_DAGGER_FOLDER}"
    if _is_detached(dagger, registry):
        return ComponentState.STALE, "the registry whose network it is in is gone: `vibenv up` mends it"
    state, detail = _running(dagger)
    if state is ComponentState.RUNNING and registry and _is_older(dagger, registry):
        return ComponentState.STALE, "the registry was stopped or restarted since: `vibenv up` mends it"
    return state, detail


def _running(found: Container) -> tuple[ComponentState, str | None]:
    match found.state:
        case SessionState.RUNNING:
            return ComponentState.RUNNING, None
        case SessionState.STOPPED | SessionState.CREATED:
            return ComponentState.STOPPED, "`vibenv up` starts it"
        case other:
            return ComponentState.STOPPED, f"it is {other}: `vibenv up` restarts it"


def _is_of(found: Container, image: str) -> bool:
    """Whether `found` is what it is named for: made by us, or of an image of that name from any registry."""
    return is_ours(found) or _repository(found.image) == _repository(image)


def _repository(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _is_detached(dagger: Container, registry: Container | None) -> bool:
    """Whether the registry in whose network the engine was made exists no more: it can never start again."""
    return registry is None or registry.state in _HALF_REMOVED or dagger.network != f"container:{registry.id}"


def _is_older(dagger: Container, registry: Container) -> bool:
    """Whether the network that the engine runs in went away under it."""
    if registry.state is not SessionState.RUNNING or registry.started is None:
        return True
    return dagger.started is not None and dagger.started < registry.started


def _pulls(image: str, found: Stack) -> tuple[Pull, ...]:
    return () if image in found.images else (Pull(image),)


def _foreign(there: Container, detail: str | None) -> Foreign:
    return Foreign(
        f"the name `{there.name}` is taken by a container that vibenv cannot use: {detail}",
        code="stack::foreign",
        help=f"free the name: `docker rename {there.name} {there.name}-old`, or `docker rm -f {there.name}` "
        "if nothing needs it; then `vibenv up`",
    )


def _row(
    component: str, found: Container | None, state: ComponentState, detail: str | None, *, address: str
) -> Component:
    running = found is not None and found.state is SessionState.RUNNING
    return Component(
        component=component,
        state=state,
        version=None if found is None else found.image.rpartition(":")[2],
        address=address,
        since=found.started if found is not None and running else None,
        detail=detail,
    )
