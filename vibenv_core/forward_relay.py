"""A local port whose connections are carried into a session by programs that its engine runs there.

    python -m vibenv_core.forward_relay FOLDER FORWARD

FORWARD is what `forward_plan.to_text` gives; `local` is the port that is wished. Goes into the background
once it listens and has written down where. It needs no address of the session, so it leads to the same
session after that was started again, to ports that are listened on at loopback only, and to engines anywhere.
It ends on SIGTERM, once the session was removed, and when nothing was heard of the host for long.

Threads: the main one accepts, and each connection has one; the engine is shared.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import address, forward_plan, forwards, inside_programs
from .errors import NotFound, VibenvError
from .forward_plan import Forward
from .link import master
from .multiplexed import Multiplexed
from .reach import is_reached, reach

if TYPE_CHECKING:
    from .engine import Engine
    from .stream import Stream

_TICK_S = 1.0
_LOOK_S = 30.0
"""How often the session is looked for."""
_SILENT_S = 600.0
"""For how long a host may not be heard of."""
_BLOCK = 1 << 16
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a close tells the other end that the connection was reset."""


def main(folder: str, text: str) -> None:
    """Serve until the session is gone."""
    wanted = forward_plan.from_text(text)
    assert wanted is not None
    listener = forwards.listener(wanted.local)
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        os._exit(0 if os.read(told, 1) else 1)
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    made = dataclasses.replace(wanted, local=listener.getsockname()[1], pid=os.getpid())
    file = forwards.write(made, Path(folder))
    os.write(tell, b"x")
    os.close(tell)
    try:
        Relay(made, os.environ).serve(listener)
    finally:
        file.unlink(missing_ok=True)


class Relay:
    """Carries the connections of one forward."""

    def __init__(self, forward: Forward, env: Mapping[str, str]) -> None:
        self._forward, self._env = forward, env
        self._connecting = threading.Lock()
        self._engine: Engine | None = None
        self._gone = threading.Event()

    def serve(self, listener: socket.socket) -> None:
        """Accept connections until the session is gone."""
        heard_at = looked_at = time.monotonic()
        while not self._gone.is_set():
            if select.select([listener], [], [], _TICK_S)[0]:
                connection = listener.accept()[0]
                threading.Thread(target=self._carry, args=(connection,), daemon=True).start()
            now = time.monotonic()
            if now - looked_at >= _LOOK_S:
                looked_at = now
                if self._is_heard_of():
                    heard_at = now
                elif now - heard_at > _SILENT_S:
                    return

    def _is_heard_of(self) -> bool:
        """Whether the host says anything of the session; no link is made to ask it."""
        url = self._forward.url
        if url.startswith("ssh://") and master.standing(address.ssh(url), self._env) is None:
            return False
        try:
            if self._reached().inspect(self._forward.container) is None:
                self._gone.set()
        except VibenvError:
            return False
        return True

    def _carry(self, connection: socket.socket) -> None:
        argv = inside_programs.argv(self._forward.python, "connect", str(self._forward.port))
        with connection:
            answered = False
            try:
                engine = self._reached()
                try:
                    stream = engine.exec_stream(self._forward.container, argv)
                except NotFound:
                    self._gone.set()
                    raise
                with stream:
                    answered = _spliced(connection, stream)
            except VibenvError as error:
                print(error, file=sys.stderr, flush=True)
            if not answered:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _reached(self) -> Engine:
        with self._connecting:
            if self._engine is None or not is_reached(self._engine, self._env):
                host = forwards.host_of(self._forward, self._env)
                self._engine = reach(host, env=self._env, cancelled=threading.Event())
            return self._engine


def _spliced(near: socket.socket, far: Stream) -> bool:
    """Copy both ways until either end is closed: whether anything came from the session's."""
    near.setblocking(False)
    output, up, down = Multiplexed(), b"", b""
    near_open = far_open = True
    anything = waiting = False
    with contextlib.suppress(ConnectionError):  # the near end's; the far end's are none of its errors
        while far_open or down:
            readers = [*([near] if near_open and not up else ()), *([far] if far_open and not down else ())]
            writers = [*([near] if down else ()), *([far] if up and far_open else ())]
            readable, writable, _ = select.select(readers, writers, [], 0 if waiting and not down else None)
            if near in readable:
                data = near.recv(_BLOCK)
                near_open, up = data != b"", forward_plan.packets(data)
            if far in readable or (waiting and not down):
                received = far.recv()
                waiting = received is not None  # over TLS there may be more, of which select knows nothing
                far_open = received != b""
                down = output.feed(received or b"")
                anything = anything or down != b""
            if far in writable:
                up = up[far.send(up) :]
            if near in writable:
                down = down[near.send(down) :]
    return anything


if __name__ == "__main__":
    main(*sys.argv[1:])
