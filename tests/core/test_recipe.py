"""The launcher's recipe and its digest."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

import vibenv_core
from vibenv_core import recipe, tools_recipe
from vibenv_core.recipe import Configure, Files, Layers, Run, Take
from vibenv_core.settings import Settings

SOURCES = {
    "vibenv_core/__init__.py": "one = 1\n",
    "vibenv_core/supervisor/__main__.py": "two = 2\n",
    "nu_plugin_vibenv/nu/vibenv/mod.nu": "export def main [] {}\n",
}
LOCK = "msgpack==1.2.4 --hash=sha256:00\n"
IDS = {"debian:stable-slim": "sha256:01"}


def launcher(**settings: str) -> Layers:
    given = {f"VIBENV_{name.upper()}": value for name, value in settings.items()}
    return launcher_of(Settings.from_environment(given))


def launcher_of(settings: Settings, *, sources: Mapping[str, str] = SOURCES, lock: str = LOCK) -> Layers:
    tools = tools_recipe.tools(settings, sources=sources, lock=lock)
    return recipe.launcher(settings, tools=tools, sources=sources, lock=lock)


def test_the_same_inputs_give_the_same_digest() -> None:
    assert launcher().digest(IDS) == launcher().digest(dict(IDS))
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", launcher().digest(IDS))


@pytest.mark.parametrize("image", ["base_image", "engine_image", "nushell_image", "docker_cli_image"])
def test_another_image_gives_another_digest(image: str) -> None:
    assert launcher(**{image: "example/other:1"}).digest({}) != launcher().digest({})


def test_a_rebuilt_image_of_the_same_name_gives_another_digest() -> None:
    assert launcher().digest({"debian:stable-slim": "sha256:02"}) != launcher().digest(IDS)


def test_a_changed_source_gives_another_digest() -> None:
    changed = {**SOURCES, "vibenv_core/__init__.py": "one = 2\n"}
    assert launcher_of(Settings(), sources=changed).digest({}) != launcher().digest({})


def test_a_changed_lock_gives_another_digest() -> None:
    assert launcher_of(Settings(), lock="").digest({}) != launcher().digest({})


def test_where_packages_come_from_is_not_part_of_the_digest() -> None:
    mirrored = launcher(
        apt_mirror="http://mirror.example/debian", pip_index_url="https://index.example/simple"
    )
    assert mirrored.digest({}) == launcher().digest({})


def test_the_order_of_files_is_not_part_of_the_digest() -> None:
    reordered = launcher_of(Settings(), sources=dict(reversed(SOURCES.items())))
    assert reordered.digest({}) == launcher().digest({})


def test_the_base_comes_first_among_the_images_and_each_is_named_once() -> None:
    images = launcher().images()
    defaults = Settings()
    assert images[0] == defaults.base_image
    assert sorted(images) == sorted(
        {defaults.base_image, defaults.docker_cli_image, defaults.engine_image, defaults.nushell_image}
    )


def test_parts_that_others_need_come_before_them() -> None:
    titles = [part.title for part in launcher().parts()]
    assert titles[-1] == "vibenv"
    assert len(titles) == len(set(titles)) == 9


def test_layers_survive_the_way_through_json() -> None:
    layers = Layers(
        title="all kinds",
        base=Layers(title="below", base="debian"),
        layers=(
            Run(script="true"),
            Files(folder="/a", files={"b": "c"}),
            Take(source=Layers(title="other", base="alpine"), path="/bin/x"),
            Configure(environment={"A": "1"}, labels={"l": "2"}, command=("nu", "-c")),
        ),
    )
    assert recipe.from_json(json.loads(json.dumps(recipe.to_json(layers)))) == layers
    assert recipe.from_json(recipe.to_json(launcher())) == launcher()


def test_every_package_of_the_lock_is_pinned_and_has_a_hash() -> None:
    lock = Path(vibenv_core.__file__).with_name("launcher-requirements.txt").read_text()
    packages = re.findall(
        r"^(\S+)==.+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.MULTILINE
    )
    assert len(packages) == len(re.findall(r"^[^\s#]", lock, re.MULTILINE)) > 30


def test_the_lock_has_what_the_project_asks_for() -> None:
    lock = Path(vibenv_core.__file__).with_name("launcher-requirements.txt").read_text()
    locked = dict(re.findall(r"^([\w-]+)==([\w.]+)", lock, re.MULTILINE))
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    for wanted in project["dependencies"]:
        name = re.match(r"[\w-]+", wanted)[0]  # type: ignore[index]
        pinned = re.fullmatch(rf"{name}==([\d.]+)\.\*", wanted)
        assert locked[name].startswith(pinned[1] if pinned else "")
