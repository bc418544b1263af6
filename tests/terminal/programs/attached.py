"""Puts the terminal it runs in on a session's, by `frames` alone.

attached.py CONTROL-SOCKET [OPTION=VALUE…]      options as in a Hello: `watching=true`, `history=100000`
"""

import json
import os
import select
import socket
import sys
import tty
import uuid

from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import Frames, Hello, Kind


def size() -> tuple[int, int]:
    found = os.get_terminal_size()
    return found.lines, found.columns


def write_all(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


tty.setraw(0)
options = {name: json.loads(value) for name, _, value in (given.partition("=") for given in sys.argv[2:])}
rows, cols = size()
session = socket.socket(socket.AF_UNIX)
session.connect(sys.argv[1])
hello = Hello(client=uuid.uuid4().hex, rows=rows, cols=cols, **options)
session.sendall(frames.said(Kind.HELLO, hello._asdict()))
received, typed, taken = Frames(), 0, 0
while True:
    ready = select.select([0, session.fileno()], [], [], 0.05)[0]
    if size() != (rows, cols):
        rows, cols = size()
        session.sendall(frames.sized(Kind.SIZE, rows, cols))
    if 0 in ready:
        keys = os.read(0, 4096)
        session.sendall(frames.positioned(Kind.INPUT, typed, keys))
        typed += len(keys)
    if session.fileno() in ready:
        data = session.recv(1 << 16)
        if not data:
            sys.exit(0)
        for frame in received.feed(data):
            if frame.kind in (Kind.OUTPUT, Kind.REPAINT, Kind.VIEW):
                painted = frames.position(frame.payload)[1]
                write_all(painted)
                taken += len(painted)
                session.sendall(frames.positioned(Kind.TAKEN, taken))
