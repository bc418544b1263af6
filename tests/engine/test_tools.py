"""The tools volume on a real engine, and what is in it, run in images that have nothing of it."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stack import images
from tests.stack.engine import Engine as Docker
from vibenv_core import labels, tools
from vibenv_core import stack as the_stack
from vibenv_core.engine import Engine
from vibenv_core.errors import Foreign, NotFound
from vibenv_core.launcher import Launcher
from vibenv_core.model import ContainerSpec, Image, Step, StepState
from vibenv_core.settings import Settings
from vibenv_core.supervisor import TOOLS
from vibenv_core.tools_recipe import MARKER

LARGEST = 20_000_000
"""Bytes that the tools may have."""
NEVER = threading.Event()
LOOK = f"""
import ctypes, json, os

emulator = ctypes.CDLL("{TOOLS}/lib/libghostty-vt.so")
found = [os.path.join(folder, name) for folder, _, names in os.walk("{TOOLS}") for name in names]
mapped = {{line.split()[5] for line in open("/proc/self/maps") if ".so" in line}}
print(json.dumps({{
    "emulator": hasattr(emulator, "ghostty_terminal_new"),
    "size": sum(os.lstat(path).st_size for path in found),
    "sources": [path for path in found if path.endswith(".py")],
    "foreign": [path for path in mapped if not path.startswith("{TOOLS}/")],
    "user": os.getuid(),
}}))
"""
"""What the tools' Python says of the tools, wherever it runs."""


def names(engine: Engine) -> list[str]:
    """The volumes of tools that are there."""
    return [volume.name for volume in engine.volumes(labels.TOOLS)]


def quiet(_step: Step) -> None:
    """Progress that nobody looks at."""


@pytest.fixture
def image(stack: Engine, launcher: Launcher) -> Image:
    """The launcher, whose tools are not on the engine; nor are they after the test."""
    found = stack.image(launcher.image)
    assert found is not None
    tools.remove(stack)
    return found


@pytest.fixture
def holder(stack: Engine, image: Image) -> str:
    """The holder of the launcher's tools."""
    tools.make(stack, image, progress=quiet, cancelled=NEVER)
    return tools.holder(image)


def whole(engine: Engine, holder: str) -> bool:
    return engine.stat_path(holder, MARKER) is not None


@pytest.mark.usefixtures("others_images")
@pytest.mark.parametrize(
    ("of", "options"),
    [
        (images.BASE, ["--read-only", "--user", "65534", "--cap-drop", "ALL"]),
        (images.MUSL, []),
        (images.SCRATCH, ["--network", "none"]),
    ],
)
def test_the_tools_run_in_any_image_and_use_nothing_of_it(
    docker_engine: Docker, holder: str, of: str, options: list[str]
) -> None:
    # Preloaded by the image of musl is what ends any program of another C library.
    options = [*options, "--volumes-from", f"{holder}:ro", "--env", "LD_PRELOAD="]
    options += ["--entrypoint", f"{TOOLS}/bin/python3"]
    said = json.loads(docker_engine.docker("run", "--rm", *options, of, "-I", "-S", "-c", LOOK))
    assert said["emulator"]
    assert said["size"] <= LARGEST
    assert not said["sources"]
    assert not said["foreign"]
    assert said["user"] == (0 if of == images.SCRATCH else 65534)


@pytest.mark.usefixtures("others_images")
def test_dtach_is_there_where_the_image_has_none(docker_engine: Docker, holder: str) -> None:
    options = ["--volumes-from", f"{holder}:ro", "--entrypoint", f"{TOOLS}/bin/dtach"]
    assert "version" in docker_engine.docker("run", "--rm", *options, images.SCRATCH, "--version")


def test_making_tools_that_are_there_makes_nothing_and_says_nothing(stack: Engine, image: Image) -> None:
    steps: list[Step] = []
    tools.make(stack, image, progress=steps.append, cancelled=NEVER)
    made = stack.inspect(tools.holder(image))
    tools.make(stack, image, progress=steps.append, cancelled=NEVER)
    assert stack.inspect(tools.holder(image)) == made
    said = [(step.step, step.state) for step in steps]
    assert said == [(tools.STEP, StepState.RUNNING), (tools.STEP, StepState.DONE)]


@pytest.fixture
def labelled(docker_engine: Docker, stack: Engine, image: Image) -> Iterator[Callable[[str], Image]]:
    """The launcher once more, as another image that has a label of `NAME=VALUE`."""
    made: list[str] = []

    def make(label: str) -> Image:
        container = docker_engine.docker("create", image.id).strip()
        made.append(f"vibenv-test/labelled:{len(made)}")
        docker_engine.docker("commit", "--change", f"LABEL {label}", container, made[-1])
        docker_engine.docker("rm", container)
        found = stack.image(made[-1])
        assert found is not None
        return found

    yield make
    tools.remove(stack)
    for name in made:
        stack.remove_image(name)


def test_the_holder_keeps_no_older_launcher_of_the_same_tools(
    stack: Engine, holder: str, labelled: Callable[[str], Image]
) -> None:
    newer = labelled("newer=1")
    tools.make(stack, newer, progress=quiet, cancelled=NEVER)
    there = stack.inspect(holder)
    assert there is not None
    assert there.image == newer.id
    assert whole(stack, holder)


def test_newer_tools_are_made_beside_older_ones_which_can_be_removed(
    stack: Engine, holder: str, labelled: Callable[[str], Image]
) -> None:
    newer = labelled(f"{labels.TOOLS}=sha256:{'f' * 64}")
    tools.make(stack, newer, progress=quiet, cancelled=NEVER)
    assert names(stack) == sorted([holder, tools.holder(newer)])
    tools.remove(stack, but=tools.holder(newer))
    assert names(stack) == [tools.holder(newer)]
    assert stack.inspect(holder) is None
    assert whole(stack, tools.holder(newer))


def test_of_many_that_make_the_tools_at_once_one_does_and_all_have_them(stack: Engine, image: Image) -> None:
    begin = threading.Barrier(6)

    def make(_number: int) -> bool:
        begin.wait(10)
        tools.make(stack, image, progress=quiet, cancelled=NEVER)
        return whole(stack, tools.holder(image))

    with ThreadPoolExecutor(6) as several:
        assert all(several.map(make, range(6)))


@pytest.mark.usefixtures("others_images")
def test_a_volume_that_was_left_half_filled_is_made_anew(
    docker_engine: Docker, stack: Engine, image: Image
) -> None:
    name = tools.holder(image)
    stack.create_volume(name, {labels.TOOLS: "half"})
    mounted = [f"{name}:/half", images.SCRATCH]
    docker_engine.docker("run", "--rm", "--volume", *mounted, "/busybox", "touch", "/half/left")
    tools.make(stack, image, progress=quiet, cancelled=NEVER)
    assert whole(stack, name)
    assert stack.stat_path(name, f"{TOOLS}/left") is None


@pytest.mark.usefixtures("others_images")
def test_somebody_elses_volume_of_the_name_is_refused_and_left(
    docker_engine: Docker, stack: Engine, image: Image
) -> None:
    name = tools.holder(image)
    mounted = [f"{name}:/half", images.SCRATCH]
    docker_engine.docker("run", "--rm", "--volume", *mounted, "/busybox", "touch", "/half/left")
    with pytest.raises(Foreign):
        tools.make(stack, image, progress=quiet, cancelled=NEVER)
    tools.remove(stack)
    assert stack.volume_labels(name) == {}
    stack.remove_volume(name)


def test_a_container_without_its_holder_is_refused(stack: Engine, image: Image) -> None:
    missing = (f"{tools.holder(image)}:ro",)
    spec = ContainerSpec(name="vibenv-without", image=image.id, labels={}, volumes_from=missing)
    with pytest.raises(NotFound) as caught:
        stack.create(spec)
    assert tools.holder(image) in caught.value.message


def test_what_prunes_volumes_leaves_the_tools(docker_engine: Docker, stack: Engine, holder: str) -> None:
    every = [] if docker_engine.version == "20" else ["--all"]
    docker_engine.docker("volume", "prune", "--force", *every)
    assert whole(stack, holder)


def test_tools_that_a_session_uses_stay_without_their_holder_and_go_after_it(
    docker_engine: Docker, stack: Engine, holder: str
) -> None:
    using = ["run", "-d", "--volumes-from", f"{holder}:ro", "--entrypoint", "sleep", images.BASE, "inf"]
    session = docker_engine.docker(*using).strip()
    try:
        tools.remove(stack)
        assert stack.inspect(holder) is None
        docker_engine.docker("restart", "--time", "0", session)
        argv = [f"{TOOLS}/bin/python3", "-I", "-S", "-c", "print(1)"]
        assert docker_engine.docker("exec", session, *argv) == "1\n"
    finally:
        docker_engine.docker("rm", "--force", session)
    assert stack.volume_labels(holder) is not None
    tools.remove(stack)
    assert stack.volume_labels(holder) is None


def test_a_stack_that_is_taken_down_takes_unused_tools_with_it(
    spare_launcher: str, engine: Engine, settings: Settings
) -> None:
    found = engine.image(spare_launcher)
    assert found is not None
    tools.make(engine, found, progress=quiet, cancelled=NEVER)
    the_stack.down(engine, settings)
    assert engine.inspect(tools.holder(found)) is None
    assert names(engine) == []
