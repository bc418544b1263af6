"""The stack's images under their official names: what each is made of."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.stack import cache, recipes
from tests.stack.archive import Image

BASE = "debian:stable-slim"
REGISTRY = "registry:2"
NUSHELL = f"ghcr.io/nushell/nushell:{recipes.NUSHELL_VERSIONS[0]}-bookworm"
DOCKER_CLI = f"docker:{recipes.DOCKER_VERSION}-cli"
DAGGER_ENGINE = f"registry.dagger.io/engine:{recipes.DAGGER_VERSION}"
MUSL = "vibenv-test/musl:latest"
SCRATCH = "vibenv-test/scratch:latest"

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
# Under cgroup v2 a group with processes may have no child groups: what runs here is moved into one first.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/init
    xargs -rn1 </sys/fs/cgroup/cgroup.procs >/sys/fs/cgroup/init/cgroup.procs || :
    sed -e 's/ / +/g' -e 's/^/+/' </sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
fi
exec tini -- dagger-engine "$@"
"""
DAGGER_CONFIG = '{"gc": {"minFreeSpace": "2GB"}}'
"""Without it the engine forgets all that it built whenever a fifth of the disk is not free."""
DAGGER_PACKAGES = (
    "ca-certificates",
    "containernetworking-plugins",
    "dnsmasq-base",
    "e2fsprogs",
    "git",
    "iptables",
    "mount",
    "nftables",
    "openssh-client",
    "pigz",
    "runc",
    "tini",
    "xz-utils",
)


def base() -> Image:
    return Image(name=BASE, layers=[_base_layer()], config={"Cmd": ["bash"]})


def registry() -> Image:
    program = recipes.debian_package("docker-registry") / "usr/bin/docker-registry"
    config = "etc/docker/registry/config.yml"
    files = _layer("registry", {"usr/bin/registry": program, config: REGISTRY_CONFIG})
    return Image(
        name=REGISTRY,
        layers=[_base_layer(), files],
        config={
            "Entrypoint": ["registry", "serve"],
            "Cmd": [f"/{config}"],
            "Volumes": {"/var/lib/registry": {}},
            "ExposedPorts": {"5000/tcp": {}},
        },
    )


def nushell() -> Image:
    files = _layer("nushell", {"usr/bin/nu": recipes.nushell()})
    return Image(name=NUSHELL, layers=[_base_layer(), files], config={"Entrypoint": ["nu"]})


def docker_cli() -> Image:
    files = _layer("docker-cli", {"usr/local/bin/docker": recipes.docker() / "usr/bin/docker"})
    return Image(name=DOCKER_CLI, layers=[_base_layer(), files], config={"Cmd": ["docker"]})


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
    files: dict[str, Path | str] = {
        "usr/local/bin/dagger": programs / "dagger",
        "usr/local/bin/dagger-engine": programs / "engine",
        "usr/local/bin/dagger-init": programs / "init",
        "usr/bin/dial-stdio": programs / "dialstdio",
        "opt/cni/bin/dnsname": programs / "dnsname",
        "usr/local/bin/dagger-entrypoint.sh": DAGGER_ENTRYPOINT,
        "etc/dagger/engine.json": DAGGER_CONFIG,
    }
    return Image(
        name=DAGGER_ENGINE,
        layers=[recipes.root_filesystem(*DAGGER_PACKAGES), _layer("dagger-engine", files, links)],
        config={"Entrypoint": ["dagger-entrypoint.sh"], "Volumes": {"/var/lib/dagger": {}}},
    )


def musl() -> Image:
    """An image with another C library, which it preloads, a user without a name, and an entry point."""
    libc = recipes.debian_package("musl") / f"lib/{os.uname().machine}-linux-musl/libc.so"
    loader = f"lib/ld-musl-{os.uname().machine}.so.1"
    files: dict[str, Path | str] = {
        "lib/libc.so": libc,
        "bin/busybox": _busybox(),
        "bin/ninja": recipes.musl_program(),
    }
    links = {loader: "libc.so", f"lib/libc.musl-{os.uname().machine}.so.1": "libc.so", "bin/sh": "busybox"}
    return Image(
        name=MUSL,
        layers=[_layer("musl", files, links)],
        config={
            "Env": ["PATH=/bin", "LD_PRELOAD=/lib/libc.so"],
            "Entrypoint": ["ninja"],
            "Cmd": ["--version"],
            "User": "65534:65534",
        },
    )


def scratch() -> Image:
    """An image of one static program and nothing else: no `/tmp`, no libraries, no users."""
    return Image(
        name=SCRATCH,
        layers=[_layer("scratch", {"busybox": _busybox()})],
        config={"Env": ["PATH=/"], "Cmd": ["/busybox", "sh"]},
    )


FOR_SESSIONS: Mapping[str, Callable[[], Image]] = {MUSL: musl, SCRATCH: scratch}
"""Images as others make them, in which sessions run; no part of the stack."""

ALL: Mapping[str, Callable[[], Image]] = {
    BASE: base,
    REGISTRY: registry,
    NUSHELL: nushell,
    DOCKER_CLI: docker_cli,
    DAGGER_ENGINE: dagger_engine,
}
"""How to make each image, by its official name."""


def _base_layer() -> Path:
    return recipes.root_filesystem("ca-certificates")


def _busybox() -> Path:
    return recipes.debian_package("busybox-static") / "bin/busybox"


def _layer(kind: str, files: Mapping[str, Path | str], links: Mapping[str, str] | None = None) -> Path:
    """A layer that adds `files` (paths or texts) and symbolic `links` (what they point at), by place."""
    links = links or {}

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

    inputs = [json.dumps(links, sort_keys=True)]
    for place, content in files.items():
        # A program comes from an entry of the cache, whose path names its own inputs.
        inputs += [place, content if isinstance(content, str) else str(content.relative_to(cache.root()))]
    return cache.entry(f"layer-{kind}", cache.digest(*inputs), make)
