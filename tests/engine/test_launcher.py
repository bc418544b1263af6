"""The launcher, built by a real Dagger engine and pulled by a real Docker engine."""

import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.stack.engine import Engine as Docker
from vibenv_core import dagger_cli, labels, tools
from vibenv_core import launcher as module
from vibenv_core import stack as the_stack
from vibenv_core.engine import Engine
from vibenv_core.errors import EngineError, Interrupted, Unreachable, VibenvError, WrongState
from vibenv_core.launcher import Launcher, create
from vibenv_core.model import Image, Progress, Step, StepState
from vibenv_core.settings import VERSION, Settings

LARGEST = 450_000_000
"""Bytes that the launcher may have, unpacked."""


def ignore(step: Step) -> None:
    """Progress that nobody looks at."""


def made(
    engine: Engine,
    settings: Settings,
    *,
    progress: Progress = ignore,
    cancelled: threading.Event | None = None,
    force: bool = False,
    env: Mapping[str, str] | None = None,
) -> Launcher:
    """`create` with this process's environment and `env`."""
    return create(
        engine,
        settings,
        env={**os.environ, **(env or {})},
        progress=progress,
        cancelled=cancelled or threading.Event(),
        force=force,
    )


def image(engine: Engine, settings: Settings) -> Image:
    found = engine.image(settings.launcher_image)
    assert found is not None
    return found


@pytest.fixture
def inside(docker_engine: Docker, launcher: Launcher) -> Callable[[str], str]:
    """Runs a shell line in a container of the launcher, with a session's mounts; gives what it wrote."""

    def run(line: str) -> str:
        argv = ["docker", "--host", docker_engine.url, "run", "--rm"]
        argv += ["-v", "/var/run/docker.sock:/run/docker.sock", "-v", "/run/dagger:/run/dagger"]
        argv += [launcher.image, "sh", "-euc", line]
        finished = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    return run


@pytest.fixture
def changed(
    monkeypatch: pytest.MonkeyPatch, stack: Engine, launcher: Launcher, settings: Settings
) -> Iterator[None]:
    """vibenv's own sources have one file more; afterwards the engine has the launcher that it had."""
    sources = dict(module._sources())
    with monkeypatch.context() as patch:
        patch.setattr(module, "_sources", lambda: {**sources, "vibenv_core/more.py": "more = 1\n"}.items())
        yield
    made(stack, settings)


def test_an_unchanged_launcher_is_there_at_once_and_nothing_is_asked_of_dagger(
    docker_engine: Docker, stack: Engine, launcher: Launcher, settings: Settings
) -> None:
    made(stack, settings)  # another test may have taken its tools away
    program = """
import json, sys, threading
from vibenv_core import hosts, launcher, settings
from vibenv_core.engine import Engine
engine = Engine.connect(hosts.resolve(sys.argv[1], {}))
never = threading.Event()
found = launcher.create(engine, settings.Settings(), env={"PATH": ""}, progress=print, cancelled=never)
print(json.dumps([found.cached, found.digest, "dagger" in sys.modules, found.took.total_seconds()]))
"""
    argv = [sys.executable, "-c", program, docker_engine.url]
    finished = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    cached, digest, dagger_imported, took_s = json.loads(finished.stdout)
    assert (cached, digest, dagger_imported) == (True, launcher.digest, False)
    assert took_s < 0.5


def test_the_launcher_is_no_larger_than_it_may_be(launcher: Launcher) -> None:
    assert 100_000_000 < launcher.size <= LARGEST


def test_the_launchers_labels_say_what_it_was_made_from(
    launcher: Launcher, stack: Engine, settings: Settings
) -> None:
    made(stack, settings)
    found = image(stack, settings)
    base = stack.image(settings.base_image)
    offered = stack.image(f"{settings.registry_address}/vibenv-base/{settings.base_image}")
    assert base is not None
    assert offered is not None
    assert found.labels[labels.VERSION] == VERSION
    assert found.labels[labels.RECIPE].startswith("sha256:")
    assert found.labels["org.opencontainers.image.base.name"] == settings.base_image
    assert found.labels["org.opencontainers.image.base.digest"] == offered.digest
    assert offered.id == base.id
    assert tools.holder(found) in [volume.name for volume in stack.volumes(labels.TOOLS)]


def test_the_registry_serves_what_the_engine_has(
    docker_engine: Docker, launcher: Launcher, settings: Settings, stack: Engine
) -> None:
    tools.remove(stack)
    stack.remove_image(launcher.image)
    docker_engine.docker("pull", "--quiet", launcher.image)
    assert image(stack, settings).digest == launcher.digest


def test_a_session_finds_its_programs_in_the_launcher(
    inside: Callable[[str], str], settings: Settings
) -> None:
    assert "dtach - version" in inside("dtach --version")
    assert inside("dagger version").split()[:2] == ["dagger", settings.dagger_version]
    assert settings.nushell_image.partition(":")[2].startswith(inside("nu --version").strip())
    assert "registry" in inside("docker ps --format '{{.Names}}'").split()
    assert inside("dagger --no-mod --command 'container | platform'").startswith("linux/")
    assert inside("python3 -c 'import ctypes, threading; print(1)'").strip() == "1"
    assert inside("echo $LANG").strip() == "C.UTF-8"


def test_vibenv_works_in_the_launcher_and_sees_the_same_host(inside: Callable[[str], str]) -> None:
    def nu(line: str) -> object:
        return json.loads(inside(f"nu -c 'use vibenv; {line} | to json'"))

    assert nu("vibenv list") == []
    assert nu("vibenv status | where component in [registry dagger] | get state") == ["running", "running"]
    assert inside("/opt/vibenv/bin/python -c 'import vibenv_core, dagger; print(1)'").strip() == "1"


def test_in_the_launcher_the_launcher_is_the_same(inside: Callable[[str], str], launcher: Launcher) -> None:
    found = json.loads(inside("nu -c 'use vibenv; vibenv create launcher | select cached digest | to json'"))
    assert found == {"cached": True, "digest": launcher.digest}


@pytest.mark.one_engine("20")
def test_nothing_that_only_the_build_needed_is_in_the_launcher(inside: Callable[[str], str]) -> None:
    assert inside("ls -A /tmp /run/ca-bundle.crt /var/lib/apt/lists 2>/dev/null || true").split() == [
        "/tmp:",
        "/var/lib/apt/lists:",
    ]
    assert inside("env | grep -e CERT -e INDEX -e MIRROR || true") == ""
    assert inside("command -v pip3 gcc || true") == ""
    assert inside(
        "find /opt/vibenv/src -name '*.py' | grep -c . | xargs test 30 -lt && echo compiled"
    ).strip()
    assert int(inside("find /opt/vibenv/src -name '*.pyc' | wc -l")) > 30


@pytest.mark.usefixtures("changed")
def test_a_changed_source_makes_a_new_launcher_and_the_old_one_goes(
    stack: Engine, settings: Settings
) -> None:
    before = image(stack, settings)
    steps: list[Step] = []
    new = made(stack, settings, progress=steps.append)
    assert not new.cached
    assert new.digest not in (None, before.digest)
    assert stack.image(before.id) is None
    done = [step.step for step in steps if step.state is StepState.DONE]
    assert done.index("vibenv") < done.index("publish")
    assert not [step.detail for step in steps if step.detail.startswith("Get:")], "apt ran again"
    assert made(stack, settings).cached


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("step", ["vibenv", "publish", "pull"])
def test_an_interrupted_build_leaves_the_launcher_as_it_was(
    stack: Engine, settings: Settings, step: str
) -> None:
    before = image(stack, settings)
    cancelled = threading.Event()

    def interrupt(seen: Step) -> None:
        if seen.step.startswith(step):
            cancelled.set()

    with pytest.raises(Interrupted):
        made(stack, settings, progress=interrupt, cancelled=cancelled)
    assert image(stack, settings) == before


@pytest.mark.usefixtures("changed")
def test_a_launcher_that_a_session_uses_stays_beside_the_new_one(
    docker_engine: Docker, stack: Engine, settings: Settings
) -> None:
    before = image(stack, settings)
    session = docker_engine.docker("run", "-d", before.id, "sleep", "600").strip()
    try:
        assert made(stack, settings).digest != before.digest
        assert stack.image(before.id) is not None
    finally:
        docker_engine.docker("rm", "--force", session)
    stack.remove_image(before.id)


def test_without_its_stack_the_launcher_cannot_be_built(engine: Engine, settings: Settings) -> None:
    with pytest.raises(WrongState) as caught:
        made(engine, settings, force=True)
    assert caught.value.code == "vibenv::stack::not_running"
    assert caught.value.help is not None
    assert "vibenv up" in caught.value.help


def failed(stack: Engine, settings: Settings, *, force: bool = False, **env: str) -> VibenvError:
    """The error of a build that fails, after which the engine has the launcher that it had."""
    before = stack.image(settings.launcher_image)
    with pytest.raises(VibenvError) as caught:
        made(stack, settings, force=force, env=env)
    assert stack.image(settings.launcher_image) == before
    return caught.value


@pytest.mark.one_engine("20")
def test_a_dagger_engine_that_cannot_be_reached_is_told_as_that(
    stack: Engine, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    found = failed(stack, settings, force=True, PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert isinstance(found, Unreachable)
    assert found.code == "vibenv::dagger::unreachable"


def test_the_dagger_cli_is_copied_from_the_engine_once(
    stack: Engine, settings: Settings, tmp_path: Path
) -> None:
    def found() -> Path:
        env = {"PATH": "", "XDG_CACHE_HOME": str(tmp_path)}
        cli = dagger_cli.for_engine(stack, settings.dagger_version, env=env, cancelled=threading.Event())
        return Path(cli)

    first = found()
    inode = first.stat().st_ino
    said = subprocess.run([first, "version"], capture_output=True, text=True, check=True).stdout
    assert said.split()[1] == settings.dagger_version
    assert found().stat().st_ino == inode
    assert list(first.parent.iterdir()) == [first]


@pytest.mark.one_engine("20")
def test_an_image_that_cannot_be_pulled_is_named(stack: Engine, settings: Settings) -> None:
    elsewhere = dataclasses.replace(settings, docker_cli_image="nowhere.invalid/docker:28-cli")
    found = failed(stack, elsewhere)
    assert isinstance(found, Unreachable)
    assert found.code == "vibenv::launcher::no_network"
    assert "`nowhere.invalid/docker:28-cli`" in found.message


@pytest.mark.one_engine("20")
def test_packages_that_cannot_be_fetched_are_told_with_their_step(stack: Engine, settings: Settings) -> None:
    found = failed(stack, dataclasses.replace(settings, apt_mirror="http://127.0.0.1:9/debian"), force=True)
    assert isinstance(found, Unreachable)
    assert found.code == "vibenv::launcher::no_network"
    assert "packages`" in found.message


@pytest.mark.one_engine("20")
def test_a_package_with_another_hash_ends_the_build_with_the_last_lines(
    stack: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"msgpack==1.2.4 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(module, "_LOCK", lock)
    found = failed(stack, settings)
    assert isinstance(found, EngineError)
    assert found.code == "vibenv::launcher::step_failed"
    assert "the step `Python packages`" in found.message
    assert "0" * 64 in found.message


def up_without_space(docker: Docker, engine: Engine, settings: Settings) -> None:
    """Bring up a stack whose registry has room for less than an image."""
    published = f"127.0.0.1:{settings.registry_port}:5000"
    tmpfs = "/var/lib/registry:size=16m"
    docker.docker(
        "run", "-d", "--name", "registry", "-p", published, "--tmpfs", tmpfs, settings.registry_image
    )
    the_stack.up(engine, settings, progress=ignore, cancelled=threading.Event())


def test_a_registry_without_space_is_told_as_that(spare: Docker, engine: Engine, settings: Settings) -> None:
    up_without_space(spare, engine, settings)
    found = failed(engine, settings, force=True)
    assert isinstance(found, EngineError)
    assert found.code == "vibenv::registry::disk_full"


@pytest.mark.usefixtures("spare_launcher")
@pytest.mark.one_engine("28")
def test_a_registry_without_space_for_the_launcher_that_it_lost_is_told_as_that(
    spare: Docker, engine: Engine, settings: Settings
) -> None:
    up_without_space(spare, engine, settings)
    found = failed(engine, settings)
    assert isinstance(found, EngineError)
    assert found.code == "vibenv::registry::disk_full"


@pytest.mark.one_engine("28")
def test_a_registry_that_lost_the_launcher_gets_it_from_the_engine(
    spare: Docker, spare_launcher: str, engine: Engine, settings: Settings
) -> None:
    assert made(engine, settings).cached, "without a registry there is nothing to mend"
    the_stack.up(engine, settings, progress=ignore, cancelled=threading.Event())
    assert engine.published(spare_launcher) is None
    again = made(engine, settings)
    assert again.cached
    assert engine.published(spare_launcher) == again.digest == image(engine, settings).digest
    spare.docker("pull", "--quiet", spare_launcher)
    assert made(engine, settings).digest == again.digest
