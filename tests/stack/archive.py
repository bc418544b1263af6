"""Images written in the archive format of `docker save` and loaded into an engine.

No engine is needed to make them, layers are shared, and an engine that has an image already is left alone: a
label keeps the digest of what it is made of.
"""

import hashlib
import http.client
import io
import json
import socket
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.stack import Failed, cache, recipes

RECIPE_LABEL = "vibenv.made-from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image is made of: a name, layers as tar files with the lowest first, and its configuration."""

    name: str
    layers: Sequence[Path]
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipe(self) -> str:
        return cache.digest(json.dumps(self.config, sort_keys=True), *(layer.name for layer in self.layers))


def load(socket_path: Path, images: Iterable[Image]) -> list[str]:
    """Load those of `images` that the engine at `socket_path` does not have; the names of what was loaded."""
    missing = [image for image in images if _recipe_there(socket_path, image.name) != image.recipe]
    if missing:
        with tempfile.TemporaryFile() as archive:
            _write_archive(archive, missing)
            archive.seek(0)
            _ask(socket_path, "POST", "/images/load?quiet=1", archive)
    return [image.name for image in missing]


def _write_archive(archive: IO[bytes], images: Sequence[Image]) -> None:
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
    """The recipe of the engine's image `name`; None where there is no such image, or it has none."""
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
        raise Failed(f"{method} {path}: {said.decode(errors='replace')[-500:]}")
    return said
