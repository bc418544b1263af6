"""What the tests of the engine share: sessions that go away again, and an engine that may be broken."""

import contextlib
import dataclasses
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from tests.stack.engine import Engine as Docker
from vibenv_core import hosts, labels, sessions
from vibenv_core.engine import Engine
from vibenv_core.launcher import Launcher
from vibenv_core.model import Session, Wish
from vibenv_core.settings import Settings


class Launch(Protocol):
    """Launches a session that runs `bash`, unless something else is wished; it is removed after the test."""

    def __call__(self, name: str, **wishes: Any) -> Session: ...


def launching(engine: Engine, settings: Settings) -> Launch:
    """Launch on `engine`, as `sessions.launch` does; `wishes` are of `Wish`, or `reuse` or `cancelled`."""

    def launch(
        name: str, *, reuse: bool = False, cancelled: threading.Event | None = None, **wishes: Any
    ) -> Session:
        doing: dict[str, Any] = {"progress": lambda _step: None, "cancelled": cancelled or threading.Event()}
        wish = Wish(**{"command": ["bash"], **wishes})
        basis = sessions.look(engine, settings, image=wish.image, **doing)
        return sessions.launch(engine, basis, name, wish, reuse=reuse, **doing)

    return launch


def remove_all(engine: Engine) -> None:
    """Remove every session, and the recordings that were kept of others."""
    for session in sessions.list_sessions(engine):
        sessions.remove(engine, session.name, force=True)
    for recording in engine.volumes(labels.LOG):
        engine.remove_volume(recording.name)


@pytest.fixture
def launch(stack: Engine, launcher: Launcher, settings: Settings) -> Iterator[Launch]:
    """Launches sessions on the engine that all tests share."""
    yield launching(stack, settings)
    remove_all(stack)


@pytest.fixture
def container(docker_engine: Docker) -> Iterator[Callable[..., None]]:
    """Makes a container with `docker create NAME`, as somebody else would; removed after the test."""
    made: list[str] = []

    def create(name: str, *options: str) -> None:
        made.append(name)
        docker_engine.docker("create", "--name", name, *options, "debian:stable-slim", "sleep", "inf")

    yield create
    for name in made:
        docker_engine.docker("rm", "-f", name)


@pytest.fixture
def engine(spare: Docker) -> Engine:
    """vibenv's connection to `spare`."""
    return connect(spare)


def connect(docker: Docker) -> Engine:
    """vibenv's connection to an engine."""
    return Engine.connect(hosts.resolve(docker.url, {}))


@pytest.fixture
def spare_launcher(docker_engine: Docker, spare: Docker, launcher: Launcher) -> str:
    """The launcher on `spare` too."""
    if launcher_id(docker_engine, launcher) == launcher_id(spare, launcher):
        return launcher.image
    argv = ["docker", "--host", docker_engine.url, "save", launcher.image]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as saving:
        subprocess.run(
            ["docker", "--host", spare.url, "load"], stdin=saving.stdout, check=True, capture_output=True
        )
    return launcher.image


def launcher_id(docker: Docker, launcher: Launcher) -> str:
    """The id of the launcher's image on an engine, nothing where it has none."""
    return docker.docker("image", "ls", "--no-trunc", "--quiet", launcher.image)


@contextlib.contextmanager
def without_live_restore(spare: Docker) -> Iterator[Docker]:
    """The engine `spare` set up so that containers end when its dockerd does; afterwards as it was."""
    mortal = dataclasses.replace(spare, options={"live-restore": False})
    spare.stop_daemon()
    mortal.start_daemon()
    try:
        yield mortal
    finally:
        mortal.stop_daemon()
        spare.start_daemon()
