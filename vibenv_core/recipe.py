"""An image's layers as data, with their digest; and those of the launcher.

Pure: which layers an image has is decided here, from the settings and the contents of files that others have
read; `dagger_build` builds them. Everything that is in the image is in the recipe; where packages are fetched
from is not, because it leaves no trace there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from . import labels
from .settings import VERSION, Settings
from .supervisor import TOOLS

VENV = "/opt/vibenv"
"""The virtual environment of the launcher that holds vibenv and what it imports."""
_SOURCES = f"{VENV}/src"
_LOCK = "/tmp/requirements.txt"

ENGINE_SOCKET = "unix:///run/dagger/engine.sock"
"""Where a session finds the Dagger engine: what RUNNER_HOST says in the launcher."""
RUNNER_HOST = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"
"""The variable by which a Dagger client is told where its engine is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A shell script, run as root; a command that fails ends it."""

    script: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Text files below `folder`, by their path in it."""

    folder: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A file out of other layers, or a folder when `path` ends in `/`; it gets the same path here."""

    source: Layers
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configure:
    """What a container of the image gets besides files."""

    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()


Layer: TypeAlias = Run | Files | Take | Configure


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Layers on top of an image, or of other layers. `title` is what progress and errors call them."""

    title: str
    base: str | Layers
    layers: tuple[Layer, ...] = ()

    def parts(self) -> Iterator[Layers]:
        """All the layers that go into these, each once, those that others need first; these are the last."""
        seen: list[Layers] = []
        below = [self.base, *(layer.source for layer in self.layers if isinstance(layer, Take))]
        for layers in below:
            if isinstance(layers, Layers):
                seen += [part for part in layers.parts() if part not in seen]
        yield from (*seen, self)

    def images(self) -> list[str]:
        """The images that have to be had to build these, the one that they are built on first."""
        return list(dict.fromkeys(part.base for part in self.parts() if isinstance(part.base, str)))

    def digest(self, image_ids: Mapping[str, str], *, forced: str = "") -> str:
        """`sha256:…` of all that goes into the image.

        `image_ids` has the ids of the images that are known: another id of one of `images()` makes another
        digest, as does another `forced`, which tells apart what was built again with nothing changed.
        """
        ids = {name: id for name, id in image_ids.items() if name in self.images()}
        text = json.dumps([to_json(self), ids, forced], sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def launcher(settings: Settings, *, tools: Layers, sources: Mapping[str, str], lock: str) -> Layers:
    """The launcher: what a session runs in, and where every engine gets the tools of sessions from.

    `tools` have the folder `TOOLS`; `sources` are the files of vibenv's own packages, by their paths as
    imported; `lock` is a requirements file with the hashes of all that they import.
    """
    docker = Layers(title="Docker CLI", base=settings.docker_cli_image)
    dagger = Layers(title="Dagger CLI", base=settings.engine_image)
    nushell = Layers(title="Nushell", base=settings.nushell_image)
    return Layers(
        title="vibenv",
        base=packages(settings),
        layers=(
            Take(source=docker, path="/usr/local/bin/docker"),
            Take(source=dagger, path="/usr/local/bin/dagger"),
            Take(source=nushell, path="/usr/bin/nu"),
            Take(source=_python_packages(settings, lock), path=f"{VENV}/"),
            Take(source=tools, path=f"{TOOLS}/"),
            Configure(
                environment={RUNNER_HOST: ENGINE_SOCKET, "DAGGER_NO_NAG": "1", "LANG": "C.UTF-8"},
                labels={labels.VERSION: VERSION},
                command=("nu",),
            ),
            Files(folder=_SOURCES, files=sources),
            Run(script=f"{_compile(_SOURCES)}\n{VENV}/bin/python -m nu_plugin_vibenv install"),
        ),
    )


def packages(settings: Settings, *, building: bool = False) -> Layers:
    """What the launcher has of Debian; `building` adds what only its making needs."""
    kept = Layers(
        title="Debian packages",
        base=settings.base_image,
        layers=(Run(script=_apt_install("ca-certificates", "dtach", "python3")),),
    )
    if not building:
        return kept
    script = _apt_install("binutils", "patchelf", "python3-pip")
    return Layers(title="Build packages", base=kept, layers=(Run(script=script),))


def _python_packages(settings: Settings, lock: str) -> Layers:
    """The virtual environment, made where pip is; the launcher itself has none."""
    install = f"""\
python3 -m venv --without-pip {VENV}
python3 -m pip --python {VENV}/bin/python install --quiet --no-compile --no-deps --require-hashes \\
    --only-binary :all: -r {_LOCK}
{_compile(f"{VENV}/lib")}
echo {_SOURCES} >"$({VENV}/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/vibenv.pth"
"""
    return Layers(
        title="Python packages",
        base=packages(settings, building=True),
        layers=(
            Files(folder="/tmp", files={_LOCK.removeprefix("/tmp/"): lock}),
            Run(script=install),
        ),
    )


def _compile(folder: str) -> str:
    """A line that compiles the modules in `folder`; the bytecode does not go by their files' times."""
    return f"python3 -m compileall -q --invalidation-mode unchecked-hash {folder}"


def _apt_install(*packages: str) -> str:
    """A script that installs Debian packages from APT_MIRROR when that is set, and leaves no trace of it."""
    return f"""\
if [ -n "${{APT_MIRROR:-}}" ]; then
    . /etc/os-release
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$key] $APT_MIRROR $VERSION_CODENAME main" >/tmp/apt
    set -- -o Dir::Etc::sourcelist=/tmp/apt -o Dir::Etc::sourceparts=-
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -q "$@" -o Acquire::Languages=none update
apt-get -q "$@" install --yes --no-install-recommends {" ".join(packages)}
apt-get -q clean
rm -rf /tmp/apt /var/lib/apt/lists/*
"""


def to_json(layers: Layers) -> dict[str, Any]:
    """`layers` as plain JSON values; `from_json` reads them."""
    return {
        "title": layers.title,
        "base": to_json(layers.base) if isinstance(layers.base, Layers) else layers.base,
        "layers": [_layer_to_json(layer) for layer in layers.layers],
    }


def _layer_to_json(layer: Layer) -> dict[str, Any]:
    match layer:
        case Take(source=source, path=path):
            return {"take": {"source": to_json(source), "path": path}}
        case _:
            return {type(layer).__name__.lower(): asdict(layer)}


def from_json(plain: dict[str, Any]) -> Layers:
    """What `to_json` made."""
    base = plain["base"]
    return Layers(
        title=plain["title"],
        base=base if isinstance(base, str) else from_json(base),
        layers=tuple(_layer_from_json(layer) for layer in plain["layers"]),
    )


def _layer_from_json(plain: Any) -> Layer:
    match plain:
        case {"run": fields}:
            return Run(**fields)
        case {"files": fields}:
            return Files(**fields)
        case {"take": fields}:
            return Take(source=from_json(fields["source"]), path=fields["path"])
        case {"configure": fields}:
            return Configure(**{**fields, "command": tuple(fields["command"])})
        case _:
            raise ValueError(f"no layer: {plain}")
