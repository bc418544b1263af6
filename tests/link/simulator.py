"""A bad connection: relays from a unix socket to a TCP address as slowly and unreliably as it is told.

usage: python -m tests.link.simulator SOCKET CONTROL HOST:PORT

Listens on SOCKET. At CONTROL it takes one JSON object per line, the fields of `Faults` to be changed or the
name of something to do to what is open (`{"do": "cut"}`), and answers each with a line of JSON: the fields of
`Seen`. `Simulator` asks it so.
Latency is one way, so a round trip takes twice as long. Nothing is reordered, as nothing is within TCP.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.stack.engine import wait_until

_BLOCK = 1 << 14
_AHEAD = 64
"""Blocks on their way at once, in one direction of one connection: 1 MiB."""


@dataclass(slots=True, kw_only=True)
class Faults:
    """What is wrong with the connection: held true for all connections, old and new, from when it is set."""

    latency_s: float = 0.0
    """How long a byte is on its way."""
    jitter_s: float = 0.0
    """By how much longer it may be, at random."""
    rate: float = 0.0
    """Bytes a second in each direction of each connection; 0 is no limit."""
    stalled: bool = False
    """Bytes are kept and arrive once this is over."""
    refused: bool = False
    """New connections are closed at once."""
    handshake_s: float = 0.0
    """How long a new connection takes until its first byte goes on."""
    banner: str = ""
    """What a new connection says before the far end says anything."""
    lives_s: float = 0.0
    """After how long a connection is cut; 0 is never."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the simulator has seen since it was started."""

    connections: int = 0
    """How many were opened."""
    open: int = 0
    up: int = 0
    """Bytes towards the far end."""
    down: int = 0


class Connection:
    """One connection through the simulator."""

    def __init__(self, link: Link, near: Pipe) -> None:
        self.link = link
        self.near = near
        self.far: Pipe | None = None
        self.half_open = False

    async def run(self, host: str, port: int) -> None:
        """Relay until either end hangs up, or the connection is cut."""
        faults = self.link.faults
        if faults.refused:
            return
        await asyncio.sleep(faults.handshake_s)
        if faults.banner:
            self.near.writer.write(faults.banner.encode())
        self.far = Pipe(*await asyncio.open_connection(host, port))
        lives_s = faults.lives_s or None
        try:
            async with asyncio.timeout(lives_s), asyncio.TaskGroup() as both:
                both.create_task(self._relay(self.near, self.far, "up"))
                both.create_task(self._relay(self.far, self.near, "down"))
        except* OSError:  # either end broke off, or the time is up
            pass

    async def _relay(self, source: Pipe, target: Pipe, direction: str) -> None:
        """Read on while earlier blocks are on their way."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_AHEAD)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._read(source, under_way, direction))
            both.create_task(self._deliver(under_way, target))

    async def _read(
        self, source: Pipe, under_way: asyncio.Queue[tuple[float, bytes]], direction: str
    ) -> None:
        link, due = self.link, 0.0
        while True:
            data = await source.reader.read(_BLOCK)
            if self.half_open:
                if data:
                    continue
                await asyncio.Event().wait()  # the other end never hears of this end's hanging up
            delay = link.faults.latency_s + random.uniform(0, link.faults.jitter_s)
            due = max(due, time.monotonic() + delay)
            await under_way.put((due, data))
            if not data:
                return
            setattr(link.seen, direction, getattr(link.seen, direction) + len(data))

    async def _deliver(self, under_way: asyncio.Queue[tuple[float, bytes]], target: Pipe) -> None:
        faults = self.link.faults
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self.link.flows.wait()
            if self.half_open:
                continue
            if not data:
                target.writer.write_eof()
                return
            target.writer.write(data)
            await target.writer.drain()
            if faults.rate:
                await asyncio.sleep(len(data) / faults.rate)

    def cut(self) -> None:
        """Close both ends without a word."""
        for pipe in (self.near, self.far):
            if pipe is not None:
                pipe.writer.transport.abort()

    def lose(self) -> None:
        """Close the far end, and never let the near end hear of it, nor of anything else."""
        self.half_open = True
        if self.far is not None:
            self.far.writer.transport.abort()


@dataclass(frozen=True, slots=True)
class Pipe:
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@dataclass(slots=True)
class Link:
    """All connections to one address, and what holds for them."""

    host: str
    port: int
    faults: Faults = field(default_factory=Faults)
    seen: Seen = field(default_factory=Seen)
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[Connection] = field(default_factory=set)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a new connection to its end."""
        connection = Connection(self, Pipe(reader, writer))
        self.seen.connections += 1
        self.open.add(connection)
        try:
            with contextlib.suppress(OSError):
                await connection.run(self.host, self.port)
        finally:
            self.open.discard(connection)
            connection.cut()

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do what a test asks for, line by line."""
        while line := await reader.readline():
            self.change(json.loads(line))
            self.seen.open = len(self.open)
            writer.write(json.dumps(asdict(self.seen)).encode() + b"\n")
        writer.close()

    def change(self, wanted: dict[str, Any]) -> None:
        """Do what is to be done, and take over faults."""
        acts = {"cut": Connection.cut, "lose": Connection.lose}
        if "do" in wanted:
            act = acts[wanted.pop("do")]
            for connection in self.open:
                act(connection)
        for name, value in wanted.items():
            setattr(self.faults, name, value)
        if self.faults.stalled:
            self.flows.clear()
        else:
            self.flows.set()


async def serve(path: str, control: str, address: str) -> None:
    """Relay until this process is ended."""
    host, _, port = address.rpartition(":")
    link = Link(host, int(port))
    link.flows.set()
    await asyncio.start_unix_server(link.accept, path)
    await asyncio.start_unix_server(link.control, control)
    await asyncio.Event().wait()


class Simulator:
    """A simulator that runs, as a test sees it: change its faults, ask what it saw."""

    def __init__(self, control: Path) -> None:
        self._control = control

    def answers(self) -> bool:
        """Whether it can be asked yet; it listens here last."""
        try:
            self._ask({})
        except OSError:
            return False
        return True

    def set(self, **faults: Any) -> Seen:
        """Change some of the `Faults`; those that are not named stay as they are."""
        return self._ask(faults)

    def heal(self) -> Seen:
        """Have no faults any more."""
        return self._ask(asdict(Faults()))

    def cut(self) -> Seen:
        """Break off every connection that is open."""
        return self._ask({"do": "cut"})

    def lose(self) -> Seen:
        """Leave what is open half open: the far end hangs up, and the near end hears nothing any more."""
        return self._ask({"do": "lose"})

    def seen(self) -> Seen:
        """What it has seen so far."""
        return self._ask({})

    def _ask(self, wanted: dict[str, Any]) -> Seen:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self._control))
            connection.sendall(json.dumps(wanted).encode() + b"\n")
            return Seen(**json.loads(connection.makefile().readline()))


@contextlib.contextmanager
def simulating(folder: Path, address: str, *, prefix: Sequence[str] = ()) -> Iterator[Simulator]:
    """A simulator in `folder` (at `link.sock`) before `address`; `prefix` is a command line to run it by."""
    path, control = folder / "link.sock", folder / "control.sock"
    argv = [*prefix, sys.executable, "-m", "tests.link.simulator", str(path), str(control), address]
    with subprocess.Popen(argv, cwd=Path(__file__).parent.parent.parent) as process:
        try:
            simulator = Simulator(control)
            wait_until(simulator.answers, 10, "the simulator to listen")
            yield simulator
        finally:
            process.terminate()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(*sys.argv[1:]))
