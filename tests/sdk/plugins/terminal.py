"""`terminal …`: what a plugin does with a terminal, with ctrl-c, and with the end of nu."""

import ctypes
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from nu_plugin_vibenv.sdk import (
    Call,
    Command,
    CompletionRequest,
    Flag,
    NoTerminal,
    Plugin,
    Positional,
    Suggestion,
    Switch,
    runtime,
    serve,
    serving,
    signals,
)


class Run(Command):
    """Run a shell line on the terminal, and give its exit code; -1 when there is no terminal."""

    name = "terminal run"
    line = Positional(str, "what the shell runs")

    def run(self, call: Call) -> int:
        try:
            with call.engine.foreground() as tty:
                argv = ["/bin/sh", "-c", call[self.line]]
                return subprocess.run(
                    argv, stdin=tty, stdout=tty, stderr=tty, preexec_fn=signals.restore, check=False
                ).returncode
        except NoTerminal:
            return -1


class On(Command):
    """Run a shell line on the terminal by the SDK's own means, and give its exit code."""

    name = "terminal on"
    line = Positional(str, "what the shell runs")

    def run(self, call: Call) -> int:
        return call.engine.run_on_terminal(["/bin/sh", "-c", call[self.line]])


class Twice(Command):
    """Ask for the terminal while having it."""

    name = "terminal twice"

    def run(self, call: Call) -> str:
        with call.engine.foreground(), call.engine.foreground():
            return "both"


class Spoil(Command):
    """Leave the terminal without echo, and fail."""

    name = "terminal spoil"

    def run(self, call: Call) -> None:
        with call.engine.foreground() as tty:
            settings = termios.tcgetattr(tty)
            settings[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(tty, termios.TCSANOW, settings)
            raise RuntimeError("spoiled")


class Tick(Command):
    """Give a number now, and then one each time the pause is over."""

    name = "terminal tick"
    pause = Positional(timedelta, "between two numbers")

    def run(self, call: Call) -> Iterator[int]:
        number = 0
        while not call.cancelled.is_set():
            yield number
            number += 1
            call.cancelled.wait(call[self.pause].total_seconds())


class Wait(Command):
    """Wait for ctrl-c."""

    name = "terminal wait"

    def run(self, call: Call) -> str:
        print("waiting", file=sys.stderr)
        call.cancelled.wait()
        return "interrupted"


class Pid(Command):
    """The plugin's process."""

    name = "terminal pid"

    def run(self, call: Call) -> int:
        return os.getpid()


class Ignored(Command):
    """The signals that a child of the plugin ignores."""

    name = "terminal ignored"

    def run(self, call: Call) -> list[str]:
        script = "import signal as s; print(*(n.name for n in s.Signals if s.getsignal(n) == s.SIG_IGN))"
        argv = [sys.executable, "-I", "-c", script]
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, preexec_fn=signals.restore, check=True)
        ignored = {*done.stdout.split()}
        return sorted(ignored & {number.name for number in signal.Signals} - {"SIGPIPE", "SIGXFSZ"})


class Descriptors(Command):
    """The open files of a child beside its standard three; nu itself leaves the plugin none."""

    name = "terminal shared"

    def run(self, call: Call) -> list[int]:
        argv = ["/bin/sh", "-c", "ls /proc/$$/fd; exit"]
        listed = subprocess.run(argv, stdout=subprocess.PIPE, text=True, close_fds=False, check=True).stdout
        return [number for number in map(int, listed.split()) if number > 2]


class Stray(Command):
    """Write to standard output in every way there is, and read standard input."""

    name = "terminal stray"

    def run(self, call: Call) -> str:
        print("printed")
        os.write(1, b"written\n")
        libc = ctypes.CDLL(None)
        libc.puts(b"put by C")
        libc.fflush(None)
        os.system("echo said by a child")
        try:
            return input("asked ")
        except EOFError:
            return "nothing to read"


class Deaf(Command):
    """Sleep, whatever happens."""

    name = "terminal deaf"
    pause = Positional(timedelta)
    pool = Switch("in a thread that Python waits for at its end")

    def run(self, call: Call) -> str:
        seconds = call[self.pause].total_seconds()
        if call[self.pool]:
            threading.Thread(target=time.sleep, args=(seconds,), daemon=False).start()
        else:
            print("deaf", file=sys.stderr)
            time.sleep(seconds)
        return "slept"


class KeepRunning(Command):
    """Whether nu may stop the plugin when it is idle."""

    name = "terminal keep"
    on = Positional(bool)

    def run(self, call: Call) -> None:
        call.engine.set_gc_disabled(call[self.on])


def fruit(request: CompletionRequest) -> list[Suggestion | str]:
    """Two fruits with descriptions and two without; or something that goes wrong."""
    if request.text == "crash":
        raise ValueError("the completer is broken")
    if request.text == "slow":
        time.sleep(3600)
    return [
        Suggestion("apple", description="a fruit"),
        Suggestion("apricot", description="another"),
        "banana",
        "ripe melon",
    ]


class Eat(Command):
    """Take words that Tab completes."""

    name = "terminal eat"
    what = Positional(str, complete=fruit)
    with_ = Flag(str, complete=fruit, short="w")

    def run(self, call: Call) -> str:
        return f"{call[self.what]} with {call[self.with_]}"


COMMANDS = (
    *(Run, On, Twice, Spoil, Tick, Wait, Pid, Ignored),
    *(Descriptors, Stray, Deaf, KeepRunning, Eat),
)
PLUGIN = Plugin(version="0.1.0", commands=[command() for command in COMMANDS])


def main(argv: Sequence[str]) -> int:
    """Run the plugin, which is as patient with what does not end as a test can be."""
    runtime.GRACE_S = 0.5
    serving.LEAVE_S = 0.5
    return serve(PLUGIN, argv, prefer_socket="PREFER_SOCKET" in os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
