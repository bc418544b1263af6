"""`try.sh`, on a machine of its own as far as it can tell: its own network, /run, home and checkout."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import clean
from tests.stack import cache, images, recipes
from tests.stack.engine import Engine, Version, wait_until

pytestmark = pytest.mark.one_engine("28")

ROOT = Path(__file__).parent.parent
NOT_PART = (".git", ".venv", ".try", "*_cache", "__pycache__", ".hypothesis")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a user has the checkout, in an engine's namespaces."""

    engine: Engine
    checkout: Path
    environment: Mapping[str, str]

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a command there, with nobody at the terminal."""
        return subprocess.run(
            self.engine.inside(argv), cwd=self.checkout, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=800,
        )  # fmt: skip

    def tried(self, *arguments: str) -> str:
        """What `try.sh` prints; it has to succeed."""
        done = self.run("sh", str(self.checkout / "try.sh"), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def own_engine(engine_version: Version) -> Iterator[Engine]:
    """An engine for one test, which may change its images and what is mounted in its namespaces."""
    with clean("own", engine_version) as engine:
        yield engine
        if not engine.answers():
            engine.start_daemon()


@pytest.fixture
def machine(own_engine: Engine, tmp_path: Path) -> Machine:
    checkout, home = tmp_path / "vibenv", tmp_path / "home"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(*NOT_PART), symlinks=True)
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "VIBENV_CA"))}
    environment = kept | {
        "HOME": str(home),
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "XDG_CACHE_HOME": str(cache.root().parent),
        "PIP_CACHE_DIR": str(cache.root() / "pip"),
        "VIBENV_ENGINE_DATA": str(tmp_path / "engine"),
    }
    return Machine(own_engine, checkout, environment)


@pytest.mark.timeout(900)
def test_without_an_engine_one_is_started_and_images_are_built_and_all_of_it_goes_again(
    machine: Machine,
) -> None:
    machine.engine.stop_daemon()
    before = contents(machine)

    first = machine.tried()
    made = contents(machine)
    second = machine.tried()

    assert "registry" in first
    assert "my-task" in first
    assert "sh try.sh --shell" in first
    assert "Official images cannot be pulled here" in first
    assert "Official images" not in second
    assert "This sets up" not in second
    assert contents(machine) == made
    listed = machine.tried("--shell", "-c", "use vibenv; vibenv list | select name state | to json --raw")
    assert json.loads(listed) == [{"name": "my-task", "state": "running"}]

    down = machine.tried("--down")
    assert "removed the session my-task" in down
    assert contents(machine) == before
    assert not Path(machine.environment["VIBENV_ENGINE_DATA"]).exists()
    assert not machine.engine.answers()
    assert machine.tried("--down") == "There is nothing to take away.\n"


def test_a_shell_before_anything_is_set_up_says_what_to_type(machine: Machine) -> None:
    done = machine.run("sh", str(machine.checkout / "try.sh"), "--shell", "-c", "1")
    assert done.returncode == 1
    assert done.stderr == "Nothing is set up yet: sh try.sh\n"


def test_official_images_are_pulled_where_a_registry_serves_them(own_engine: Engine, tmp_path: Path) -> None:
    with official_registries(own_engine, tmp_path) as engine:
        get_images(engine, tmp_path)
        assert (tmp_path / "to-build").read_text() == ""
        before = json.loads((tmp_path / "before.json").read_text())
        assert before["containers"] == []
        assert not set(before["images"]) & set(images.ALL)
        for name in images.ALL:
            assert engine.docker("image", "inspect", "--format", "{{.RepoDigests}}", name) != "[]\n"


def test_what_no_registry_serves_is_left_to_be_built(own_engine: Engine, tmp_path: Path) -> None:
    with official_registries(own_engine, tmp_path, without=images.NUSHELL) as engine:
        get_images(engine, tmp_path)
    reason, socket, names = (tmp_path / "to-build").read_text().splitlines()
    assert reason
    assert socket == "/var/run/docker.sock"
    assert names == images.NUSHELL


def get_images(engine: Engine, folder: Path) -> None:
    """What `try.sh` does for the images, on an engine that has none."""
    engine.docker("image", "rm", "--force", *images.ALL)
    argv = [str(ROOT / ".venv/bin/python"), "-m", "tests.stack.trial", "images", str(folder)]
    subprocess.run(engine.inside(["env", "-C", str(ROOT), *argv]), check=True)


@contextmanager
def official_registries(engine: Engine, folder: Path, without: str = "") -> Iterator[Engine]:
    """The engine, for which a registry of ours stands at the addresses of the official ones."""
    (folder / "hosts").write_text("127.0.0.1 localhost registry.dagger.io ghcr.io\n")
    (folder / "config.yml").write_text(
        "version: 0.1\nhttp: {addr: ':80'}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\n"
    )
    subprocess.run(engine.inside(["mount", "--bind", str(folder / "hosts"), "/etc/hosts"]), check=True)
    program = recipes.debian_package("docker-registry") / "usr/bin/docker-registry"
    serve = engine.inside([str(program), "serve", str(folder / "config.yml")])
    with (
        (folder / "registry.log").open("w") as log,
        subprocess.Popen(serve, stdout=log, stderr=log) as registry,
    ):
        try:
            asked = engine.inside(["bash", "-c", ": </dev/tcp/127.0.0.1/80"])
            wait_until(
                lambda: subprocess.run(asked, stderr=log, check=False).returncode == 0, 20, "the registry"
            )
            for name in images.ALL:
                if name != without:
                    served = f"localhost:80/{path_in_registry(name)}"
                    engine.docker("tag", name, served)
                    engine.docker("push", "--quiet", served)
                    engine.docker("image", "rm", served)
            insecure = {"insecure-registries": ["registry.dagger.io", "ghcr.io"]}
            mirrored = replace(engine, options=insecure | {"registry-mirrors": ["http://127.0.0.1"]})
            mirrored.stop_daemon()
            mirrored.start_daemon()
            yield mirrored
        finally:
            subprocess.run(engine.inside(["pkill", "-x", "docker-registry"]), check=False)
            registry.wait()


def path_in_registry(name: str) -> str:
    """Where a registry has the image of an official name."""
    host, _, path = name.partition("/")
    return path if "." in host else f"library/{name}"


def contents(machine: Machine) -> list[str]:
    """What is in the user's home and checkout, but for what merely running something leaves."""
    folders = (machine.checkout, Path(machine.environment["HOME"]))
    paths = (path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return sorted(str(path) for path in paths if path.suffix not in {".log", ".pid"})
