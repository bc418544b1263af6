"""The engine of any host, connected to: at its address, or by a link over ssh, made and mended as needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import address, caller, hosts, session_plan
from .errors import Unreachable
from .hosts import Host

if TYPE_CHECKING:
    from .engine import Engine

_REACH_S = 20.0
_ANSWER_S = 10.0
"""How long a link may be silent before another is made beside it; where that fails too, the host is not
reached."""


def is_reached(engine: Engine, env: Mapping[str, str]) -> bool:
    """Whether the way to the engine is still there; asks nothing of the host."""
    if not engine.host.url.startswith("ssh://"):
        return True
    from .link import master

    return master.standing(address.ssh(engine.host.url), env) is not None


def reach(
    host: Host,
    *,
    env: Mapping[str, str],
    cancelled: threading.Event,
    reach_s: float = _REACH_S,
    timeout_s: float = 60.0,
    tty: int | None = None,
) -> Engine:
    """The engine of `host`, once it answers; no later call takes longer than `timeout_s`.

    A link takes at most `reach_s` to make or mend, and on the terminal `tty` ssh may ask its user for what it
    needs, for as long as that takes.

    Raises: Unreachable and its kin NeedsTerminal, NotFound (a program that ssh needs), UsageError (the user's
    ssh configuration), WrongState (the folder of the links), Interrupted.
    """
    from .docker_client import Way
    from .engine import Engine

    if not host.url.startswith("ssh://"):
        try:
            return Engine.connect(host, timeout_s=timeout_s)
        except Unreachable as silent:
            session = env.get(session_plan.SESSION_VARIABLE)
            if session is None or not hosts.is_missing(host.url):
                raise
            raise session_plan.no_access(session) from silent
    from .link import master

    there = address.ssh(host.url)

    def attempt(cancelled: threading.Event, tty: int | None = None) -> master.Attempt:
        deadline = time.monotonic() + reach_s
        return master.Attempt(address=there, env=env, deadline=deadline, cancelled=cancelled, tty=tty)

    link = master.connect(attempt(cancelled, tty))
    near = Host(name=host.name, url=f"unix://{link.docker}", tls=None)
    way = Way(
        near=near,
        answer_s=min(_ANSWER_S, reach_s),
        # Who asks later is somebody else than this call's user.
        mend=lambda silent, since_ns: master.mend(
            attempt(caller.cancelled()), silent=silent, since_ns=since_ns
        ),
        is_narrow=lambda: (standing := master.standing(there, env)) is not None and standing.relayed,
    )
    return Engine.connect(host, way=way, timeout_s=timeout_s)
