"""What a Docker engine's no, or its silence, means: from its words and the system's errors to ours; pure.

Engines tell their refusals apart by a sentence only: the sentences are read here and nowhere else, and each
row of the table has a recorded sample in tests/core/test_refusals.py.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from typing import NamedTuple

from .errors import AlreadyExists, EngineError, NotFound, Unreachable, VibenvError, WrongState
from .hosts import Host


class _Row(NamedTuple):
    words: str
    """A pattern; its groups go into `message`, and `said` is the engine's own sentence."""
    kind: type[VibenvError]
    code: str
    message: str
    help: str | None


_TABLE = (
    _Row(
        "no space left on device",
        EngineError,
        "engine::disk_full",
        "the disk of the Docker engine is full: {said}",
        "make room: `docker system df` shows what takes it, `docker system prune` takes away what is unused",
    ),
    _Row(
        r"(?:Bind for|listen tcp4?|bind host port for) (?P<address>[\d.]+:\d+).*already (?:allocated|in use)",
        EngineError,
        "engine::port_taken",
        "{address} on the engine's host is taken by another program or container",
        "`ss -ltnp` there and `docker ps` show which: stop it, or choose another port, such as "
        "`$env.VIBENV_REGISTRY_ADDRESS = 'localhost:5001'`",
    ),
    _Row(
        r'The container name "/(?P<name>\S+)" is already in use',
        AlreadyExists,
        "container::taken",
        "there is a container `{name}` already",
        None,
    ),
    _Row(
        "(?:remove a running container|container is running)",
        WrongState,
        "container::running",
        "the container runs",
        None,
    ),
    _Row(
        r"[Cc]ontainer \S+ is (?:not running|restarting|paused)",
        WrongState,
        "container::not_running",
        "the container does not run: {said}",
        None,
    ),
    _Row(
        r"No such container: (?P<name>\S+)",
        NotFound,
        "container::not_found",
        "there is no container `{name}`",
        None,
    ),
    _Row(
        r"[Nn]o such image: (?P<name>\S+)",
        NotFound,
        "image::not_found",
        "the engine has no image `{name}`",
        "`docker pull` it, or build it",
    ),
    _Row(
        r"(?:manifest unknown|repository does not exist|name unknown|: not found$)",
        NotFound,
        "image::not_in_registry",
        "the registry has no such image: {said}",
        "see that the image's name is right; the settings VIBENV_*_IMAGE name other ones",
    ),
    _Row(
        'Get "https?://.*(?:connection refused|no such host|i/o timeout|Timeout|connection reset|EOF)',
        EngineError,
        "engine::registry_unreachable",
        "the engine cannot reach the image's registry: {said}",
        "see that the engine's host has a network and the registry runs (`vibenv status`)",
    ),
)


def refusal(status: int, said: str) -> VibenvError:
    """What an engine meant by the HTTP `status` (0 within a stream) and the sentence `said`."""
    for row in _TABLE:
        if found := re.search(row.words, said):
            message = row.message.format(said=said, **found.groupdict())
            return row.kind(message, code=row.code, help=row.help)
    kind = NotFound if status == 404 else EngineError
    return kind(f"the Docker engine said no: {said}", code="engine::refused")


def unreachable(host: Host, error: BaseException) -> VibenvError:
    """Why `host` could not be asked, from the system's error, however deep `error` wraps it.

    Where all went well but for reading the answer, the error is an EngineError.
    """
    place = f"the Docker engine at {host.url}"
    causes = list(_causes(error))
    for cause in causes:
        match cause:
            case PermissionError():
                return _silent(
                    "no_permission",
                    f"you may not use {place}",
                    "join the group that may: `sudo usermod -aG docker $USER`, then log in again",
                )
            case FileNotFoundError() | ConnectionRefusedError() if host.url.startswith("ssh://"):
                return _silent(
                    "link_ended", f"the link to {host.url} has ended", "try again: it will be made anew"
                )
            case FileNotFoundError() | ConnectionRefusedError():
                return _silent(
                    "not_running",
                    f"{place} does not run",
                    "start it (`sudo systemctl start docker`), or name another with `--host`: "
                    "`docker context ls` lists them",
                )
            case socket.gaierror():
                return _silent("unknown_address", f"no address is known for {place}", "see `--host`")
            case ssl.SSLError():
                return _silent(
                    "tls",
                    f"no trusted connection to {place}: {cause}",
                    "see the certificates of the context, or in DOCKER_CERT_PATH",
                )
            case TimeoutError():
                return _silent("timeout", f"{place} did not answer in time", "`vibenv doctor` looks closer")
            case OSError() if "unreachable" in str(cause) or "No route" in str(cause):
                return _silent("unknown_address", f"no way leads to {place}: {cause}", "see `--host`")
            case ConnectionError():
                return _broken_off(place)
            case _:
                continue
    if any(isinstance(cause, (LookupError, TypeError, ValueError)) for cause in causes):
        return EngineError(
            f"the answer of {place} was not understood: {causes[-1]!r}",
            code="engine::not_understood",
            help="see that it is a Docker engine of version 20.10 or newer: `docker version`",
        )
    return _broken_off(place)


def _broken_off(place: str) -> Unreachable:
    return _silent(
        "connection_lost",
        f"{place} broke off before it had answered; whether it did what it was asked is not known",
        "see `vibenv status` once it answers again",
    )


def _silent(code: str, message: str, help: str) -> Unreachable:
    return Unreachable(message, code=f"engine::{code}", help=help, about="host")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that it was raised from or carries, outermost first."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        linked = (current.__cause__, current.__context__, getattr(current, "reason", None), *current.args)
        waiting += [cause for cause in linked if isinstance(cause, BaseException)]
