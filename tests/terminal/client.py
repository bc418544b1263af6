"""A client of the control socket, written from `frames` alone: it reads when a test says so, not before."""

from __future__ import annotations

import contextlib
import select
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import Frame, Frames, Hello, Kind

PATIENCE_S = 10.0
_POLL_S = 0.02
_PAINTS = (Kind.OUTPUT, Kind.REPAINT, Kind.VIEW)


class Client:
    """One connection. What it is sent stays unread, and so not taken, until a test waits for something."""

    def __init__(self, path: Path, hello: Hello) -> None:
        self.hello = hello
        self.frames: list[Frame] = []
        """All that came."""
        self.painted = bytearray()
        """What came for the terminal, since it was painted whole for the last time."""
        self.output = bytearray()
        """What came of the program's output as it is, in all."""
        self.position = hello.since
        """Up to where in the output the terminal shows all, exactly."""
        self.typed = 0
        """How much was typed by this client, when it was here before too."""
        self.taken = 0
        """How many bytes came for the terminal, in all."""
        self._frames = Frames()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        try:
            self.send(frames.said(Kind.HELLO, hello._asdict()))
            welcome = self.until_frame(Kind.WELCOME)
        except BaseException:
            self.close()
            raise
        self.typed = frames.plain(welcome.payload)["typed"]

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def type(self, data: bytes) -> None:
        """Type, and do not wait for it to be taken."""
        self.send(frames.positioned(Kind.INPUT, self.typed, data))
        self.typed += len(data)

    def resize(self, rows: int, cols: int) -> None:
        self.send(frames.sized(Kind.SIZE, rows, cols))

    def ask(self, what: str, **more: object) -> dict[str, Any]:
        """What is answered to a request."""
        identity = uuid.uuid4().hex
        self.send(frames.said(Kind.REQUEST, {"id": identity, "do": what, **more}))
        while True:
            answer = frames.plain(self.until_frame(Kind.ANSWER).payload)
            if answer["id"] == identity:
                return answer

    def until_frame(self, kind: Kind, within_s: float = PATIENCE_S) -> Frame:
        """The next frame of that kind that is not read yet."""
        seen = len(self.frames)
        self.until(lambda: any(frame.kind == kind for frame in self.frames[seen:]), kind.name, within_s)
        return next(frame for frame in self.frames[seen:] if frame.kind == kind)

    def until(self, holds: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
        """Read and take until something holds."""
        deadline = time.monotonic() + within_s
        while not holds():
            left = deadline - time.monotonic()
            assert left > 0, (
                f"{what} did not come within {within_s:g} s; last: {bytes(self.painted[-500:])!r}"
            )
            if not self.read(min(left, _POLL_S)):
                assert holds(), f"the connection ended before {what}"
                return

    def until_painted(self, text: bytes, within_s: float = PATIENCE_S) -> None:
        """Read until `text` came for the terminal."""
        self.until(lambda: text in self.painted, repr(text), within_s)

    def read(self, within_s: float = 0.0) -> bool:
        """Take what is there, or comes in time; whether the connection still is."""
        if not select.select([self._socket], [], [], within_s)[0]:
            return True
        try:
            data = self._socket.recv(1 << 16)
        except ConnectionResetError:
            return False
        for frame in self._frames.feed(data):
            self.frames.append(frame)
            self._took(frame)
        return bool(data)

    def _took(self, frame: Frame) -> None:
        if frame.kind not in _PAINTS:
            return
        position, data = frames.position(frame.payload)
        if frame.kind == Kind.OUTPUT:
            assert self.position is None or position == self.position, "output is missing, or came twice"
            self.position = position + len(data)
            self.output += data
        else:
            self.painted.clear()
            self.position = position if frame.kind == Kind.REPAINT else None
        self.painted += data
        self.taken += len(data)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send(frames.positioned(Kind.TAKEN, self.taken))

    def close(self) -> None:
        """Break the connection."""
        self._socket.close()
