"""Which Docker engine is meant: decided in the Docker CLI's own order, from its own files, unconnected.

The order: a flag, VIBENV_HOST, DOCKER_HOST, DOCKER_CONTEXT, the current context of Docker's config file, and
at last the local socket.

Source: docker/cli 28, cli/command/cli.go (resolveContextName) and cli/context/store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import NotFound, UsageError

_Json = dict[str, Any]  # a file of Docker's, as it is

VARIABLES = (
    "VIBENV_HOST",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
    "HOME",
)
"""All variables that say which engine is meant; the functions here look at no other."""

_DEFAULT = "default"
_LOCAL = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The files to connect over TLS with; `certificate` and `key` are both set or both None."""

    ca: Path | None
    certificate: Path | None
    key: Path | None
    verify: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A Docker engine's place. `name` is the context's name, or the address as it was typed."""

    name: str
    url: str
    """`unix:///…` or `tcp://…`."""
    tls: Tls | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One of Docker's contexts; `current` is the one that a command without `--host` uses."""

    name: str
    url: str
    description: str
    current: bool


def resolve(flag: str | None, env: Mapping[str, str]) -> Host:
    """The engine that `flag` (a context's name or an address) or else the environment names.

    Raises: NotFound (no such context), UsageError (an address of a kind that vibenv cannot reach).
    """
    chosen = flag or _chosen(env)
    host = _address(chosen, env) if "://" in chosen else _context(chosen, env)
    scheme, _, rest = host.url.partition("://")
    if (scheme == "unix" and rest.startswith("/")) or (scheme == "tcp" and rest):
        return host
    if scheme == "ssh":
        raise UsageError(
            f"`{host.name}` is reached over ssh, which vibenv does not open by itself",
            code="host::unsupported",
            help=f"forward its socket: `ssh -fNL /tmp/docker-{rest}.sock:/var/run/docker.sock {rest}`, "
            f"then use `--host unix:///tmp/docker-{rest}.sock`",
            about="host",
        )
    raise UsageError(
        f"`{host.url}` is no address of a Docker engine that vibenv can use",
        code="host::unsupported",
        help="use a context's name, unix:///PATH or tcp://HOST:PORT",
        about="host",
    )


def contexts(env: Mapping[str, str]) -> list[Context]:
    """Docker's contexts by name, `default` first."""
    current = _chosen(env)
    known = [Context(name=_DEFAULT, url=_default_url(env), description="", current=current == _DEFAULT)]
    for name, meta in sorted(_metas(env).items()):
        described = meta.get("Metadata", {}).get("Description", "")
        known.append(
            Context(name=name, url=_endpoint(meta)["Host"], description=described, current=name == current)
        )
    return known


def _chosen(env: Mapping[str, str]) -> str:
    if wanted := env.get("VIBENV_HOST"):
        return wanted
    if env.get("DOCKER_HOST"):
        return _DEFAULT
    return env.get("DOCKER_CONTEXT") or _config(env).get("currentContext") or _DEFAULT


def _default_url(env: Mapping[str, str]) -> str:
    """DOCKER_HOST, which may leave out `tcp://`, or the local socket."""
    url = env.get("DOCKER_HOST") or _LOCAL
    return url if "://" in url else f"tcp://{url}"


def _address(url: str, env: Mapping[str, str]) -> Host:
    """An address as typed; over tcp, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say how."""
    if not url.startswith("tcp://") or not (env.get("DOCKER_TLS_VERIFY") or env.get("DOCKER_CERT_PATH")):
        return Host(name=url, url=url, tls=None)
    folder = Path(env.get("DOCKER_CERT_PATH") or _folder(env))
    return Host(name=url, url=url, tls=_tls(folder, verify=bool(env.get("DOCKER_TLS_VERIFY"))))


def _context(name: str, env: Mapping[str, str]) -> Host:
    if name == _DEFAULT:
        found = _address(_default_url(env), env)
        return Host(name=env.get("DOCKER_HOST") or _DEFAULT, url=found.url, tls=found.tls)
    metas = _metas(env)
    if name not in metas:
        raise NotFound(
            f"Docker has no context named `{name}`",
            code="host::unknown",
            help=f"known are: {', '.join([_DEFAULT, *sorted(metas)])}; "
            "`docker context create` makes one, and an address works too: unix:///PATH or tcp://HOST:PORT",
            about="host",
        )
    endpoint = _endpoint(metas[name])
    folder = _folder(env) / "contexts" / "tls" / hashlib.sha256(name.encode()).hexdigest() / "docker"
    tls = _tls(folder, verify=not endpoint.get("SkipTLSVerify")) if folder.is_dir() else None
    return Host(name=name, url=endpoint["Host"], tls=tls)


def _tls(folder: Path, *, verify: bool) -> Tls:
    ca, certificate, key = (folder / f"{part}.pem" for part in ("ca", "cert", "key"))
    pair = certificate.is_file() and key.is_file()
    return Tls(
        ca=ca if ca.is_file() else None,
        certificate=certificate if pair else None,
        key=key if pair else None,
        verify=verify,
    )


def _folder(env: Mapping[str, str]) -> Path:
    if configured := env.get("DOCKER_CONFIG"):
        return Path(configured)
    return Path(env.get("HOME") or Path.home()) / ".docker"


def _config(env: Mapping[str, str]) -> _Json:
    path = _folder(env) / "config.json"
    return _read(path) if path.is_file() else {}


def _metas(env: Mapping[str, str]) -> dict[str, _Json]:
    """The contexts that have a Docker endpoint, as their files describe them, by name."""
    found = (_read(path) for path in (_folder(env) / "contexts" / "meta").glob("*/meta.json"))
    return {meta["Name"]: meta for meta in found if "Host" in _endpoint(meta)}


def _endpoint(meta: _Json) -> _Json:
    endpoint: _Json = meta.get("Endpoints", {}).get("docker", {})
    return endpoint


def _read(path: Path) -> _Json:
    try:
        content: _Json = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"Docker's file {path} cannot be read: {error}",
            code="host::bad_config",
            help="mend or remove it, or name an address: `--host unix:///var/run/docker.sock`",
            about="host",
        ) from error
    return content
