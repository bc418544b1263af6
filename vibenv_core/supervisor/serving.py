"""Serves a running program's terminal: waits for it, the sockets and signals, and does what the hub decides.

One thread; nothing blocks but the wait itself, which has an end only while something is due, and the disk.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from . import READY
from .connection import Connection, listening, tell
from .foreground import foreground
from .ghostty import GhosttyScreen
from .hub import Hub
from .program import Program
from .queries import Queries
from .recording import Recording
from .searching import within
from .talk import DtachTalk, FramesTalk, Talk
from .telling import Telling

_STATUS = 1
"""Where it is said how the session is: the standard output, which may be read late or not at all."""
_BATCH = 1 << 15
"""Bytes of output that are worked on at a time: few times what the kernel keeps of it, so that the program
can go on meanwhile."""
_READ = 1 << 13
_DRAIN_S = 1.0
"""How long output is read for after the program's end: others may write to its terminal without end."""
_FAREWELL_S = 2.0
"""How long clients have to take the last of the output."""
_SECOND_CHANCE_S = 2.0
"""After SIGHUP, which a program may ignore or take for something else, comes SIGTERM."""
_QUIET_S = 1.0
_MUCH = 1 << 20
"""After so much output and then so long without any, the screen is to take up less memory."""
_CONNECTIONS = 256
_SIGNALS = (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP, signal.SIGINT)


class Places(NamedTuple):
    """Where a session is served and recorded."""

    dtach_socket: str
    control_socket: str
    log_folder: str
    log_limit: int


def serve(program: Program, places: Places, *, rows: int, cols: int, term: str) -> int:
    """Serve until the program has ended: its exit status, or 128 and the number of the signal that ended it.

    Raises: OSError (the sockets cannot be made; the program is not touched).
    """
    now = time.monotonic()
    screen = GhosttyScreen(rows, cols)
    hub = Hub(screen, Queries(), rows=rows, cols=cols, pid=program.pid, now=now, within=within)
    recording = None
    try:
        recording = Recording(
            places.log_folder,
            limit=places.log_limit,
            rows=rows,
            cols=cols,
            term=term,
            wall=time.time(),
            now=now,
        )
    except OSError as error:
        sys.stderr.write(f"the session is not recorded: {places.log_folder}: {error.strerror}\n")
    talks: dict[str, Callable[[], Talk]] = {
        places.dtach_socket: partial(DtachTalk, hub),
        places.control_socket: partial(FramesTalk, hub),
    }
    listeners = {listening(path): talk for path, talk in talks.items()}
    try:
        loop = _Loop(program, hub, recording, listeners)
        with suppress(OSError):
            os.write(_STATUS, READY)
        return loop.run()
    finally:
        for path in talks:
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 (to import pathlib takes as long as to start Python)


class _Loop:
    def __init__(
        self,
        program: Program,
        hub: Hub,
        recording: Recording | None,
        listeners: dict[socket.socket, Callable[[], Talk]],
    ) -> None:
        self._program = program
        self._hub = hub
        self._recording = recording
        self._size = hub.size
        self._telling: Telling | None = Telling()
        os.set_blocking(_STATUS, False)
        self._exit_code: int | None = None
        self._asked_to_end: float | None = None
        self._rest_at: float | None = None
        self._rested = 0
        self._epoll = select.epoll()
        self._wanted: dict[int, int] = {}
        self._connections: dict[int, Connection] = {}
        self._listeners = {listener.fileno(): (listener, talk) for listener, talk in listeners.items()}
        self._signals = _signals()
        for readable in (self._signals, program.terminal, *self._listeners):
            self._want(readable, select.EPOLLIN)

    def run(self) -> int:
        """Until the program has ended and clients know."""
        self._reap()
        while self._exit_code is None:
            self._safely(self._turn)
        self._safely(self._drain)
        self._safely(partial(self._hub.ended, self._exit_code, time.monotonic()))
        self._stop_listening()
        deadline = time.monotonic() + _FAREWELL_S
        self._safely(partial(self._attend, time.monotonic()))
        while (self._connections or self._has_to_tell) and time.monotonic() < deadline:
            self._safely(partial(self._turn, deadline))
        if self._recording:
            self._recording.close(time.monotonic(), self._paint)
        return self._exit_code

    def _safely(self, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception as error:
            tell(error)

    def _turn(self, deadline: float | None = None) -> None:
        now = time.monotonic()
        untold = self._recording.due if self._recording else None
        told = self._telling.due if self._telling else None
        dues = (deadline, self._hub.due(now), self._asked_to_end, self._rest_at, untold, told)
        times = [at for at in dues if at is not None]
        events = self._epoll.poll(max(0.0, min(times) - now) if times else None)
        now = time.monotonic()
        for descriptor, event in events:
            self._handle(descriptor, event, now)
        if self._asked_to_end is not None and now >= self._asked_to_end:
            self._asked_to_end = None
            self._program.signal(signal.SIGTERM)
        if self._recording and untold is not None and now >= untold:
            self._recording.retry(now, self._paint)
        if self._rest_at is not None and now >= self._rest_at:
            self._rest_at, self._rested = None, self._hub.display.end
            self._hub.display.screen.rest()
        self._attend(now)

    def _handle(self, descriptor: int, event: int, now: float) -> None:
        if connection := self._connections.get(descriptor):
            if event & ~select.EPOLLOUT:
                connection.receive(now)
        elif descriptor == self._program.terminal:
            if event & select.EPOLLIN:
                self._read_output(now)
        elif descriptor == self._signals:
            self._signalled(now)
        elif descriptor in self._listeners:
            self._accept(*self._listeners[descriptor])

    def _attend(self, now: float) -> None:
        """Do what has become due to the program and to clients."""
        self._type()
        while self._hub.tick(now):
            self._type()
        typists = self._hub.typists()
        if self._recording:
            for typist in typists:
                self._recording.typed(typist, now)
        if self._hub.size != self._size:
            self._size = self._hub.size
            if self._recording:
                self._recording.resized(*self._size, now)
            self._program.resize(*self._size)
            self._hub.doing.resized(now)
        for descriptor, connection in list(self._connections.items()):
            connection.send(now)
            ended = connection.is_done and (self._hub.display.exit_code is not None or connection.client)
            if connection.broken or ended:
                self._forget(descriptor, connection)
            else:
                self._want(descriptor, connection.wanted)

        self._safely(partial(self._tell, now))

    @property
    def _has_to_tell(self) -> bool:
        return self._telling is not None and bool(self._telling.unsent)

    def _tell(self, now: float) -> None:
        """Say how the session is, when that has changed and may be said."""
        telling, doing = self._telling, self._hub.doing
        if doing.is_to_look(now):
            doing.looked(foreground(self._program.terminal), now)
        if telling is None:
            return
        self._say(telling)  # what waits goes first, so that the latest comes after it in any case
        if telling.is_news(self._hub.status(now)):
            doing.looked(foreground(self._program.terminal), now)
            telling.tell(self._hub.status(now), time.time())
            self._say(telling)

    def _say(self, telling: Telling) -> None:
        wanted = 0
        try:
            while telling.unsent:
                telling.unsent = telling.unsent[os.write(_STATUS, telling.unsent) :]
        except BlockingIOError:
            wanted = select.EPOLLOUT
        except OSError:
            self._telling = None  # whom it was said to has gone
        self._want(_STATUS, wanted)

    def _read_output(self, now: float) -> bool:
        """Take a batch of output; False when there is no more."""
        pieces, size = [], 0
        with suppress(BlockingIOError):
            while size < _BATCH:
                pieces.append(os.read(self._program.terminal, _READ))
                size += len(pieces[-1])
        if data := b"".join(pieces):
            if self._recording:
                self._safely(partial(self._record, self._recording, data, now))
            self._safely(partial(self._hub.output, data, now))
            if self._hub.display.end - self._rested > _MUCH:
                self._rest_at = now + _QUIET_S
        return size >= _BATCH

    def _record(self, recording: Recording, data: bytes, now: float) -> None:
        whole = recording.due is None
        recording.output(data, now, self._paint)
        if whole and recording.due is not None:
            self._hub.notice(f"the session is not recorded for now: {recording.why}")

    def _paint(self) -> bytes:
        try:
            return self._hub.display.screen.repaint()
        except Exception as error:
            tell(error)  # the recording has what comes all the same
            return b""

    def _drain(self) -> None:
        # When a read says that there is no more, all that was written before the program's end has been read.
        end = time.monotonic() + _DRAIN_S
        while self._read_output(time.monotonic()) and time.monotonic() < end:
            self._attend(time.monotonic())

    def _type(self) -> None:
        keyboard, wanted = self._hub.keyboard, select.EPOLLIN
        try:
            while (piece := keyboard.next()) is not None:
                keyboard.wrote(os.write(self._program.terminal, piece))
        except BlockingIOError:
            wanted |= select.EPOLLOUT
        self._want(self._program.terminal, wanted if self._exit_code is None else 0)

    def _accept(self, listener: socket.socket, talk: Callable[[], Talk]) -> None:
        with suppress(OSError):  # it has gone again
            accepted, _ = listener.accept()
            self._make_room()
            self._connections[accepted.fileno()] = Connection(accepted, talk())

    def _make_room(self) -> None:
        """Where there are very many connections, one that takes no part goes, or else the oldest."""
        if len(self._connections) < _CONNECTIONS:
            return
        taking_part = self._hub.clients
        idle = (each for each in self._connections.items() if each[1].client not in taking_part)
        self._forget(*next(idle, next(iter(self._connections.items()))))

    def _forget(self, descriptor: int, connection: Connection) -> None:
        if connection.client:
            self._hub.leave(connection.client)
        self._want(descriptor, 0)
        connection.close()
        del self._connections[descriptor]

    def _want(self, descriptor: int, events: int) -> None:
        """Wait for these events; for none at all, not even its hanging up."""
        before = self._wanted.get(descriptor, 0)
        if events == before:
            return
        with suppress(OSError):  # closed, which ends the waiting by itself
            if not before:
                self._epoll.register(descriptor, events)
            elif events:
                self._epoll.modify(descriptor, events)
            else:
                self._epoll.unregister(descriptor)
        self._wanted[descriptor] = events

    def _stop_listening(self) -> None:
        for descriptor, (listener, _) in self._listeners.items():
            self._want(descriptor, 0)
            listener.close()
        self._listeners = {}

    def _signalled(self, now: float) -> None:
        numbers = os.read(self._signals, 64)
        if signal.SIGTERM in numbers and self._exit_code is None:
            self._program.signal(signal.SIGHUP)
            self._program.signal(signal.SIGCONT)
            self._asked_to_end = now + _SECOND_CHANCE_S
        self._reap()

    def _reap(self) -> None:
        """Wait for what has ended: the program, and orphans where this is the container's first process."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._program.pid:
                    code = os.waitstatus_to_exitcode(ended[1])
                    self._exit_code = code if code >= 0 else 128 - code


def _signals() -> int:
    """Where the numbers of signals are read as they come; none ends this process any more."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in _SIGNALS:
        signal.signal(number, lambda *_: None)
    return reader
