"""What runs vibenv's own programs in a session, one after the other, and what is said while it runs one."""

from __future__ import annotations

import json
import re
import select
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

from . import inside_programs
from .errors import EngineError, Interrupted, WrongState
from .feed import Feed
from .inside.framing import (
    BEGUN,
    BLOCK,
    END,
    INPUT,
    PLACE,
    REQUEST,
    RESULT,
    TAKEN,
    WINDOW,
    Frames,
    count,
    frame,
)
from .multiplexed import Multiplexed

if TYPE_CHECKING:
    from .stream import Stream

TIMEOUT = "exec::timeout"
"""The code of the error that a program took longer than it may."""

_WAKE_S = 0.05
"""How late a cancelled call may be noticed."""

Result = dict[str, Any]
"""What a program says at its end; its keys are the program's own."""


class NoPython(Exception):
    """Raised where the engine could not start Python in the container."""


class Server:
    """`inside.serve` in a session, which was started for one program; between two of them it can be kept."""

    def __init__(self, stream: Stream, program: str) -> None:
        self.stream = stream
        self.multiplexed = Multiplexed()
        self.frames = Frames()
        self._modules = set(inside_programs.modules(program))

    def fileno(self) -> int:
        """For select."""
        return self.stream.fileno()

    @property
    def begun(self) -> float:
        """When the engine was asked for it."""
        return self.stream.begun

    def close(self) -> None:
        """End it, and what it runs."""
        self.stream.close()

    def request(self, program: str, asked: Mapping[str, object]) -> bytes:
        """The frame that asks it to run another program, with the modules that it has not yet."""
        missing = [module for module in inside_programs.modules(program) if module not in self._modules]
        self._modules.update(missing)
        said = {"program": program, "sources": inside_programs.sources(missing), "asked": asked}
        return frame(REQUEST, json.dumps(said).encode())


class Talk:
    """One run of a program: of that which the server was started for, or of another by its `request`."""

    def __init__(
        self,
        name: str,
        server: Server,
        request: bytes,
        *,
        deadline: float | None,
        cancelled: threading.Event,
    ) -> None:
        self.is_another = bool(request)
        """Whether the server has run one before."""
        self.begun = False
        """Whether the program has got its request."""
        self.ended = False
        """Whether the program has said its last word."""
        self._name = name
        self._server = server
        self._stream = server.stream
        self._deadline = deadline
        self._cancelled = cancelled
        self._to_program = bytearray(request)
        self._room = 0
        """How much input may be sent now; nothing before the program has asked for any."""
        self._all_given = False

    @property
    def all_sent(self) -> bool:
        """Whether nothing is on its way to the program, or only whole frames."""
        return not self._to_program

    def frames(
        self, rest: Iterable[bytes], place: Callable[[Result], None] | None
    ) -> Iterator[tuple[int, bytes]]:
        """What the program says, while it is given the `rest` of its input when it asks for that.

        Ends with its last word, or when the connection does.
        """
        multiplexed, frames = self._server.multiplexed, self._server.frames
        feed: Feed | None = None
        try:
            while True:
                self._wait(feed)
                self._give(feed)
                received = self._stream.recv()
                while received:
                    for kind, payload in frames.feed(multiplexed.feed(received)):
                        if kind == BEGUN:
                            self.begun = True
                        elif kind == TAKEN:
                            if feed is None:
                                feed, self._room = Feed(rest), WINDOW
                            self._room += count(payload)
                        elif kind == PLACE and place is not None:
                            place(json.loads(payload))
                            self._to_program += frame(END)
                        else:
                            self.ended = kind == RESULT
                            yield kind, payload
                            if self.ended:  # what comes now is said to who has the server by then
                                return
                    received = self._stream.recv()
                if received == b"":
                    break
        finally:
            if feed is not None:
                feed.close()
        if said := (multiplexed.stderr + frames.text).strip():
            self._explain(said.decode(errors="replace"))

    def _wait(self, feed: Feed | None) -> None:
        reading: list[Stream | Feed] = [self._stream]
        if feed is not None and self._may_give():
            feed.want(1 if self._room == WINDOW else min(BLOCK, self._room))  # while others are on their way
            reading.append(feed)
        writing = [self._stream] if self._to_program else []
        select.select(reading, writing, [], _WAKE_S)
        if self._cancelled.is_set():
            raise Interrupted(f"the work in `{self._name}`")
        if self._deadline is not None and monotonic() > self._deadline:
            raise WrongState(
                f"the program took too long in `{self._name}`, and was ended",
                code=TIMEOUT,
                help="give it more time with `--timeout`, or none",
                about="timeout",
            )

    def _may_give(self) -> bool:
        return bool(self._room) and not self._all_given and len(self._to_program) < BLOCK

    def _give(self, feed: Feed | None) -> None:
        """Send what can be sent now of the input."""
        if feed is not None and self._may_give():
            data = feed.take(min(BLOCK, self._room))
            if data is None:
                self._to_program += frame(END)
                self._all_given = True
            elif data:
                self._to_program += frame(INPUT, data)
                self._room -= len(data)
        if self._to_program:
            del self._to_program[: self._stream.send(bytes(self._to_program))]

    def _explain(self, said: str) -> None:
        """Raise what the engine, or Python, meant by its last words."""
        if re.search("no such file or directory|executable file not found", said):
            raise NoPython
        raise EngineError(
            f"vibenv's program in `{self._name}` failed: {said.splitlines()[-1]}",
            code="session::program_failed",
            help="`vibenv list` shows how the session is",
        )
