"""Where a Docker engine is, as it is typed: understood and checked before anything is asked of it.

Source: docker/cli 28, cli/connhelper/ssh (what an ssh address may hold), ssh(1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import UsageError

_HOST = r"[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\]"
_PORT = r"(?::(?P<port>[0-9]{1,5}))?"
_SSH = re.compile(rf"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@)?(?P<host>{_HOST}){_PORT}")
_TCP = re.compile(rf"(?P<host>{_HOST}){_PORT}(?:/[A-Za-z0-9_./-]*)?")
_PATH = re.compile(r"/[A-Za-z0-9_.+@:/-]*")
_INSTANCE = re.compile(r"i-[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAddress:
    """An engine that ssh leads to."""

    user: str | None
    """None leaves it to the user's ssh configuration."""
    host: str
    """As ssh takes it: a name, an alias of the ssh configuration, or an address without brackets. It begins
    with no `-` and holds nothing that a shell reads."""
    port: int | None
    """None leaves it to the user's ssh configuration."""
    socket: str | None
    """The engine's socket on that host; None is Docker's usual one."""

    @property
    def url(self) -> str:
        """The address as Docker writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"ssh://{user}{host}{port}{self.socket or ''}"


def target(text: str) -> str:
    """The address that TARGET means: `i-…`, `user@host`, or an address as it is.

    Raises: UsageError.
    """
    if "://" in text:
        return checked(text)
    if "@" in text or _INSTANCE.fullmatch(text):
        return ssh(f"ssh://{text}").url
    raise UsageError(
        f"`{text}` is not where a Docker engine can be",
        code="host::unsupported",
        help="name an EC2 instance (i-…), user@host, ssh://…, unix:///PATH or tcp://HOST:PORT",
        about="target",
    )


def checked(url: str) -> str:
    """`url`, when it is an address of a kind that vibenv can reach, and well formed.

    Raises: UsageError.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "ssh":
        return ssh(url).url
    if scheme == "unix" and rest.startswith("/") and rest.isprintable():
        return url
    if scheme == "tcp" and rest:
        _port(_TCP.fullmatch(rest), url)
        return url
    raise UsageError(
        f"`{url}` is no address of a Docker engine that vibenv can use",
        code="host::unsupported",
        help="use a context's name, unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST",
        about="host",
    )


def ssh(url: str) -> SshAddress:
    """What an `ssh://` address says.

    Raises: UsageError, among others for a host that ssh or a shell could take for something else.
    """
    place, slash, path = url.removeprefix("ssh://").partition("/")
    found = _SSH.fullmatch(place)
    port = _port(found, url)
    assert found is not None
    if not _PATH.fullmatch(slash + path or "/"):
        raise _malformed(url)
    return SshAddress(
        user=found["user"], host=found["host"].strip("[]"), port=port, socket=slash + path if path else None
    )


def _port(found: re.Match[str] | None, url: str) -> int | None:
    if found is None:
        raise _malformed(url)
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise _malformed(url)
    return port


def _malformed(url: str) -> UsageError:
    return UsageError(
        f"`{url}` is not well formed: a host begins with a letter or a digit and holds no spaces, no `%`",
        code="host::bad_name",
        help="such as ssh://ubuntu@build.example.com:2222, ssh://i-0123456789abcdef0 or tcp://127.0.0.1:2375",
        about="host",
    )
