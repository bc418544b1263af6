"""Who may import what, read from the source; and what is imported when a part is used."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgpack
import pytest

from nu_plugin_vibenv import sdk
from nu_plugin_vibenv.sdk import testing, values

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("vibenv_core", "nu_plugin_vibenv")
    for path in (ROOT / package).rglob("*.py")
}

SDK = "nu_plugin_vibenv.sdk"

LAYERS = {
    "vibenv_core": ("nu_plugin_vibenv", "tests"),
    "nu_plugin_vibenv.sdk": ("vibenv_core", "nu_plugin_vibenv", "tests"),
    "nu_plugin_vibenv": ("tests",),
}
"""What a layer knows nothing of, itself aside."""

ONLY_IN = {
    "docker": {
        "vibenv_core.docker_client",
        "vibenv_core.engine",
        "vibenv_core.engine_calls",
        "vibenv_core.engine_images",
    },
    "requests": {"vibenv_core.docker_client", "vibenv_core.engine_calls"},
    "dagger": {"vibenv_core.dagger_build"},
    "asyncio": {"vibenv_core.dagger_build"},
    "anyio": {"vibenv_core.dagger_build"},
    "subprocess": {
        "vibenv_core.process",
        "vibenv_core.link.relay",
        "nu_plugin_vibenv.sdk.foreground",
        "nu_plugin_vibenv.sdk.real_nu",
    },
    "msgpack": {"nu_plugin_vibenv.sdk.codec"},
    "resvg_py": {"vibenv_core.picture_png"},
    "fontpkg": {"vibenv_core.picture_png"},
    "termios": {"vibenv_core.terminal", "nu_plugin_vibenv.sdk.foreground"},
    "ctypes": {"vibenv_core.supervisor.ghostty", "vibenv_core.supervisor.ghostty_library"},
}
"""The modules that may import a library."""

DECIDES_ONLY = {
    *(
        f"vibenv_core.{name}"
        for name in (
            "address",
            "away",
            "attachment",
            "build_job",
            "container_body",
            "answers",
            "contexts",
            "control",
            "detach_key",
            "drawn",
            "errors",
            "forward_plan",
            "heartbeat",
            "keyboard",
            "http_answers",
            "labels",
            "model",
            "multiplexed",
            "painting",
            "picture",
            "status_query",
        )
    ),
    *(
        f"vibenv_core.{name}"
        for name in (
            "link.plan",
            "plain_text",
            "recipe",
            "recorded",
            "replies",
            "terminal_modes",
            "tools_recipe",
        )
    ),
    *(
        f"vibenv_core.{name}"
        for name in (
            "session_plan",
            "session_process",
            "settings",
            "ssh_config",
            "stack_plan",
            "statuses",
            "watching",
        )
    ),
    *(f"vibenv_core.{name}" for name in ("inside.archive", "inside.framing", "inside_programs")),
    *(
        f"vibenv_core.supervisor.{name}"
        for name in (
            *("asciicast", "client", "display", "dtach", "dtach_client", "frames", "frames_client", "hub"),
            *("doing", "keyboard", "keys", "lease", "records", "requests", "screens", "sending", "signs"),
            *("status", "talk", "telling", "waiting", "written"),
        )
    ),
    *(
        f"vibenv_core.supervisor.{name}"
        for name in (
            "cells",
            "painting",
            "queries",
            "reading",
            "repainting",
            "screen",
            "snapshot",
            "styling",
            "viewing",
        )
    ),
    *(
        f"nu_plugin_vibenv.sdk.{name}"
        for name in ("codec", "connection", "messages", "streams", "values", "wire")
    ),
}
"""The modules that decide and do nothing: they take what is, and say what is to be done."""
DOING = {
    "os",
    "select",
    "selectors",
    "signal",
    "socket",
    "subprocess",
    "tempfile",
    "termios",
    "threading",
    "time",
}

RUN_INSIDE = ("vibenv_core.inside.", "vibenv_core.supervisor.")
"""What runs in a session's container, where there is Python's standard library and nothing else."""


def imported(module: str) -> Iterator[str]:
    """The full names of what a module imports, wherever in its text."""
    return imported_by(MODULES[module])


def imported_by(path: Path) -> Iterator[str]:
    package = ".".join(path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{name.name}" for name in node.names)


def belongs(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_knows_nothing_of_those_above_it(layer: str) -> None:
    wrong = [
        f"{module} imports {name}"
        for module in MODULES
        if belongs(module, layer)
        for name in imported(module)
        if any(belongs(name, other) for other in LAYERS[layer]) and not belongs(name, layer)
    ]
    assert not wrong


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_only_where_it_has_its_place(library: str) -> None:
    users = {
        module
        for module in MODULES
        if not module.startswith(RUN_INSIDE) and any(belongs(name, library) for name in imported(module))
    }
    assert users <= ONLY_IN[library]


@pytest.mark.parametrize("module", sorted(DECIDES_ONLY))
def test_a_module_that_decides_does_nothing(module: str) -> None:
    assert not [name for name in imported(module) if name.partition(".")[0] in DOING]


def test_what_runs_in_a_session_needs_the_standard_library_only() -> None:
    inside = [module for module in MODULES if module.startswith(RUN_INSIDE)]
    needed = {
        name.partition(".")[0]
        for module in inside
        for name in imported(module)
        if not name.startswith(RUN_INSIDE)
    }
    assert inside
    assert needed <= sys.stdlib_module_names


def test_no_module_is_named_for_what_could_be_anything() -> None:
    empty = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert not [module for module in MODULES if empty & set(re.split(r"[._]", module))]


def test_what_is_outside_the_sdk_uses_nothing_below_its_public_surface() -> None:
    public = {f"{SDK}.{name}" for name in sdk.__all__}
    public |= {f"{SDK}.{name}" for name in ("testing", "values")}
    public |= {f"{SDK}.testing.{name}" for name in testing.__all__}
    public |= {f"{SDK}.values.{name}" for name in vars(values) if not name.startswith("_")}
    of_the_sdk = {path for module, path in MODULES.items() if belongs(module, SDK)}
    of_the_sdk |= {*(ROOT / "tests" / "sdk").rglob("*.py"), Path(__file__)}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in {*MODULES.values(), *(ROOT / "tests").rglob("*.py")} - of_the_sdk
        for name in imported_by(path)
        if belongs(name, SDK) and name not in public
    ]
    assert not wrong


def test_the_layers_of_the_sdk_are_as_its_docstring_draws_them() -> None:
    drawn = re.findall(
        r"^ {4,8}((?:[a-z_]+ ?)+)(?=  |$)", (sdk.__doc__ or "").partition("layers")[2], re.MULTILINE
    )
    rank = {name: number for number, row in enumerate(drawn) for name in row.split()}
    modules = {name.removeprefix(f"{SDK}."): path for name, path in MODULES.items() if belongs(name, SDK)}
    assert rank.keys() == modules.keys() - {SDK}
    wrong = [
        f"{module} imports {other}"
        for module, path in modules.items()
        if module in rank
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ImportFrom) and node.level
        for other in ([node.module] if node.module else [name.name for name in node.names])
        if rank[other] > rank[module]
    ]
    assert not wrong


def test_every_public_name_of_the_sdk_says_what_it_is() -> None:
    silent = [
        name
        for module in (sdk, testing)
        for name in module.__all__
        if isinstance(public := getattr(module, name), type) or inspect.isfunction(public)
        if not inspect.getdoc(public)
    ]
    methods = [
        f"{name}.{method}"
        for name in sdk.__all__
        if isinstance(public := getattr(sdk, name), type)
        for method, value in vars(public).items()
        if not method.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
        if not inspect.getdoc(getattr(public, method))
    ]
    assert not silent + methods


def test_a_package_exports_just_what_it_imports() -> None:
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text())
        lists = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        ]
        if lists and path.name == "__init__.py":
            public = {
                name.asname or name.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)
                for name in node.names
            }
            assert set(lists[0]) == public, module


@pytest.mark.parametrize(
    ("used", "left_out"),
    [
        ("vibenv_core", {"docker", "dagger", "msgpack"}),
        ("vibenv_core.sessions, vibenv_core.engine", {"dagger", "gql", "asyncio"}),
        ("nu_plugin_vibenv.__main__", {"docker", "dagger"}),
    ],
)
def test_importing_a_part_leaves_out_what_it_does_not_need(used: str, left_out: set[str]) -> None:
    program = f"import sys, {used}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not left_out & set(done.stdout.split())


def test_the_handshake_imports_neither_docker_nor_dagger() -> None:
    hello = {"protocol": "nu-plugin", "version": "0.115.1", "features": []}
    said = b"".join(
        msgpack.packb(message) for message in ({"Hello": hello}, {"Call": [0, "Signature"]}, "Goodbye")
    )
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "nu_plugin_vibenv", "--stdio"],
        cwd=ROOT,
        input=said,
        capture_output=True,
        check=True,
    )
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert b"CallResponse" in done.stdout
    assert "msgpack" in modules
    assert not {"docker", "dagger", "asyncio"} & modules
