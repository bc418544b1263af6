"""The caller of a program that runs in a session, as that program sees it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
from collections.abc import Iterator

from .framing import END, INPUT, PLACE, Frames, frame, taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Request = dict[str, Any]
    Result = dict[str, Any]

REQUEST = "VIBENV_REQUEST"
"""The variable with the first request, which is JSON; nobody but the session's own user can read it."""
GONE = 3
_PIPE = 1 << 20
"""The most that pipes have without a privilege."""

_frames = Frames()


def first_request() -> Request:
    """The request in the environment, where nothing stays of it."""
    asked: Request = json.loads(os.environ.pop(REQUEST))
    with contextlib.suppress(OSError, ValueError):  # there are kernels that do not let one
        _wipe()
    return asked


def _wipe() -> None:
    """Overwrite the request in the environment that this process was started with, which others may read.

    Source: proc(5), /proc/pid/stat: fields 50 and 51, env_start and env_end.
    """
    with open("/proc/self/stat", "rb") as file:  # noqa: PTH123  # it starts quicker
        begin, end = map(int, file.read().rpartition(b")")[2].split()[47:49])
    with open("/proc/self/mem", "r+b", buffering=0) as memory:  # noqa: PTH123  # likewise
        memory.seek(begin)
        variables = memory.read(end - begin)
        at = variables.index(f"{REQUEST}=".encode())
        memory.seek(begin + at)
        memory.write(bytes(variables.index(b"\0", at) - at))


def first_input(asked: Request) -> tuple[bytes, bool]:
    """The input that came with the request, and whether that is all."""
    return base64.b64decode(str(asked["input"])), not asked["more"]


def hear() -> list[tuple[int, bytes]]:
    """Wait for what the caller says: frames that are whole now. Raises: EOFError, where it went away."""
    data = os.read(0, _PIPE)
    if not data:
        raise EOFError
    return _frames.feed(data)


def input_of(asked: Request) -> Iterator[bytes]:
    """The input to its end. Raises: EOFError, where the caller went away before."""
    first, whole = first_input(asked)
    if first:
        yield first
    if whole:
        return
    say(taken(0))
    while True:
        for kind, payload in hear():
            if kind == END:
                return
            if kind == INPUT:
                yield payload
                say(taken(len(payload)))


def receive_in(folder: str) -> None:
    """Have the engine put the input into a folder; it is there whole when this returns.

    Raises: EOFError, where the caller went away before.
    """
    place = {"folder": folder, "uid": os.geteuid(), "gid": os.getegid()}
    say(frame(PLACE, json.dumps(place).encode()))
    while not any(kind == END for kind, _ in hear()):
        pass


def say(data: bytes) -> None:
    """Write frames to the caller."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


def send(kind: int, blocks: Iterator[bytes]) -> None:
    """Give the caller `blocks` as they come. Raises: EOFError, where the caller went away before the end."""
    for block in blocks:
        say(frame(kind, block))
        if select.select([0], [], [], 0)[0]:
            hear()  # of an earlier request, or the end


def refusal(error: Exception, *, about: str = "path") -> Result:
    """Why nothing came of a request; `about` is the part of it that is at fault."""
    said: Result = {"about": about, "refused": str(error)}
    if isinstance(error, OSError) and error.errno is not None:
        name = error.filename if isinstance(error.filename, str) else ""
        said |= {
            "errno": error.errno,
            "refused": error.strerror,
            "path": os.fsencode(name).decode(errors="replace"),
        }
    return said
