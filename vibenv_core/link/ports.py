"""Ports that a link's master forwards: asked of it beside the sockets, without another login."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from . import master, plan
from .master import Attempt


def master_of(folder: Path) -> str | None:
    """What tells the master of a link from those before and after it; None where none runs."""
    control = folder / plan.CONTROL
    if not master.listens(control):
        return None
    with contextlib.suppress(FileNotFoundError):  # it has ended since
        found = control.lstat()
        return f"{found.st_ino}-{found.st_ctime_ns}"
    return None


def forward(attempt: Attempt, local: int, address: str, port: int, *, refusal_s: float) -> bool:
    """Have the master forward a local port; False where the host does not let it, or nobody is there.

    The host says so only of a connection, within `refusal_s`: one is made, and nothing is said on it.
    Raises: EngineError (the master does not answer).
    """
    forwarding = plan.port_forward(local, address, port)
    if master.ask(attempt, attempt.folder / plan.CONTROL, "forward", *forwarding).exit_code:
        return False
    if _leads_somewhere(local, refusal_s):
        return True
    cancel(attempt, local, address, port)
    return False


def cancel(attempt: Attempt, local: int, address: str, port: int) -> None:
    """Have the master forward that no longer; connections that are open stay. Raises: as `forward`."""
    master.ask(attempt, attempt.folder / plan.CONTROL, "cancel", *plan.port_forward(local, address, port))


def _leads_somewhere(local: int, refusal_s: float) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", local)) as connection:
        connection.settimeout(refusal_s)
        try:
            return connection.recv(1) != b""
        except TimeoutError:
            return True
    return False
