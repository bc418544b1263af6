"""Which Docker engine is meant: decided in the Docker CLI's own order, from its own files, unconnected.

The order: a flag, VIBENV_HOST, DOCKER_HOST, DOCKER_CONTEXT, the current context of Docker's config file, and
at last the local socket.

Source: docker/cli 28, cli/command/cli.go (resolveContextName).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import address, context_store
from .context_store import Stored
from .contexts import DEFAULT
from .errors import VibenvError

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
_LOCAL = "unix:///var/run/docker.sock"
_OVERRIDING = ("VIBENV_HOST", "DOCKER_HOST", "DOCKER_CONTEXT")
"""The variables that outdo the current context, in their order."""


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
    """`unix:///…`, `tcp://…` or `ssh://…`."""
    tls: Tls | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One of Docker's contexts; `current` is the one that a command without `--host` uses."""

    name: str
    url: str | None
    """None where it cannot be told, which `error` then says."""
    description: str
    current: bool
    tls: Tls | None = None
    error: VibenvError | None = None


def resolve(flag: str | None, env: Mapping[str, str]) -> Host:
    """The engine that `flag` (a context's name or an address) or else the environment names.

    Raises: NotFound (no such context), UsageError (an address of a kind that vibenv cannot reach), WrongState
    (a file of Docker's that cannot be read).
    """
    chosen = flag or _chosen(env)
    host = _address(chosen, env) if "://" in chosen else _context(chosen, env)
    address.checked(host.url)
    return host


def contexts(env: Mapping[str, str]) -> list[Context]:
    """Docker's contexts by name, `default` first; one that cannot be read has its error in its place.

    Where what is current is no context that is there, or an address, that comes last.

    Raises: WrongState (Docker's config file cannot be read).
    """
    current = _chosen(env)
    default = _address(_default_url(env), env)
    known = [
        Context(name=DEFAULT, url=default.url, description="", current=current == DEFAULT, tls=default.tls),
        *(_listed(each, current, env) for each in context_store.stored(env)),
    ]
    if any(context.current for context in known):
        return known
    if "://" in current:
        other = Context(
            name=current, url=current, description="", current=True, tls=_address(current, env).tls
        )
    else:
        missing = context_store.unknown(env, current, about="host")
        other = Context(name=current, url=None, description="", current=True, error=missing)
    return [*known, other]


def all_hosts(env: Mapping[str, str]) -> list[Context]:
    """The contexts to ask when every host is asked, the current one first, each engine under one name only.

    Where this machine has no Docker engine and its socket is not current, it is none of them.

    Raises: WrongState (Docker's config file cannot be read).
    """
    by_url: dict[str | None, Context] = {}
    for context in sorted(contexts(env), key=lambda context: not context.current):
        if context.current or not is_missing(context.url):
            by_url.setdefault(context.url or context.name, context)
    return list(by_url.values())


def is_missing(url: str | None) -> bool:
    """Whether it is the address of this machine's own engine, and there is nothing at it."""
    return url == _LOCAL and not Path(url.removeprefix("unix://")).exists()


def overriding(env: Mapping[str, str]) -> str | None:
    """The variable that decides before the current context does, when one is set."""
    return next((name for name in _OVERRIDING if env.get(name)), None)


def _listed(stored: Stored, current: str, env: Mapping[str, str]) -> Context:
    endpoint = stored.endpoint
    if endpoint is None:
        return Context(name=stored.name, url=None, description="", current=False, error=stored.error)
    return Context(
        name=stored.name,
        url=endpoint.url,
        description=endpoint.description,
        current=stored.name == current,
        tls=_tls_of(stored, env),
    )


def _chosen(env: Mapping[str, str]) -> str:
    match overriding(env):
        case None:
            return context_store.current(env)
        case "DOCKER_HOST":
            return DEFAULT
        case variable:
            return env[variable]


def _default_url(env: Mapping[str, str]) -> str:
    """DOCKER_HOST, which may leave out `tcp://`, or the local socket."""
    url = env.get("DOCKER_HOST") or _LOCAL
    return url if "://" in url else f"tcp://{url}"


def _address(url: str, env: Mapping[str, str]) -> Host:
    """An address as typed; over tcp, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say how."""
    if not url.startswith("tcp://") or not (env.get("DOCKER_TLS_VERIFY") or env.get("DOCKER_CERT_PATH")):
        return Host(name=url, url=url, tls=None)
    folder = Path(env.get("DOCKER_CERT_PATH") or context_store.folder(env))
    return Host(name=url, url=url, tls=_tls(folder, verify=bool(env.get("DOCKER_TLS_VERIFY"))))


def _context(name: str, env: Mapping[str, str]) -> Host:
    if name == DEFAULT:
        found = _address(_default_url(env), env)
        return Host(name=env.get("DOCKER_HOST") or DEFAULT, url=found.url, tls=found.tls)
    stored = context_store.one(env, name)
    if stored is None or stored.endpoint is None:
        raise context_store.unknown(env, name, about="host")
    return Host(name=name, url=stored.endpoint.url, tls=_tls_of(stored, env))


def _tls_of(stored: Stored, env: Mapping[str, str]) -> Tls | None:
    """A context's TLS, of its own files or, with verification left out, without any."""
    if stored.endpoint is None or not stored.endpoint.url.startswith("tcp://"):
        return None
    context_store.settle(env, stored.name)
    folder, skip = context_store.tls_folder(env, stored.name), stored.endpoint.skip_tls_verify
    return _tls(folder, verify=not skip) if skip or folder.is_dir() else None


def _tls(folder: Path, *, verify: bool) -> Tls:
    ca, certificate, key = (folder / f"{part}.pem" for part in ("ca", "cert", "key"))
    pair = certificate.is_file() and key.is_file()
    return Tls(
        ca=ca if ca.is_file() else None,
        certificate=certificate if pair else None,
        key=key if pair else None,
        verify=verify,
    )
