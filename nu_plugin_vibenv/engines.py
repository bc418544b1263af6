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


def meant(nu: Nushell, flag: str | None) -> tuple[Host, dict[str, str]]:
    """The host that `flag`, or else the caller's environment, names, and the variables that lead there: those
    that say which it is and where this is, and where ssh leads there, all: it and what it runs are the user's
    programs.

    Raises: what `hosts.resolve` raises.
    """
    from vibenv_core.hosts import VARIABLES, resolve
    from vibenv_core.session_plan import SESSION_VARIABLE

    few = nu.environment(*VARIABLES, SESSION_VARIABLE)
    host = resolve(flag, few)
    return host, nu.environment() if host.url.startswith("ssh://") else few


def connected(
    host: Host, env: Mapping[str, str], *, cancelled: threading.Event, tty: int | None = None
) -> Engine:
    """The engine of `host`; connected to once for each host, and anew where the way to it has ended. What
    this thread asks it from now on ends early when `cancelled` is set. On the terminal `tty` ssh may ask the
    user.

    Raises: what `reach.reach` raises.
    """
    from vibenv_core import caller, reach

    caller.is_heeded(cancelled)
    with _lock:
        known = _connected.get(host)
    if known is not None and reach.is_reached(known, env):
        return known
    engine = reach.reach(host, env=env, cancelled=cancelled, tty=tty)
    with _lock:
        _connected[host] = engine
    return engine
