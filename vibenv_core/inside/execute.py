"""Runs one program in a session for a caller elsewhere, and tells how it ended.

The program is in a session of its own, with pipes for its standard streams, in the environment that the
session's program was given. When it has ended, that is the end of it: what it left running goes on, and can
write no more. When the caller goes away before, the program and its process group are ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import select
import signal
import struct
import termios
import threading
import time

from . import caller
from .framing import BLOCK, END, ERROR, INPUT, OUTPUT, frame, taken

_BACKLOG = 4 * BLOCK
"""Bytes that may wait for a slow caller before the program's output is left in its pipes."""
_GRACE_S = 2.0
"""What a program has to end by itself when its caller has gone."""
_LOADER = ("LD_PRELOAD", "LD_LIBRARY_PATH")
"""Variables that a session's own tools go without, and its programs get."""


def main(asked: caller.Request) -> caller.Result:
    """Do what is asked: `argv`, `env`, `workdir` (None: the session's)."""
    _environment(asked["env"])
    try:
        if asked["workdir"] is not None:
            os.chdir(asked["workdir"])
    except (OSError, ValueError) as error:
        return caller.refusal(error, about="workdir")
    try:
        program = _Program(asked)
    except (OSError, ValueError) as error:
        return caller.refusal(error, about="program")
    return {"status": program.served()}


def _environment(given: object) -> None:
    """Make the environment that of the session's programs, with the variables `given` over it."""
    for name in _LOADER:
        if not os.environ.get(name):
            os.environ.pop(name, None)
    with contextlib.suppress(OSError), open("/proc/1/cmdline", "rb") as file:  # noqa: PTH123  # it starts quicker
        words = os.fsdecode(file.read()).split("\0")
        begin = words.index("supervise") if "supervise" in words[:8] else len(words)
        options = words[begin : words.index("--", begin)] if "--" in words[begin:] else []
        for option, value in itertools.pairwise(options):
            name, is_one, text = value.partition("=")
            if option == "--env" and is_one:
                os.environ[name] = text
    os.environ.update(dict(given) if isinstance(given, dict) else {})


class _Program:
    """The program, and what is on its way to and from it."""

    def __init__(self, asked: caller.Request) -> None:
        its_input, self._input = os.pipe()
        output, its_output = os.pipe()
        error, its_error = os.pipe()
        try:
            self.pid = _spawned(asked["argv"], (its_input, its_output, its_error))
        except BaseException:
            for ours in (self._input, output, error):
                os.close(ours)
            raise
        finally:
            for theirs in (its_input, its_output, its_error):
                os.close(theirs)
        os.set_blocking(self._input, False)
        self._outputs = {output: OUTPUT, error: ERROR}
        self._to_program = bytearray()
        self._to_caller = bytearray()
        first, self._input_ended = caller.first_input(asked)
        self._to_program += first
        if not self._input_ended:
            self._to_caller += taken(0)
        self._ended, waiter = os.pipe()
        threading.Thread(target=self._wait, args=(waiter,), daemon=True).start()

    def _wait(self, waiter: int) -> None:
        _, self._status = os.waitpid(self.pid, 0)
        os.close(waiter)

    def served(self) -> int:
        """How the program ended, once all is said that it wrote. Raises: EOFError (the caller is gone)."""
        os.set_blocking(1, False)
        self._close_input_when_done()
        while True:
            reading = [0, self._ended]
            if len(self._to_caller) < _BACKLOG:
                reading += self._outputs
            writing = ([1] if self._to_caller else []) + ([self._input] if self._to_program else [])
            readable, writable, _ = select.select(reading, writing, [])
            for output in self._outputs.keys() & set(readable):
                self._read(output, BLOCK)
            if self._input in writable:
                self._feed()
            if 0 in readable:
                self._hear()
            if 1 in writable:
                self._tell()
            if self._ended in readable:
                self._conclude()
                return os.waitstatus_to_exitcode(self._status)

    def _read(self, output: int, most: int) -> int:
        data = os.read(output, most)
        if data:
            self._to_caller += frame(self._outputs[output], data)
        else:
            del self._outputs[output]
            os.close(output)
        return len(data)

    def _feed(self) -> None:
        try:
            count = os.write(self._input, self._to_program[:BLOCK])
        except BlockingIOError:
            return
        except BrokenPipeError:  # it wants no more: neither is any asked for
            self._to_program.clear()
            self._input_ended = True
        else:
            del self._to_program[:count]
            self._to_caller += taken(count)
        self._close_input_when_done()

    def _close_input_when_done(self) -> None:
        if self._input_ended and not self._to_program and self._input >= 0:
            os.close(self._input)
            self._input = -1

    def _hear(self) -> None:
        try:
            heard = caller.hear()
        except EOFError:
            self._end_program()
            raise
        for kind, payload in heard:
            if kind == INPUT and not self._input_ended:
                self._to_program += payload
            elif kind == END:
                self._input_ended = True
        self._close_input_when_done()

    def _tell(self) -> None:
        with contextlib.suppress(BlockingIOError):
            del self._to_caller[: os.write(1, self._to_caller[: 4 * BLOCK])]

    def _conclude(self) -> None:
        """Say what the program still wrote, and let go of it."""
        for output in list(self._outputs):
            # Its children may hold the pipe and go on writing: what is there now is what it wrote.
            waiting = struct.unpack("i", fcntl.ioctl(output, termios.FIONREAD, bytes(4)))[0]
            while waiting > 0 and output in self._outputs:
                waiting -= self._read(output, min(waiting, BLOCK))
        os.set_blocking(1, True)
        caller.say(bytes(self._to_caller))
        for ours in (*self._outputs, self._ended, *([self._input] if self._input >= 0 else [])):
            os.close(ours)

    def _end_program(self) -> None:
        """End the process group, first politely."""
        for output in self._outputs:
            os.close(output)
        deadline = time.monotonic() + _GRACE_S
        for number in (signal.SIGTERM, signal.SIGCONT):  # one that was stopped hears it once it goes on
            _signal(self.pid, number)
        while _signal(self.pid, 0) and time.monotonic() < deadline:
            time.sleep(0.01)
        _signal(self.pid, signal.SIGKILL)


def _spawned(argv: list[str], streams: tuple[int, ...]) -> int:
    """Start a program in a session of its own, with these standard streams. Raises: OSError, ValueError."""
    return os.posix_spawnp(
        argv[0],
        argv,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, its_own, number) for number, its_own in enumerate(streams)],
        setsid=True,
        # Python, or who started it, ignores these, and what is ignored stays so in every program started.
        setsigdef=[signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ],
    )


def _signal(group: int, number: int) -> bool:
    """Whether there is such a process group, which is sent a signal unless that is 0."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
