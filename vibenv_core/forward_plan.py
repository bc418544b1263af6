"""A session's port at a port of this machine: which way leads to it, and what is to be said of it; pure.

Where ssh leads to the host and the port is heard at the session's own address, ssh forwards it. All else is
relayed: a process here has a program in the session connect for each connection.
"""

from __future__ import annotations

import ipaddress
import json
import struct
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from .errors import UsageError
from .model import Container, SessionState

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Heard = Mapping[int, Collection[Address]]
"""The ports that are listened on, each with the addresses that it is listened on at."""

HERE = "127.0.0.1"
"""The one address of this machine where ports are served."""
GONE = "the session is gone"

_LISTENS = "0A"
_LARGEST_PACKET = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A session's port, served at `HERE`. Either an OpenSSH master or a relay of vibenv's own does so."""

    name: str
    """The session's."""
    host: str
    """The host's name, as Host has it."""
    url: str
    """The host's address, as `address.checked` gives it."""
    container: str
    """The id of the session's container: another one of that name is another session."""
    python: str
    """The Python there, for a relay."""
    port: int
    local: int
    since: datetime
    address: str | None = None
    """The address that ssh connects to; None where a relay does."""
    master: str | None = None
    """Which master it is; None for a relay."""
    pid: int | None = None
    """The relay's process; None for ssh."""


def to_text(forward: Forward) -> str:
    """The forward as its file has it."""
    return json.dumps(asdict(forward) | {"since": forward.since.isoformat()})


def from_text(text: str) -> Forward | None:
    """The forward that `to_text` wrote; None for what it did not write."""
    try:
        fields = json.loads(text)
        return Forward(**fields | {"since": datetime.fromisoformat(fields["since"])})
    except (ValueError, TypeError, KeyError):
        return None


def checked_port(port: int, *, about: str) -> int:
    """`port`, when there is such a port. Raises: UsageError."""
    if 0 < port < 65536:
        return port
    raise UsageError(
        f"{port} is no port", code="forward::bad_port", help="a port is from 1 to 65535", about=about
    )


def heard(tables: str) -> Heard:
    """What is listened on, from /proc/net/tcp and /proc/net/tcp6 of a little-endian machine.

    Source: Linux, Documentation/networking/proc_net_tcp.rst.
    """
    found: dict[int, list[Address]] = {}
    for line in tables.splitlines():
        match line.split():
            case [_, local, _, state, *_] if state == _LISTENS:
                address, _, port = local.partition(":")
                words = struct.unpack(f">{len(address) // 8}I", bytes.fromhex(address))
                found.setdefault(int(port, 16), []).append(
                    ipaddress.ip_address(struct.pack(f"<{len(words)}I", *words))
                )
    return found


def is_heard_at(address: str, port: int, heard: Heard) -> bool:
    """Whether the port of a session is listened on at its own address, not on loopback alone."""
    own = ipaddress.ip_address(address)
    return any(each.is_unspecified or each == own for each in heard.get(port, ()))


def made_detail(forward: Forward, wish: int, heard: Heard) -> str | None:
    """What there is to be said of a forward just made, which was to be at the local port `wish`."""
    said = []
    if forward.local != wish:
        said.append(f"port {wish} is not free on this machine")
    if forward.port not in heard:
        others = ", ".join(map(str, sorted(heard)))
        said.append(
            f"nobody listens on port {forward.port} of `{forward.name}` yet"
            + (f"; somebody does on {others}" if others else "")
        )
    return "; ".join(said) or None


def detail(forward: Forward, found: Container | None) -> str | None:
    """Why a forward serves nothing; None where nothing is known against it. `GONE` is for good."""
    if found is None:
        return GONE
    if found.state is not SessionState.RUNNING:
        return f"the session is {found.state}"
    if forward.address is not None and forward.address != found.address:
        return (
            "the session has another address since it was started again: "
            f"vibenv forward {forward.name} {forward.port}"
        )
    return None


def packets(data: bytes) -> bytes:
    """What the program in the session is sent, so that it hands on `data`; b"" says that no more comes."""
    parts = [data[at : at + _LARGEST_PACKET] for at in range(0, len(data), _LARGEST_PACKET)] or [b""]
    return b"".join(struct.pack(">H", len(part)) + part for part in parts)
