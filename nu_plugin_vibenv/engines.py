"""The Docker engines that this plugin process is connected to, one connection pool for each.

`_lock` guards the table only; a connection is made outside it, so that a host that does not answer holds up
nobody else. Imports docker, by way of `vibenv_core.engine`, when the first engine is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vibenv_core.engine import Engine
    from vibenv_core.hosts import Host

    from .sdk import Engine as Nushell

_lock = threading.Lock()
_connected: dict[Host, Engine] = {}


def environment(nu: Nushell, flag: str | None) -> dict[str, str]:
    """The caller's variables that say which host is meant; where ssh leads there, all: it and what it runs
    are the user's programs.

    Raises: what `hosts.resolve` raises.
    """
    from vibenv_core.hosts import VARIABLES, resolve

    few = nu.environment(*VARIABLES)
    return nu.environment() if resolve(flag, few).url.startswith("ssh://") else few


def connected(
    flag: str | None, env: Mapping[str, str], *, cancelled: threading.Event, tty: int | None = None
) -> Engine:
    """The engine that `flag`, or else the environment of the call, names; connected to once for each host,
    and anew where the way to it has ended. On the terminal `tty` ssh may ask the user.

    Raises: what `hosts.resolve` and `reach.reach` raise.
    """
    from vibenv_core import reach
    from vibenv_core.hosts import resolve

    host = resolve(flag, env)
    with _lock:
        known = _connected.get(host)
    if known is not None and reach.is_reached(known, env):
        return known
    engine = reach.reach(host, env=env, cancelled=cancelled, tty=tty)
    with _lock:
        _connected[host] = engine
    return engine
