"""A session without a container: what vibenv runs in it are plain processes of this machine."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, cast

import pytest

from vibenv_core import replies
from vibenv_core.engine import Engine
from vibenv_core.kept import Connection, Kept
from vibenv_core.model import Container
from vibenv_core.stream import Stream

SESSION = json.loads((Path(__file__).parents[1] / "data/docker/inspect-session-28.5.2.json").read_text())


class _PlainStream:
    """The streams of a process, in the frames of an engine."""

    def __init__(self, process: subprocess.Popen[bytes], near: socket.socket) -> None:
        self.process = process
        self._stream = Stream(near)

    def fileno(self) -> int:
        return self._stream.fileno()

    def recv(self) -> bytes | None:
        data = self._stream.recv()
        return struct.pack(">BxxxI", 1, len(data)) + data if data else data

    def send(self, data: bytes) -> int:
        return self._stream.send(data)

    def close(self) -> None:
        self._stream.close()


class PlainEngine:
    """An engine whose containers are this machine; `folder` is the working folder of its sessions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        self.env = dict(os.environ)
        self.way: str | None = "nothing that an engine could reach past its programs"
        self.kept: Kept[tuple[str, ...], Connection] = Kept()

    def exec_stream(self, _container: str, argv: Sequence[str], *, env: Mapping[str, str]) -> _PlainStream:
        near, far = socket.socketpair()
        try:
            process = subprocess.Popen(
                [sys.executable, *argv[1:]],
                stdin=far.fileno(),
                stdout=far.fileno(),
                env={**self.env, **env},
                cwd=self.folder,
            )
        except OSError:
            near.close()
            raise
        finally:
            far.close()
        self.started.append(process)
        return _PlainStream(process, near)

    def inspect(self, _container: str) -> Container:
        return replies.container(SESSION)

    def read_file(self, _container: str, _path: str) -> NoReturn:
        raise NotImplementedError

    archive = read_file

    @property
    def as_engine(self) -> Engine:
        """What takes an engine asks this one no more than it has."""
        return cast(Engine, self)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[PlainEngine]:
    """A session whose programs work in an empty folder; they all have ended with the test."""
    folder = tmp_path / "session"
    folder.mkdir()
    engine = PlainEngine(folder)
    yield engine
    engine.kept.close()
    for process in engine.started:
        try:
            process.wait(timeout=10)
        finally:
            process.kill()


NEVER = threading.Event()
"""Of calls that nobody cancels."""
