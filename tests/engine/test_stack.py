"""The stack brought up, found, mended and taken down on real engines."""

import threading

import pytest

from tests.stack.engine import Engine as Docker
from vibenv_core import stack
from vibenv_core.engine import Engine
from vibenv_core.errors import EngineError, Foreign, Interrupted, NotFound, WrongState
from vibenv_core.model import Component, ComponentState, Step, StepState
from vibenv_core.settings import Settings

SETTINGS = Settings()
DAGGER = f"dagger-engine-{SETTINGS.dagger_version}"
BY_HAND = {
    "registry": ["--name", "registry", "-p", "127.0.0.1:5000:5000", SETTINGS.registry_image],
    "dagger": [
        *("--name", DAGGER, "--privileged", "--network", "container:registry"),
        *("-v", "dagger-cache:/var/lib/dagger", "-v", "/var/run/dagger:/run/dagger"),
        SETTINGS.engine_image,
    ],
}
RUNNING, STALE, MISSING = ComponentState.RUNNING, ComponentState.STALE, ComponentState.MISSING


def up(engine: Engine, settings: Settings = SETTINGS) -> list[Component]:
    return stack.up(engine, settings, progress=lambda step: None, cancelled=threading.Event())


def done(rows: list[Component]) -> list[str | None]:
    assert [row.state for row in rows] == [RUNNING, RUNNING]
    return [row.detail for row in rows]


def states(engine: Engine) -> list[ComponentState]:
    """Those of the registry and the Dagger engine."""
    return [row.state for row in stack.status(engine, SETTINGS)[1:3]]


def ids(docker: Docker) -> list[str]:
    return sorted(docker.docker("ps", "-a", "--no-trunc", "--format", "{{.ID}}").split())


def pushes(docker: Docker, reference: str) -> None:
    """Push an image to the registry and take it from there again."""
    docker.docker("tag", "debian:stable-slim", reference)
    docker.docker("push", reference)
    docker.docker("rmi", reference)
    docker.docker("pull", reference)
    docker.docker("rmi", reference)


def test_up_makes_both_reports_its_steps_and_the_second_time_changes_nothing(
    spare: Docker, engine: Engine
) -> None:
    steps: list[Step] = []
    rows = stack.up(engine, SETTINGS, progress=steps.append, cancelled=threading.Event())
    assert done(rows) == ["created", "created"]
    assert [(step.step, step.state) for step in steps] == [
        ("registry", StepState.RUNNING),
        ("registry", StepState.DONE),
        ("dagger", StepState.RUNNING),
        ("dagger", StepState.DONE),
    ]
    assert all((step.took is not None) == (step.state is StepState.DONE) for step in steps)
    pushes(spare, "localhost:5000/t-1")
    before = ids(spare)
    assert done(up(engine)) == [None, None]
    assert ids(spare) == before


def test_status_tells_of_the_engine_and_each_component(spare: Docker, engine: Engine) -> None:
    assert states(engine) == [MISSING, MISSING]
    up(engine)
    docker, registry, dagger, launcher = stack.status(engine, SETTINGS)
    assert (docker.component, docker.address) == ("docker", spare.url)
    assert (docker.version or "").startswith(spare.version)
    assert (registry.component, registry.version, registry.address) == ("registry", "2", "localhost:5000")
    assert (dagger.component, dagger.version) == ("dagger", SETTINGS.dagger_version)
    assert registry.since is not None
    assert dagger.since is not None
    assert registry.since < dagger.since
    assert (launcher.component, launcher.address) == ("launcher", SETTINGS.launcher_image)
    elsewhere = stack.status(engine, Settings(registry_address="localhost:5997"))
    assert elsewhere[3].state is MISSING


def test_lines_typed_by_hand_are_found_used_and_left_by_down(spare: Docker, engine: Engine) -> None:
    for line in BY_HAND.values():
        spare.docker("run", "-d", *line)
    before = ids(spare)
    assert done(up(engine)) == [None, None]
    assert ids(spare) == before
    rows = stack.down(engine, SETTINGS, volumes=True)
    assert [row.state for row in rows] == [RUNNING, RUNNING]
    assert all("left as it is" in (row.detail or "") for row in rows)
    assert ids(spare) == before
    assert "dagger-cache" in spare.docker("volume", "ls", "-q")


def test_an_engine_typed_by_hand_finds_the_registry_that_up_made(spare: Docker, engine: Engine) -> None:
    spare.docker("run", "-d", *BY_HAND["registry"])
    assert done(up(engine)) == [None, "created"]
    rows = stack.down(engine, SETTINGS)
    assert [row.state for row in rows] == [RUNNING, MISSING]


@pytest.mark.parametrize(
    ("breaks", "seen", "mended"),
    [
        (["restart", "-t", "1", "registry"], [RUNNING, STALE], [None, "restarted"]),
        (["stop", "-t", "1", "registry"], [ComponentState.STOPPED, STALE], ["started", "restarted"]),
        (["restart", "-t", "5", DAGGER], [RUNNING, RUNNING], [None, None]),
        (["stop", "-t", "5", DAGGER], [RUNNING, ComponentState.STOPPED], [None, "started"]),
        (["kill", DAGGER], [RUNNING, ComponentState.STOPPED], [None, "started"]),
        (["rm", "-f", "registry"], [MISSING, STALE], ["created", "recreated"]),
        (["rm", "-f", DAGGER], [RUNNING, MISSING], [None, "created"]),
    ],
    ids=lambda value: value[0] if isinstance(value[0], str) and value[0].islower() else "",
)
def test_status_tells_what_broke_and_up_mends_it(
    spare: Docker,
    engine: Engine,
    breaks: list[str],
    seen: list[ComponentState],
    mended: list[str | None],
) -> None:
    up(engine)
    bystander = spare.docker("run", "-d", "debian:stable-slim", "sleep", "inf").strip()
    spare.docker(*breaks)
    assert states(engine) == seen
    assert done(up(engine)) == mended
    assert states(engine) == [RUNNING, RUNNING]
    found = engine.inspect(bystander)
    assert found is not None
    assert found.state == "running", "what is none of the stack's is not touched"


def test_an_engine_of_somebody_else_that_lost_its_registry_is_told_and_left(
    spare: Docker, engine: Engine
) -> None:
    for line in BY_HAND.values():
        spare.docker("run", "-d", *line)
    spare.docker("rm", "-f", "registry")
    before = ids(spare)
    with pytest.raises(WrongState) as raised:
        up(engine)
    assert raised.value.code == "vibenv::stack::dagger_detached"
    assert ids(spare) == before, "not even the registry was made"


@pytest.mark.parametrize("name", ["registry", DAGGER])
def test_a_foreign_container_of_a_components_name_is_told_and_left(
    spare: Docker, engine: Engine, name: str
) -> None:
    spare.docker("run", "-d", "--name", name, "debian:stable-slim", "sleep", "inf")
    before = ids(spare)
    with pytest.raises(Foreign) as raised:
        up(engine)
    assert raised.value.code == "vibenv::stack::foreign"
    assert f"`{name}`" in raised.value.message
    assert ComponentState.FOREIGN in states(engine)
    stack.down(engine, SETTINGS, volumes=True)
    assert ids(spare) == before


def test_down_takes_away_what_up_made_and_keeps_the_cache_unless_asked(spare: Docker, engine: Engine) -> None:
    up(engine)
    rows = stack.down(engine, SETTINGS)
    assert [(row.state, row.detail) for row in rows] == [(MISSING, "removed")] * 2
    assert ids(spare) == []
    assert spare.docker("volume", "ls", "-q").split() == ["dagger-cache"]
    stack.down(engine, SETTINGS, volumes=True)
    assert spare.docker("volume", "ls", "-q").split() == []


def test_a_registry_at_another_port_serves_both_engines_there(spare: Docker, engine: Engine) -> None:
    settings = Settings(registry_address="localhost:5001")
    assert done(up(engine, settings)) == ["created", "created"]
    pushes(spare, "localhost:5001/t-1")
    shared = engine.inspect(DAGGER)
    assert shared is not None
    listening = spare.docker("exec", DAGGER, "cat", "/proc/net/tcp", "/proc/net/tcp6")
    assert ":1389 " in listening, "5001, in the network that the Dagger engine lives in"


def test_a_pull_tells_how_far_it_is(spare: Docker, engine: Engine) -> None:
    up(engine)
    reference = "localhost:5000/t-2:1"
    fill = "head -c 20000000 /dev/urandom >/filled"
    spare.docker("run", "--name", "filled", "debian:stable-slim", "sh", "-c", fill)
    spare.docker("commit", "filled", reference)
    spare.docker("rm", "filled")
    digest = engine.push(reference, cancelled=threading.Event())
    engine.remove_image(reference)
    assert engine.image(reference) is None
    steps: list[Step] = []
    engine.pull(reference, progress=steps.append, cancelled=threading.Event())
    pulled = engine.image(reference)
    engine.remove_image(reference)
    assert pulled is not None
    assert pulled.digest == digest
    assert {step.state for step in steps[:-1]} == {StepState.RUNNING}
    assert steps[-1].state is StepState.DONE
    fractions = [step.fraction for step in steps if step.fraction is not None]
    assert fractions[-1] == 1.0
    assert any(0 < fraction < 1 for fraction in fractions)


def test_an_image_that_no_registry_has_is_told_and_nothing_is_left(spare: Docker, engine: Engine) -> None:
    up(engine)
    stack.down(engine, SETTINGS)
    spare.docker("run", "-d", *BY_HAND["registry"])
    settings = Settings(engine_image="localhost:5000/no/engine:v1")
    with pytest.raises(NotFound) as raised:
        up(engine, settings)
    assert raised.value.code == "vibenv::image::not_in_registry"
    assert "localhost:5000/no/engine" in raised.value.message
    assert len(ids(spare)) == 1


def test_a_component_that_ends_at_once_is_told_and_removed(spare: Docker, engine: Engine) -> None:
    with pytest.raises(EngineError) as raised:
        up(engine, Settings(registry_image="debian:stable-slim"))
    assert raised.value.code == "vibenv::registry::ended"
    assert ids(spare) == []


@pytest.mark.parametrize("at", ["registry", "dagger"])
def test_ctrl_c_leaves_no_component_half_made(spare: Docker, engine: Engine, at: str) -> None:
    cancelled = threading.Event()

    def progress(step: Step) -> None:
        if (step.step, step.state) == (at, StepState.RUNNING):
            cancelled.set()

    with pytest.raises(Interrupted):
        stack.up(engine, SETTINGS, progress=progress, cancelled=cancelled)
    assert len(ids(spare)) == (0 if at == "registry" else 1)
    assert done(up(engine)) == ["created" if at == "registry" else None, "created"]
