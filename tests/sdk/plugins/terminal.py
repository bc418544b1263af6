"""`terminal …`: what a plugin does with a terminal, with ctrl-c, and with the end of nu."""

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from datetime import timedelta

from nu_plugin_vibenv.sdk import Call, Command, NoTerminal, Plugin, Positional, serve, signals


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


PLUGIN = Plugin(version="0.1.0", commands=[Run(), Spoil(), Tick(), Wait(), Pid(), Ignored()])


def main(argv: Sequence[str]) -> int:
    """Run the plugin."""
    return serve(PLUGIN, argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
