"""The entry point of a plugin: what nu starts, over standard input and output or a local socket."""

from __future__ import annotations

import gc
import os
import sys

from . import signals
from .codec import best_encoding
from .connection import Connection
from .data import TYPE_CHECKING
from .errors import ConnectionClosed, RemoteProtocolError
from .runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .plugin import Plugin
    from .runtime import Transport

READ_SIZE = 1 << 16


class Descriptors:
    """A transport over two file descriptors."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._writing = writing

    def read(self) -> bytes:
        return os.read(self._reading, READ_SIZE)

    def write(self, data: bytes) -> None:
        written = os.write(self._writing, data)
        if written < len(data):
            view = memoryview(data)
            while written < len(data):
                written += os.write(self._writing, view[written:])


def stdio() -> Descriptors:
    """Standard input and output, out of the way: a stray `print` goes to stderr, a child reads nothing."""
    reading, writing = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return Descriptors(reading, writing)


def local_socket(path: str) -> Descriptors:
    """A local socket of nu's, connected to twice: nu writes to the first and reads from the second."""
    import socket

    connections = []
    for _ in range(2):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        connections.append(connection.detach())
    return Descriptors(*connections)


def serve(plugin: Plugin, argv: Sequence[str], *, encoding: str | None = None) -> int:
    """Run a plugin as nu starts it until nu ends it, and give the exit status.

    `argv` is without the program's name. The encoding is msgpack, or JSON where msgpack is not installed.
    Started by hand, it prints what it is.
    """
    transport: Transport
    match list(argv):
        case ["--stdio"]:
            transport = stdio()
        case ["--local-socket", path]:
            transport = local_socket(path)
        case [] | ["--help" | "-h"]:
            print(_usage(plugin))
            return 0
        case _:
            print(f"unknown arguments: {' '.join(argv)}\n\n{_usage(plugin)}", file=sys.stderr)
            return 2
    signals.prepare()
    gc.freeze()  # what is loaded by now stays: no collection need look at it
    gc.enable()
    try:
        Runtime(Connection(encoding or best_encoding()), transport, plugin.handle, _say).serve()
    except ConnectionClosed:
        return 0
    except RemoteProtocolError as error:
        _say(str(error))
        return 1
    return 0


def _say(text: str) -> None:
    program = sys.argv[0].rpartition("/")[2]
    print(f"{program}: {text}", file=sys.stderr)


def _usage(plugin: Plugin) -> str:
    commands = "\n".join(f"  {name}" for name in plugin.names)
    return (
        f"A Nushell plugin, version {plugin.version}, with the commands\n{commands}\n\n"
        f"Register it in Nushell: {plugin.registration}"
    )
