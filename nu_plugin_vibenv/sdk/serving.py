"""The entry point of a plugin: what nu starts, over standard input and output or a local socket."""

from __future__ import annotations

import gc
import io
import os
import sys
import threading

from . import signals
from .codec import best_encoding
from .connection import Connection
from .data import TYPE_CHECKING
from .errors import ConnectionClosed, RemoteProtocolError
from .messages import Feature
from .runtime import Runtime
from .wire import UNREAD_PLUGIN_INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .plugin import Plugin
    from .runtime import Transport

READ_SIZE = 1 << 16

COLLECT_AFTER = 50_000
"""Objects more than before at which Python looks for cycles among them: a table that comes as one value is
millions, none in a cycle, and with Python's own 700 the looking takes twice as long as the reading.
"""

LEAVE_S = 2.0
"""How long the process may take to end once nu has ended it and all calls have ended or were given up."""


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
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # or a `print` would be shown when the plugin ends
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


def serve(
    plugin: Plugin, argv: Sequence[str], *, encoding: str | None = None, prefer_socket: bool = False
) -> int:
    """Run a plugin as nu starts it until nu ends it, and give the exit status.

    `argv` is without the program's name. The encoding is msgpack, or JSON where msgpack is not installed.
    With `prefer_socket` nu is asked to speak over a local socket, which leaves the plugin nu's own standard
    input and output; it then starts the plugin twice, as it learns of the wish from the first.
    Started by hand, it prints what it is.
    """
    transport: Transport
    match list(argv):
        case ["--stdio"]:
            transport = stdio()
        case ["--local-socket", path]:
            try:
                transport = local_socket(path)
            except OSError as error:
                _say(f"{path} is no socket of a nu that waits for this plugin: {error.strerror}")
                return 1
        case [] | ["--help" | "-h"]:
            print(_usage(plugin))
            return 0
        case _:
            print(f"unknown arguments: {' '.join(argv)}\n\n{_usage(plugin)}", file=sys.stderr)
            return 2
    signals.prepare()
    gc.freeze()  # what is loaded by now stays: no collection need look at it
    gc.set_threshold(COLLECT_AFTER)
    gc.enable()
    features = (Feature("LocalSocket"),) if prefer_socket else ()
    connection = Connection(encoding or best_encoding(), features, UNREAD_PLUGIN_INPUT)
    status = 0
    try:
        Runtime(connection, transport, plugin.handle, _say).serve()
    except ConnectionClosed:
        pass
    except RemoteProtocolError as error:
        _say(str(error))
        status = 1
    _end_in_any_case(status)
    return status


def _end_in_any_case(status: int) -> None:
    """End the process soon, even when threads of a command, which Python would wait for, never end."""
    last = threading.Timer(LEAVE_S, os._exit, (status,))
    last.daemon = True
    last.start()


def _say(text: str) -> None:
    program = sys.argv[0].rpartition("/")[2]
    print(f"{program}: {text}", file=sys.stderr)


def _usage(plugin: Plugin) -> str:
    commands = "\n".join(f"  {name}" for name in plugin.names)
    return (
        f"A Nushell plugin, version {plugin.version}, with the commands\n{commands}\n\n"
        f"Register it in Nushell: {plugin.registration}"
    )
