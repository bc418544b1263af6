"""What all tests share: the real Nushell and Docker engines they drive, and a guard that nothing stays.

Marks follow from fixtures: a test that takes `docker_engine` is an engine test. An engine that cannot be had
fails the tests that need it; `--without-engine` is how to leave them out.
"""

import contextlib
import os
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import get_args

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

from tests.stack import archive, cache, images, leftovers, recipes
from tests.stack.engine import Engine, Version, claimed
from vibenv_core import stack as the_stack
from vibenv_core.engine import Engine as DockerEngine
from vibenv_core.hosts import resolve
from vibenv_core.labels import DAGGER_CACHE, REGISTRY
from vibenv_core.launcher import Launcher, create
from vibenv_core.offer import offer
from vibenv_core.settings import Settings

MARKS = {
    "engine_version": "engine",
    "nu_binary": "nu",
    "nu_binaries": "nu",
    "launcher": "dagger",
    "tmux": "tmux",
}
"""The mark of a test that uses the fixture, directly or through another one."""
APART = {"tests/test_try.py"}
"""Files whose tests share no engine with others; they have a process to themselves while they run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-engine", action="store_true", help="leave out tests that need a Docker engine"
    )
    parser.addoption(
        "--engines", default="20,28", help="versions of Docker: some of 20,28,29 (default: 20,28)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "one_engine(version): runs on that one only; versions make no difference"
    )
    if not _is_worker(config):
        os.environ[leftovers.MARK] = uuid.uuid4().hex
    # The user's own hosts and settings are not the tests'.
    for name in [
        name for name in os.environ if name.startswith(("DOCKER_", "VIBENV_", "_EXPERIMENTAL_DAGGER_"))
    ]:
        if name != leftovers.MARK:
            del os.environ[name]
    # What is ignored here (by nohup, say) would be ignored by every program that a test starts.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Where the machine's packages come with a CA of its own, builds in containers need it too.
    if bundle := os.environ.get("SSL_CERT_FILE"):
        os.environ["VIBENV_CA_BUNDLE"] = bundle


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine_version" in metafunc.fixturenames:
        versions = metafunc.config.getoption("engines").split(",")
        if one := metafunc.definition.get_closest_marker("one_engine"):
            versions = [*(version for version in versions if version in one.args), *versions][:1]
        metafunc.parametrize("engine_version", versions, indirect=True, scope="session")
    if "nu_binaries" in metafunc.fixturenames:
        versions = recipes.NUSHELL_VERSIONS
        if not metafunc.module.__name__.startswith("tests.sdk."):
            versions = (versions[0], versions[-1])  # the SDK's tests see to what differs between them
        metafunc.parametrize("nu_binaries", versions, indirect=True, scope="session")


class _ByEngine(LoadScopeScheduling):  # type: ignore[misc]  # xdist's class is not typed
    """Runs the tests of one version of Docker in one process, where they share an engine, others by file."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, name = nodeid.partition("::")
        version = name.partition("[")[2].rstrip("]").partition("-")[0]
        return version if version in get_args(Version) and file not in APART else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    config.option.loadscopereorder = (
        False  # by the number of tests, which tells nothing of how long they take
    )
    return _ByEngine(config, log)


def _is_worker(config: pytest.Config) -> bool:
    """Whether this is one of several processes that pytest-xdist runs the tests in."""
    return hasattr(config, "workerinput")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in MARKS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKS[fixture])
        if item.get_closest_marker("dagger") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(600))  # the first of them waits for the launcher to be built
    items.sort(key=_turn)
    if config.getoption("without_engine"):
        left_out = [item for item in items if item.get_closest_marker("engine")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _turn(item: pytest.Item) -> int:
    """When a test begins: what takes longest goes first, so that no process is left alone with it."""
    if item.location[0] in APART:
        return 0
    return 1 if item.get_closest_marker("engine") else 2


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _is_worker(session.config):
        return
    deadline = time.monotonic() + 5
    while (left := list(leftovers.processes(os.environ[leftovers.MARK]))) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nfailed: the tests left these processes running:", *left, sep="\n  ")


@pytest.fixture(scope="session")
def engine_version(request: pytest.FixtureRequest) -> Version:
    """The version of the engines that a test gets: each of `--engines`, one after the other."""
    version: Version = request.param
    return version


@pytest.fixture(scope="session")
def docker_engine(engine_version: Version) -> Iterator[Engine]:
    """A private Docker engine with the stack's images; tests leave nothing on it that they did not find.

    Dagger's cache alone stays from one run to the next: it goes by content, as the images do.
    """
    with clean("test", engine_version, keep=[DAGGER_CACHE]) as engine:
        yield engine
        left = engine.docker("container", "ls", "-a", "--format", "container {{.Names}}").splitlines()
        left += engine.docker("volume", "ls", "--format", "volume {{.Name}}").splitlines()
    assert set(left) <= {f"volume {DAGGER_CACHE}"}, f"the tests left these on the engine: {left}"


@pytest.fixture(scope="session")
def spare_engine(engine_version: Version) -> Iterator[Engine]:
    """A second engine, with the stack's images."""
    with clean("spare", engine_version) as engine:
        yield engine


@pytest.fixture
def spare(spare_engine: Engine) -> Iterator[Engine]:
    """The second engine, empty but for images, and free to be broken; it is mended after the test."""
    yield spare_engine
    if not spare_engine.answers():
        (spare_engine.run / "docker.pid").unlink(missing_ok=True)
        spare_engine.start_daemon()
    spare_engine.clean()


@contextlib.contextmanager
def clean(purpose: str, version: Version, *, keep: Collection[str] = ()) -> Iterator[Engine]:
    """An engine that runs in the body, and before and after it has no containers, and of volumes `keep`."""
    with claimed(purpose, version) as engine:
        try:
            engine.up()
            engine.clean(keep=keep)
            yield engine
            engine.clean(keep=keep)
        finally:
            engine.down()


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Where images and packages come from, as the machine's environment says."""
    return Settings.from_environment(os.environ)


@pytest.fixture(scope="session")
def stack(docker_engine: Engine, settings: Settings) -> Iterator[DockerEngine]:
    """vibenv's own connection to `docker_engine`, where the registry and the Dagger engine run."""
    host = DockerEngine.connect(resolve(docker_engine.url, {}))
    the_stack.up(host, settings, progress=lambda _step: None, cancelled=threading.Event())
    offer_images(docker_engine, host, settings)
    yield host
    the_stack.down(host, settings)


def offer_images(docker: Engine, host: DockerEngine, settings: Settings) -> None:
    """Push the images that the launcher is built from, which Docker packs for half a minute.

    What an earlier run pushed is linked into the registry instead: it writes no file of an image twice.
    """
    content = Path(docker.docker("inspect", "-f", "{{range .Mounts}}{{.Source}}{{end}}", REGISTRY).strip())
    kept = docker.data / f"offered-{cache.digest(*(make().recipe for make in images.ALL.values()))}"
    if kept.exists():
        shutil.copytree(kept, content, copy_function=os.link, dirs_exist_ok=True)
    offer(host, settings, images.ALL, progress=lambda _step: None, cancelled=threading.Event())
    if not kept.exists():
        for old in docker.data.glob("offered-*"):
            shutil.rmtree(old)
        half = docker.data / "offered-half"
        shutil.copytree(content, half, copy_function=os.link)
        half.rename(kept)


@pytest.fixture(scope="session")
def launcher(stack: DockerEngine, settings: Settings) -> Launcher:
    """The launcher image, built on the engine once for all tests, whatever it has from an earlier run."""
    if stack.image(settings.launcher_image):
        stack.remove_image(settings.launcher_image)
    return create(
        stack, settings, env=os.environ, progress=lambda _step: None, cancelled=threading.Event(), force=False
    )


@pytest.fixture(scope="session")
def others_images(docker_engine: Engine) -> None:
    """The engine has `images.MUSL` and `images.SCRATCH`, which nobody made for vibenv."""
    archive.load(docker_engine.socket, [make() for make in images.FOR_SESSIONS.values()])


@pytest.fixture(scope="session")
def nu_binary() -> Path:
    """The `nu` of the version that vibenv is made for."""
    return recipes.nushell()


@pytest.fixture(scope="session")
def nu_binaries(request: pytest.FixtureRequest) -> Path:
    """The `nu` of each of the versions that vibenv is tested with, one after the other."""
    return recipes.nushell(request.param)
