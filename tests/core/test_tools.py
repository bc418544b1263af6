"""What the tools of sessions are made of, and what they are called."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import vibenv_core
from vibenv_core import labels, tools, tools_recipe
from vibenv_core.errors import WrongState
from vibenv_core.model import Image, session_name
from vibenv_core.recipe import Files, Layers
from vibenv_core.settings import Settings

SOURCES = {
    "vibenv_core/__init__.py": "import nothing\n",
    "vibenv_core/launcher.py": "one = 1\n",
    "vibenv_core/supervisor/__init__.py": "",
    "vibenv_core/supervisor/__main__.py": "two = 2\n",
}
IDS = {Settings().base_image: "sha256:01"}
DIGEST = f"sha256:{'0123456789ab' * 5}cdef"


def of(**changed: str) -> Layers:
    sources = {**SOURCES, **{f"vibenv_core/{name}.py": text for name, text in changed.items()}}
    return tools_recipe.tools(Settings(), sources=sources, lock="pyghostty==0.1.3\n")


def launcher(**image_labels: str) -> Image:
    return Image(reference="l", id="sha256:1a", digest=None, size=1, created=None, labels=image_labels)


def test_a_change_of_the_supervisor_alone_makes_other_tools() -> None:
    assert of(launcher="one = 2\n").digest(IDS) == of().digest(IDS)
    assert of(**{"supervisor/__main__": "two = 3\n"}).digest(IDS) != of().digest(IDS)


def test_a_newer_base_image_makes_other_tools_and_what_they_are_not_made_of_does_not() -> None:
    assert of().digest({Settings().base_image: "sha256:02"}) != of().digest(IDS)
    assert of().digest({**IDS, Settings().nushell_image: "sha256:03"}) == of().digest(IDS)


def test_tools_that_are_built_anew_by_force_are_others() -> None:
    assert of().digest(IDS, forced="1") != of().digest(IDS)
    assert of().digest(IDS, forced="1") != of().digest(IDS, forced="2")


def test_a_change_of_the_supervisor_leaves_all_layers_but_the_last_as_they_were() -> None:
    *below, last = of().parts()
    *same, changed = of(**{"supervisor/__main__": "two = 3\n"}).parts()
    assert below == same
    assert last != changed


def test_a_session_has_the_supervisor_and_nothing_else_of_vibenv() -> None:
    (app,) = (layer for layer in of().layers if isinstance(layer, Files))
    supervisor = {path: text for path, text in SOURCES.items() if "/supervisor/" in path}
    assert app.files.keys() == {"__main__.py", "vibenv_core/__init__.py", *supervisor}
    assert supervisor.items() <= app.files.items()
    assert app.files["vibenv_core/__init__.py"] == ""


def test_what_runs_in_sessions_finds_all_that_it_imports() -> None:
    library = Path(vibenv_core.__file__).parent
    needed = {
        name
        for folder in ("supervisor", "inside")
        for path in (library / folder).glob("*.py")
        for name in imported(path)
    }
    assert {"ctypes", "socket", "encodings.utf_8"} <= needed
    assert needed <= {*tools_recipe.MODULES.split(), "_socket"}, "tools_recipe.MODULES lacks something"


def imported(path: Path) -> Iterator[str]:
    """The modules of the standard library that a file imports, wherever in its text; so are its encodings."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call):
            is_codec = isinstance(node.func, ast.Attribute) and node.func.attr in ("decode", "encode")
            named = node.args[:1] if is_codec else []
            named += [keyword.value for keyword in node.keywords if keyword.arg == "encoding"]
            for part in (part for value in named for part in ast.walk(value)):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield f"encodings.{part.value.replace('-', '_')}"


def test_the_emulator_comes_by_hash_for_both_architectures() -> None:
    lock = Path(vibenv_core.__file__).with_name("tools-requirements.txt").read_text()
    (hashes,) = re.findall(r"^pyghostty==[\d.]+ \\\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", lock, re.M)
    assert len(set(re.findall(r"[0-9a-f]{64}", hashes))) == 2


def test_volume_and_holder_are_called_after_the_digest_as_no_session_can_be() -> None:
    made = tools.holder_spec(launcher(**{labels.TOOLS: DIGEST}))
    (volume,) = made.volumes
    assert made.name == volume.volume == "vibenv.tools-0123456789ab"
    assert made.labels[labels.TOOLS] == volume.labels[labels.TOOLS] == DIGEST
    assert not labels.is_session(made.name, made.labels)
    assert labels.container_name(session_name("tools-0123456789ab")) != made.name


def test_the_holder_is_made_from_the_very_image_that_its_name_is_from() -> None:
    assert tools.holder_spec(launcher(**{labels.TOOLS: DIGEST})).image == "sha256:1a"


def test_a_launcher_without_tools_is_outdated() -> None:
    with pytest.raises(WrongState) as caught:
        tools.holder(launcher())
    assert caught.value.code == "vibenv::launcher::outdated"
    assert "vibenv create launcher" in (caught.value.help or "")
