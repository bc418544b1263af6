"""What is done for the stack, from everything that a host may have of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vibenv_core import labels, stack_plan
from vibenv_core.errors import Foreign, WrongState
from vibenv_core.model import ComponentState, Container, Image, SessionState
from vibenv_core.settings import VERSION, Settings
from vibenv_core.stack_plan import (
    Create,
    CreateVolume,
    Pull,
    Remove,
    RemoveVolume,
    Restart,
    Stack,
    Start,
    Stop,
)

SETTINGS = Settings()
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
IMAGES = frozenset({SETTINGS.registry_image, SETTINGS.engine_image})
OURS = {labels.STACK: "x"}

REGISTRY = Container(
    id="r1",
    name="registry",
    state=SessionState.RUNNING,
    image="registry:2",
    labels={},
    created=NOON,
    started=NOON,
    ended=None,
    exit_code=0,
    network="default",
    address="172.17.0.2",
    mounts={"/var/lib/registry": "0123"},
    ports={"5000/tcp": "127.0.0.1:5000"},
    size=None,
    cpus=None,
    memory=None,
)
DAGGER = replace(
    REGISTRY,
    id="d1",
    name="dagger-engine-v0.21.8",
    image="registry.dagger.io/engine:v0.21.8",
    started=NOON + timedelta(seconds=1),
    network="container:r1",
    mounts={"/var/lib/dagger": "dagger-cache", "/run/dagger": "/run/dagger"},
    ports={},
)
MAKE_REGISTRY = Create(stack_plan.registry_spec(SETTINGS))
MAKE_DAGGER = Create(stack_plan.dagger_spec(SETTINGS))
CACHE = CreateVolume("dagger-cache", {labels.STACK: "dagger-cache"})

BOTH = Stack(registry=REGISTRY, dagger=DAGGER, images=IMAGES, cache_is_ours=True)
NOTHING = Stack(registry=None, dagger=None, images=IMAGES, cache_is_ours=False)
RESTARTED = replace(REGISTRY, started=NOON + timedelta(hours=1))
REPLACED = replace(REGISTRY, id="r2", started=NOON + timedelta(hours=1))
STOPPED = SessionState.STOPPED


@pytest.mark.parametrize(
    ("found", "registry", "dagger"),
    [
        pytest.param(NOTHING, (MAKE_REGISTRY,), (CACHE, MAKE_DAGGER), id="nothing there"),
        pytest.param(
            replace(NOTHING, images=frozenset()),
            (Pull("registry:2"), MAKE_REGISTRY),
            (Pull("registry.dagger.io/engine:v0.21.8"), CACHE, MAKE_DAGGER),
            id="not even the images",
        ),
        pytest.param(BOTH, (), (), id="all there"),
        pytest.param(replace(BOTH, dagger=None), (), (CACHE, MAKE_DAGGER), id="no engine"),
        pytest.param(
            replace(BOTH, registry=replace(REGISTRY, state=STOPPED)),
            (Start("r1"),),
            (Restart("d1"),),
            id="the registry stopped under the engine",
        ),
        pytest.param(
            replace(BOTH, registry=replace(REGISTRY, state=STOPPED), dagger=replace(DAGGER, state=STOPPED)),
            (Start("r1"),),
            (Start("d1"),),
            id="both stopped",
        ),
        pytest.param(replace(BOTH, registry=RESTARTED), (), (Restart("d1"),), id="the registry restarted"),
        pytest.param(
            replace(BOTH, dagger=replace(DAGGER, state=STOPPED)), (), (Start("d1"),), id="the engine stopped"
        ),
        pytest.param(
            replace(BOTH, registry=replace(REGISTRY, state=SessionState.PAUSED)),
            (Restart("r1"),),
            (Restart("d1"),),
            id="the registry paused",
        ),
        pytest.param(
            replace(BOTH, registry=REPLACED, dagger=replace(DAGGER, labels=OURS)),
            (),
            (Stop("d1"), Remove("d1"), CACHE, MAKE_DAGGER),
            id="the registry replaced",
        ),
        pytest.param(
            replace(BOTH, registry=None, dagger=replace(DAGGER, labels=OURS)),
            (MAKE_REGISTRY,),
            (Stop("d1"), Remove("d1"), CACHE, MAKE_DAGGER),
            id="the registry gone",
        ),
        pytest.param(
            replace(
                BOTH,
                registry=replace(REGISTRY, state=SessionState.DEAD),
                dagger=replace(DAGGER, labels=OURS),
            ),
            (Remove("r1"), MAKE_REGISTRY),
            (Stop("d1"), Remove("d1"), CACHE, MAKE_DAGGER),
            id="the registry half removed",
        ),
        pytest.param(
            replace(BOTH, dagger=replace(DAGGER, state=SessionState.REMOVING)),
            (),
            (Remove("d1"), CACHE, MAKE_DAGGER),
            id="the engine half removed",
        ),
    ],
)
def test_up_does_what_is_missing_and_no_more(
    found: Stack, registry: tuple[object, ...], dagger: tuple[object, ...]
) -> None:
    parts = stack_plan.up(found, SETTINGS)
    assert [part.component for part in parts] == ["registry", "dagger"]
    assert (parts[0].actions, parts[1].actions) == (registry, dagger)
    assert [part.done is None for part in parts] == [not registry, not dagger]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (replace(BOTH, registry=replace(REGISTRY, image="nginx:1")), "nginx:1"),
        (replace(BOTH, registry=replace(REGISTRY, ports={})), "port 5000"),
        (replace(BOTH, registry=replace(REGISTRY, ports={"5000/tcp": ":5001"})), "port 5000"),
        (replace(BOTH, dagger=replace(DAGGER, image="postgres:17")), "postgres:17"),
        (replace(BOTH, dagger=replace(DAGGER, network="bridge")), "registry's network"),
        (replace(BOTH, dagger=replace(DAGGER, mounts={})), "/run/dagger"),
    ],
)
def test_up_refuses_a_name_that_something_else_has(found: Stack, why: str) -> None:
    with pytest.raises(Foreign) as raised:
        stack_plan.up(found, SETTINGS)
    assert raised.value.code == "vibenv::stack::foreign"
    assert why in raised.value.message
    assert "docker rename" in (raised.value.help or "")


def test_what_was_typed_by_hand_with_a_mirrors_image_is_used() -> None:
    mirrored = replace(
        BOTH,
        registry=replace(REGISTRY, image="mirror.example:5001/library/registry:2.8@sha256:0"),
        dagger=replace(DAGGER, image="mirror.example/dagger/engine:v0.21.8"),
    )
    assert [part.actions for part in stack_plan.up(mirrored, SETTINGS)] == [(), ()]


def test_an_engine_typed_by_hand_that_lost_its_registry_is_left_to_its_owner() -> None:
    with pytest.raises(WrongState) as raised:
        stack_plan.up(replace(BOTH, registry=None), SETTINGS)
    assert raised.value.code == "vibenv::stack::dagger_detached"
    assert "docker rm -f dagger-engine-v0.21.8" in (raised.value.help or "")


@pytest.mark.parametrize(
    ("found", "registry", "dagger"),
    [
        (NOTHING, ComponentState.MISSING, ComponentState.MISSING),
        (BOTH, ComponentState.RUNNING, ComponentState.RUNNING),
        (replace(BOTH, registry=RESTARTED), ComponentState.RUNNING, ComponentState.STALE),
        (replace(BOTH, registry=REPLACED), ComponentState.RUNNING, ComponentState.STALE),
        (replace(BOTH, registry=None), ComponentState.MISSING, ComponentState.STALE),
        (
            replace(BOTH, registry=replace(REGISTRY, state=STOPPED)),
            ComponentState.STOPPED,
            ComponentState.STALE,
        ),
        (
            replace(BOTH, dagger=replace(DAGGER, state=STOPPED)),
            ComponentState.RUNNING,
            ComponentState.STOPPED,
        ),
        (
            replace(
                BOTH,
                registry=replace(REGISTRY, image="nginx"),
                dagger=replace(DAGGER, state=SessionState.DEAD),
            ),
            ComponentState.FOREIGN,
            ComponentState.STOPPED,
        ),
    ],
)
def test_status_tells_how_each_part_is(
    found: Stack, registry: ComponentState, dagger: ComponentState
) -> None:
    rows = (stack_plan.registry_row(found.registry, SETTINGS), stack_plan.dagger_row(found, SETTINGS))
    assert [row.state for row in rows] == [registry, dagger]
    for row in rows:
        assert (row.detail is None) == (row.state is ComponentState.RUNNING)


def test_a_row_tells_version_address_and_since() -> None:
    row = stack_plan.registry_row(REGISTRY, SETTINGS)
    assert (row.version, row.address, row.since) == ("2", "localhost:5000", NOON)
    assert stack_plan.registry_row(replace(REGISTRY, state=STOPPED), SETTINGS).since is None


@pytest.mark.parametrize(
    ("made_by", "state"),
    [
        (VERSION, ComponentState.RUNNING),
        ("0.0.9", ComponentState.STALE),
        (None, ComponentState.STALE),
    ],
)
def test_a_launcher_of_another_version_is_stale(made_by: str | None, state: ComponentState) -> None:
    image_labels = {labels.TOOLS: "sha256:1"} | ({} if made_by is None else {labels.VERSION: made_by})
    row = stack_plan.launcher_row(launcher(image_labels), SETTINGS)
    assert (row.state, row.version) == (state, made_by)


def test_a_launcher_without_tools_for_sessions_is_stale() -> None:
    row = stack_plan.launcher_row(launcher({labels.VERSION: VERSION}), SETTINGS)
    assert row.state is ComponentState.STALE
    assert "vibenv create launcher" in (row.detail or "")


def launcher(image_labels: dict[str, str]) -> Image:
    return Image(reference="l", id="i", digest=None, size=1, created=NOON, labels=image_labels)


def test_a_launcher_that_is_not_there_says_how_to_make_it() -> None:
    row = stack_plan.launcher_row(None, SETTINGS)
    assert row.state is ComponentState.MISSING
    assert "vibenv create launcher" in (row.detail or "")


def ours(found: Stack) -> Stack:
    """`found`, as if `vibenv up` had made it."""
    return replace(
        found,
        registry=found.registry and replace(found.registry, labels=OURS),
        dagger=found.dagger and replace(found.dagger, labels=OURS),
    )


@pytest.mark.parametrize(
    ("found", "volumes", "dagger", "registry"),
    [
        pytest.param(NOTHING, False, (), (), id="nothing there"),
        pytest.param(ours(BOTH), False, (Stop("d1"), Remove("d1")), (Remove("r1"),), id="ours"),
        pytest.param(
            ours(BOTH),
            True,
            (Remove("d1"), RemoveVolume("dagger-cache")),
            (Remove("r1"),),
            id="ours, with the cache",
        ),
        pytest.param(
            replace(ours(BOTH), cache_is_ours=False),
            True,
            (Stop("d1"), Remove("d1")),
            (Remove("r1"),),
            id="the cache is somebody's",
        ),
        pytest.param(
            replace(NOTHING, cache_is_ours=True),
            True,
            (RemoveVolume("dagger-cache"),),
            (),
            id="only the cache is left",
        ),
        pytest.param(BOTH, True, (), (), id="made by hand"),
        pytest.param(
            replace(BOTH, registry=replace(REGISTRY, labels=OURS)),
            False,
            (),
            (Remove("r1"),),
            id="one of each",
        ),
    ],
)
def test_down_takes_away_what_up_made(
    found: Stack, volumes: bool, dagger: tuple[object, ...], registry: tuple[object, ...]
) -> None:
    parts = stack_plan.down(found, SETTINGS, volumes=volumes)
    assert [part.component for part in parts] == ["dagger", "registry"], "whose network the engine is in"
    assert (parts[0].actions, parts[1].actions) == (dagger, registry)


def test_down_says_of_what_was_made_by_hand_that_it_stays() -> None:
    for part in stack_plan.down(BOTH, SETTINGS, volumes=False):
        assert "left as it is" in (part.done or "")


def test_the_stack_is_made_as_one_would_type_it() -> None:
    registry, dagger = stack_plan.registry_spec(SETTINGS), stack_plan.dagger_spec(SETTINGS)
    assert (registry.name, registry.image) == ("registry", "registry:2")
    assert registry.ports == {"5000/tcp": "127.0.0.1:5000"}
    assert registry.env == {}
    assert (dagger.name, dagger.image) == (
        "dagger-engine-v0.21.8",
        "registry.dagger.io/engine:v0.21.8",
    )
    assert dagger.privileged
    assert dagger.network == "container:registry"
    assert dagger.binds == ("dagger-cache:/var/lib/dagger", "/var/run/dagger:/run/dagger")


def test_a_registry_at_another_port_listens_there_for_the_dagger_engine_too() -> None:
    spec = stack_plan.registry_spec(Settings(registry_address="localhost:5001"))
    assert spec.ports == {"5001/tcp": "127.0.0.1:5001"}
    assert spec.env == {"REGISTRY_HTTP_ADDR": ":5001"}
