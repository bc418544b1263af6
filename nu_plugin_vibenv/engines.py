"""The Docker engines that this plugin process is connected to, one connection pool for each.

`_lock` guards the table only; a connection is made outside it, so that a host that does not answer holds up
nobody else. Imports docker, by way of `vibenv_core.engine`, when the first engine is asked for.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .sdk import ConnectionClosed

if TYPE_CHECKING:
    from vibenv_core.engine import Engine
    from vibenv_core.hosts import Host

    from .sdk import Engine as Nushell

_lock = threading.Lock()
_connected: dict[Host, Engine] = {}
_keeping = threading.Lock()
"""Guards `_timer`, and what nu is told."""
_timer: threading.Timer | None = None
"""Comes when connections into sessions may have been idle for long; None while none are kept."""


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
        former = _connected.get(host)
        _connected[host] = engine
    if former is not None:
        former.kept.close()
    return engine


def keep(nu: Nushell) -> None:
    """Have nu leave this process running for as long as connections into sessions are kept for the next use;
    it would end a plugin that does nothing.
    """
    with _keeping:
        if _timer is None:
            _look(nu)


def _look(nu: Nushell) -> None:
    """Close what nobody uses any more, and come again for the rest."""
    global _timer
    with _lock:
        engines = list(_connected.values())
    dues = [due for engine in engines if (due := engine.kept.expire()) is not None]
    was_kept, _timer = _timer is not None, None
    if dues:
        _timer = threading.Timer(min(dues), _again, (nu,))
        _timer.daemon = True
        _timer.start()
    if was_kept != bool(dues):
        nu.set_gc_disabled(bool(dues))


def _again(nu: Nushell) -> None:
    with _keeping, contextlib.suppress(ConnectionClosed):
        _look(nu)
