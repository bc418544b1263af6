"""The stack's images under their official names, made of the recipes and loaded into an engine.

They are written in the archive format of `docker save`, so no engine is needed to make them, layers are shared, and an
engine that has them already is left alone (a label keeps the digest of what an image is made of).
"""

import gzip
import hashlib
import http.client
import io
import json
import socket
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stack import cache, recipes

RECIPE_LABEL = "vibenv.recipe"
REGISTRY_CONFIG = """\
version: 0.1
storage:
  delete: {enabled: true}
  filesystem: {rootdirectory: /var/lib/registry}
http:
  addr: :5000
"""
DAGGER_ENTRYPOINT = """\
#!/bin/sh
# Under cgroup v2 a group with processes may have no child groups: move what runs here into one of its own first.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/init
    xargs -rn1 </sys/fs/cgroup/cgroup.procs >/sys/fs/cgroup/init/cgroup.procs || :
    sed -e 's/ / +/g' -e 's/^/+/' </sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
fi
exec tini -- dagger-engine "$@"
"""
DAGGER_PACKAGES = (
    *(
        "ca-certificates",
        "containernetworking-plugins",
        "dnsmasq-base",
        "e2fsprogs",
        "git",
        "iptables",
        "mount",
    ),
    *("nftables", "openssh-client", "pigz", "runc", "tini", "xz-utils"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image is made of: a name, layers as tar files with the lowest first, and its configuration."""

    name: str
    layers: Sequence[Path]
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipe(self) -> str:
        return cache.digest(json.dumps(self.config, sort_keys=True), *(layer.name for layer in self.layers))


def base() -> Image:
    return Image(name="debian:stable-slim", layers=[_base_layer()], config={"Cmd": ["bash"]})


def registry() -> Image:
    program = recipes.debian_package("docker-registry") / "usr/bin/docker-registry"
    files = _layer(
        "registry", {"usr/bin/registry": program, "etc/docker/registry/config.yml": REGISTRY_CONFIG}
    )
    return Image(
        name="registry:2",
        layers=[_base_layer(), files],
        config={
            "Entrypoint": ["registry", "serve"],
            "Cmd": ["/etc/docker/registry/config.yml"],
            "Volumes": {"/var/lib/registry": {}},
            "ExposedPorts": {"5000/tcp": {}},
        },
    )


def nushell() -> Image:
    files = _layer("nushell", {"usr/bin/nu": recipes.nushell()})
    name = f"ghcr.io/nushell/nushell:{recipes.NUSHELL_VERSIONS[0]}"
    return Image(name=name, layers=[_base_layer(), files], config={"Entrypoint": ["nu"]})


def docker_cli() -> Image:
    files = _layer("docker-cli", {"usr/local/bin/docker": recipes.docker() / "usr/bin/docker"})
    return Image(
        name=f"docker:{recipes.DOCKER_VERSION}-cli", layers=[_base_layer(), files], config={"Cmd": ["docker"]}
    )


def dagger_engine() -> Image:
    programs = recipes.dagger()
    links = {
        f"opt/cni/bin/{name}": f"/usr/lib/cni/{name}"
        for name in ("bridge", "firewall", "host-local", "loopback")
    }
    links |= {
        f"usr/local/bin/{name}": f"/usr/{where}/{name}" for name, where in (("runc", "sbin"), ("tini", "bin"))
    }
    links |= {
        f"usr/bin/xtables-{kind}-multi": f"/usr/sbin/xtables-{kind}-multi" for kind in ("legacy", "nft")
    }
    links |= {"usr/bin/buildctl": "dial-stdio"}
    files = {
        "usr/local/bin/dagger": programs / "dagger",
        "usr/local/bin/dagger-engine": programs / "engine",
        "usr/local/bin/dagger-init": programs / "init",
        "usr/bin/dial-stdio": programs / "dialstdio",
        "opt/cni/bin/dnsname": programs / "dnsname",
        "usr/local/bin/dagger-entrypoint.sh": DAGGER_ENTRYPOINT,
    }
    return Image(
        name=f"registry.dagger.io/engine:{recipes.DAGGER_VERSION}",
        layers=[recipes.root_filesystem(*DAGGER_PACKAGES), _layer("dagger-engine", files, links)],
        config={"Entrypoint": ["dagger-entrypoint.sh"], "Volumes": {"/var/lib/dagger": {}}},
    )


ALL: Mapping[str, Callable[[], Image]] = {
    "debian": base,
    "registry": registry,
    "nushell": nushell,
    "docker-cli": docker_cli,
    "dagger-engine": dagger_engine,
}


def load(socket_path: Path, images: Iterable[Image]) -> list[str]:
    """Load into the engine at `socket_path` those of `images` that it does not have; the names of what was loaded."""
    missing = [image for image in images if _recipe_there(socket_path, image.name) != image.recipe]
    if missing:
        with tempfile.TemporaryFile() as archive:
            _write_archive(archive, missing)
            archive.seek(0)
            _ask(socket_path, "POST", "/images/load?quiet=1", archive)
    return [image.name for image in missing]


def _base_layer() -> Path:
    return recipes.root_filesystem("ca-certificates")


def _layer(kind: str, files: Mapping[str, Path | str], links: Mapping[str, str] = {}) -> Path:
    """A layer that adds `files` (a path, or a text) and symbolic `links` (to what they point at), each by its place."""

    def make(target: Path) -> None:
        with tarfile.open(target, "w") as layer:
            for place, content in files.items():
                data = content.encode() if isinstance(content, str) else content.read_bytes()
                member = tarfile.TarInfo(place)
                member.size = len(data)
                member.mode = 0o644 if place.startswith("etc/") else 0o755
                layer.addfile(member, io.BytesIO(data))
            for place, points_at in links.items():
                member = tarfile.TarInfo(place)
                member.type = tarfile.SYMTYPE
                member.linkname = points_at
                layer.addfile(member)

    inputs = [json.dumps(dict(links), sort_keys=True)]
    for place, content in files.items():
        # A program comes from an entry of the cache, whose path names its own inputs.
        inputs += [place, content if isinstance(content, str) else str(content.relative_to(cache.root()))]
    return cache.entry(f"layer-{kind}", cache.digest(*inputs), make)


def _write_archive(archive: Any, images: Sequence[Image]) -> None:
    """Write `images` as `docker save` does."""
    manifest = []
    written: dict[Path, str] = {}
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for image in images:
            for layer in image.layers:
                if layer not in written:
                    with layer.open("rb") as content:
                        written[layer] = hashlib.file_digest(content, "sha256").hexdigest()
                    tar.add(layer, f"{written[layer]}.tar")
            digests = [written[layer] for layer in image.layers]
            config = json.dumps(_config(image, digests)).encode()
            config_name = f"{hashlib.sha256(config).hexdigest()}.json"
            _add(tar, config_name, config)
            manifest.append(
                {
                    "Config": config_name,
                    "RepoTags": [image.name],
                    "Layers": [f"{digest}.tar" for digest in digests],
                }
            )
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def _config(image: Image, digests: Sequence[str]) -> dict[str, Any]:
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {
        "architecture": {"x64": "amd64"}.get(recipes.MACHINE, recipes.MACHINE),
        "os": "linux",
        "config": {"Env": [path], "Labels": {RECIPE_LABEL: image.recipe}, **image.config},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
    }


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _recipe_there(socket_path: Path, name: str) -> str | None:
    """The recipe that the engine's image `name` was made of; None where there is no such image, or it has none."""
    try:
        image = json.loads(_ask(socket_path, "GET", f"/images/{name}/json"))
    except FileNotFoundError:
        return None
    recipe = (image["Config"].get("Labels") or {}).get(RECIPE_LABEL)
    return recipe if isinstance(recipe, str) else None


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=300)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _ask(socket_path: Path, method: str, path: str, body: Any = None) -> bytes:
    connection = _UnixConnection(socket_path)
    try:
        headers = {"Content-Type": "application/x-tar"} if body else {}
        connection.request(method, path, body, headers, encode_chunked=body is not None)
        reply = connection.getresponse()
        said = reply.read()
    finally:
        connection.close()
    if reply.status == http.HTTPStatus.NOT_FOUND:
        raise FileNotFoundError(path)
    if reply.status >= http.HTTPStatus.BAD_REQUEST or b'"errorDetail"' in said:
        raise SystemExit(f"failed: {method} {path}: {said.decode(errors='replace')[-500:]}")
    return said
