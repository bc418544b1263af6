"""What all tests share: the real Nushell and Docker engines they drive, and a guard that nothing stays.

Marks follow from fixtures: a test that takes `docker_engine` is an engine test. An engine that cannot be had
fails the tests that need it; `--without-engine` is how to leave them out.
"""

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import leftovers, recipes
from tests.stack.engine import Engine, Version, claimed

MARKS = {
    "docker_engine": "engine",
    "nu_binary": "nu",
    "nu_binaries": "nu",
    "launcher": "dagger",
    "tmux": "tmux",
}
"""The mark of a test that uses the fixture, directly or through another one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-engine", action="store_true", help="leave out the tests that need a Docker engine"
    )
    parser.addoption("--engines", default="20,28", help="versions of Docker to run them on (default: 20,28)")


def pytest_configure(config: pytest.Config) -> None:
    os.environ[leftovers.MARK] = uuid.uuid4().hex
    # The user's own hosts and settings are not the tests'.
    for name in [
        name for name in os.environ if name.startswith(("DOCKER_", "VIBENV_", "_EXPERIMENTAL_DAGGER_"))
    ]:
        if name != leftovers.MARK:
            del os.environ[name]
    # Where the machine's packages come with a CA of its own, builds in containers need it too.
    if bundle := os.environ.get("SSL_CERT_FILE"):
        os.environ["VIBENV_CA_BUNDLE"] = bundle


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "docker_engine" in metafunc.fixturenames:
        versions = metafunc.config.getoption("engines").split(",")
        metafunc.parametrize("docker_engine", versions, indirect=True, scope="session")
    if "nu_binaries" in metafunc.fixturenames:
        metafunc.parametrize("nu_binaries", recipes.NUSHELL_VERSIONS, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in MARKS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKS[fixture])
    if config.getoption("without_engine"):
        left_out = [item for item in items if item.get_closest_marker("engine")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    deadline = time.monotonic() + 5
    while (left := list(leftovers.processes(os.environ[leftovers.MARK]))) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nfailed: the tests left these processes running:", *left, sep="\n  ")


@pytest.fixture(scope="session")
def docker_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A private Docker engine with the stack's images and nothing else; who uses it leaves it as it was."""
    version: Version = request.param
    with claimed("test", version) as engine:
        engine.up()
        engine.clean()
        yield engine
        left = engine.docker("container", "ls", "-a", "--format", "container {{.Names}}")
        left += engine.docker("volume", "ls", "--format", "volume {{.Name}}")
        engine.clean()
        engine.down()
    assert not left, f"the tests left these on the engine:\n{left}"


@pytest.fixture(scope="session")
def nu_binary() -> Path:
    """The `nu` of the version that vibenv is made for."""
    return recipes.nushell()


@pytest.fixture(scope="session")
def nu_binaries(request: pytest.FixtureRequest) -> Path:
    """The `nu` of each of the versions that vibenv is tested with, one after the other."""
    return recipes.nushell(request.param)
