"""The caller of a program that runs in a session, as that program sees it."""

from __future__ import annotations

import base64
import json
import os
import select
import sys
from collections.abc import Iterator

from .framing import BLOCK, END, INPUT, PLACE, RESULT, Frames, frame, taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

REQUEST = "VIBENV_REQUEST"
"""The variable with the request, which is JSON; nobody but the session's own user can read it."""
GONE = 3


def request() -> dict[str, object]:
    """The request, taken out of the environment."""
    asked: dict[str, object] = json.loads(os.environ.pop(REQUEST))
    return asked


def first_input(asked: dict[str, object]) -> tuple[bytes, bool]:
    """The input that came with the request, and whether that is all."""
    return base64.b64decode(str(asked["input"])), not asked["more"]


def input_of(asked: dict[str, object]) -> Iterator[bytes]:
    """The input to its end. Raises: EOFError, where the caller went away before."""
    first, whole = first_input(asked)
    if first:
        yield first
    if whole:
        return
    say(taken(0))
    frames = Frames()
    while data := os.read(0, 1 << 20):
        for kind, payload in frames.feed(data):
            if kind == END:
                return
            if kind == INPUT:
                yield payload
                say(taken(len(payload)))
    raise EOFError


def receive_in(folder: str) -> None:
    """Have the engine put the input into a folder; it is there whole when this returns.

    Raises: EOFError, where the caller went away before.
    """
    place = {"folder": folder, "uid": os.geteuid(), "gid": os.getegid()}
    say(frame(PLACE, json.dumps(place).encode()))
    frames = Frames()
    while data := os.read(0, BLOCK):
        if any(kind == END for kind, _ in frames.feed(data)):
            return
    raise EOFError


def say(data: bytes) -> None:
    """Write frames to the caller."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


def send(kind: int, blocks: Iterator[bytes]) -> None:
    """Give the caller `blocks` as they come. Raises: EOFError, where the caller went away before the end."""
    for block in blocks:
        say(frame(kind, block))
        if select.select([0], [], [], 0)[0]:  # it says nothing meanwhile
            raise EOFError


def end(result: dict[str, object]) -> NoReturn:
    """Say what came of it, and end."""
    say(frame(RESULT, json.dumps(result).encode()))
    sys.exit(0)


def end_with(error: Exception, *, about: str = "path") -> NoReturn:
    """Say why nothing came of it, and end; `about` is the part of the request that is at fault."""
    if isinstance(error, EOFError):
        sys.exit(GONE)
    said: dict[str, object] = {"about": about, "refused": str(error)}
    if isinstance(error, OSError) and error.errno is not None:
        name = error.filename if isinstance(error.filename, str) else ""
        said |= {
            "errno": error.errno,
            "refused": error.strerror,
            "path": os.fsencode(name).decode(errors="replace"),
        }
    end(said)
