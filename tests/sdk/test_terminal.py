"""A plugin and the terminal, in each nu that is tested: lent, given back, interrupted, taken away."""

import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nu_plugin_vibenv.sdk.testing import Nushell

from .conftest import MakeProgram

DEADLINE_S = 30.0


AS_JOB = ["/bin/sh", "-m", "-c", '"$@"; exit $?', "sh"]
"""A shell with job control round nu, as people have it: it is what sees nu being stopped (status 150)."""


class Terminal:
    """A nu that runs a script on a terminal of its own."""

    def __init__(self, argv: list[str]) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(AS_JOB[0], [*AS_JOB, *argv])
        termios.tcsetwinsize(self.fd, (24, 80))  # without columns nu works for ever at an empty table
        self.shown = ""
        self.status: int | None = None

    def until(self, text: str) -> None:
        """Wait until the terminal has shown a text."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.shown:
            in_time = time.monotonic() < deadline and self.status is None
            assert in_time, f"{text!r} was not shown: {self.shown!r}"
            self.read(0.1)

    def read(self, timeout_s: float) -> None:
        """Take what is shown."""
        if select.select([self.fd], [], [], timeout_s)[0]:
            try:
                self.shown += os.read(self.fd, 65536).decode()
            except OSError:  # how Linux says that nobody has the terminal any longer
                self.ended(os.WNOHANG)

    def until_gone(self, pid: int) -> None:
        """Wait until a process has ended."""
        deadline = time.monotonic() + DEADLINE_S
        while (stat := Path(f"/proc/{pid}/stat")).exists() and ") Z " not in stat.read_text():
            assert time.monotonic() < deadline, f"process {pid} goes on"
            self.read(0.05)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.fd, keys)

    def ended(self, options: int = 0) -> bool:
        """Whether nu, and the shell round it, has ended."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, options)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def finish(self) -> str:
        """Everything that was shown, after nu has ended."""
        deadline = time.monotonic() + DEADLINE_S
        while not self.ended(os.WNOHANG):
            assert time.monotonic() < deadline, f"nu goes on: {self.shown!r}"
            self.read(0.05)
        self.read(0)
        assert self.status != 128 + signal.SIGTTOU, f"nu was stopped: {self.shown!r}"
        return self.shown

    def close(self) -> None:
        """End whatever is left."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


class Shell:
    """Starts nus with the `terminal` commands."""

    def __init__(self, nu: Path, plugin: Path) -> None:
        self.argv = [str(nu), "--no-config-file", "--plugins", f"[{plugin}]"]
        self.terminals: list[Terminal] = []

    def script(self, script: str) -> Terminal:
        return self.run("--commands", script)

    def run(self, *arguments: str) -> Terminal:
        self.terminals.append(Terminal([*self.argv, *arguments]))
        return self.terminals[-1]


@pytest.fixture
def shell(nu_binaries: Path, program: MakeProgram) -> Iterator[Shell]:
    shell = Shell(nu_binaries, program("terminal"))
    yield shell
    for terminal in shell.terminals:
        terminal.close()


@pytest.fixture
def headless(nu_binaries: Path, program: MakeProgram) -> Nushell:
    return Nushell(nu_binaries, [program("terminal")])


def test_a_program_on_the_terminal_reads_keys_and_nu_goes_on(shell: Shell) -> None:
    terminal = shell.script(
        "let code = terminal run 'read word; echo got $word; exit 3'; print $'code ($code)'"
    )
    terminal.type(b"hello\r")
    assert "got hello\r\n" in terminal.finish()
    assert "code 3" in terminal.shown
    assert terminal.status == 0


def test_the_terminal_is_lent_many_times_in_one_script(shell: Shell) -> None:
    terminal = shell.script("for n in 1..3 { terminal run $'echo number ($n)' | ignore }; print done")
    assert "number 1\r\nnumber 2\r\nnumber 3\r\ndone" in terminal.finish()


def test_a_script_in_a_file_goes_on_after_the_terminal_was_lent(shell: Shell, tmp_path: Path) -> None:
    script = tmp_path / "script.nu"
    script.write_text("terminal on 'read word; echo got $word' | print\nprint 'the end'")
    terminal = shell.run(str(script))
    terminal.type(b"hello\r")
    assert "got hello\r\n0\r\nthe end" in terminal.finish()


@pytest.mark.parametrize("how", ["run", "on"])
def test_ctrl_z_does_not_leave_the_terminal_with_nobody(shell: Shell, how: str) -> None:
    terminal = shell.script(f"let code = terminal {how} 'exec cat'; print $'code ($code)'")
    terminal.type(b"before\r")
    terminal.until("before\r\nbefore\r\n")
    terminal.type(b"\x1a")
    terminal.until("^Z")
    terminal.type(b"after\r")
    terminal.until("after\r\nafter\r\n")
    terminal.type(b"\x04")
    assert "code 0" in terminal.finish()


def test_a_program_that_stops_itself_is_woken(shell: Shell) -> None:
    assert "woken" in shell.script("terminal on 'kill -STOP $$; echo woken' | ignore").finish()


def test_a_second_command_cannot_have_the_terminal_and_is_told_why(shell: Shell) -> None:
    terminal = shell.script(
        "try { terminal twice } catch {|e| print $e.details.code }; terminal on 'echo mine'"
    )
    shown = terminal.finish()
    assert "plugin::terminal_taken" in shown
    assert "mine" in shown


def test_a_background_job_is_refused_the_terminal(shell: Shell) -> None:
    job = "try { terminal on 'echo never' } catch {|e| $e.details } | job send 0"
    terminal = shell.script(f"job spawn {{ {job} }}; let told = job recv; print $told.code $told.inner.0.msg")
    shown = terminal.finish()
    assert "plugin::no_terminal" in shown
    assert "this runs in background job 1" in shown
    assert "never" not in shown


def test_ctrl_c_ends_the_program_and_not_the_plugin(shell: Shell) -> None:
    script = "let before = terminal pid; let code = terminal run 'exec cat'"
    terminal = shell.script(script + "; print $'code ($code) same ($before == (terminal pid))'")
    terminal.type(b"hello\r")
    terminal.until("hello\r\nhello")  # the second one is cat's
    terminal.type(b"\x03")
    assert "code -2 same true" in terminal.finish()


def test_the_terminal_is_as_before_after_a_command_that_spoils_it_and_fails(shell: Shell) -> None:
    terminal = shell.script("try { terminal spoil } catch {|e| print $e.msg }; print (^stty -a)")
    shown = terminal.finish()
    assert "RuntimeError: spoiled" in shown
    assert " echo " in shown
    assert " icanon " in shown


def test_a_program_joins_the_group_of_an_external_before_it(shell: Shell) -> None:
    terminal = shell.script("^sleep 0.3 | terminal run 'echo in the group'; print done")
    assert "in the group" in terminal.finish()
    assert "done" in terminal.shown


def test_ctrl_c_cancels_a_call_and_its_answer_comes_at_once(shell: Shell) -> None:
    terminal = shell.script("terminal wait")
    terminal.until("waiting")
    terminal.type(b"\x03")
    terminal.finish()


def test_ctrl_c_ends_a_stream_at_once(shell: Shell) -> None:
    terminal = shell.script("terminal tick 1hr | each {|n| print $'tick ($n)' } | ignore")
    terminal.until("tick 0")
    started = time.monotonic()
    terminal.type(b"\x03")
    terminal.finish()
    assert time.monotonic() - started < 10


def test_ctrl_c_ends_all_calls_that_run_side_by_side(shell: Shell) -> None:
    terminal = shell.script("[1 2 3] | par-each --threads 3 {|n| terminal wait }")
    while terminal.shown.count("waiting") < 3:
        terminal.read(0.1)
    terminal.type(b"\x03")
    terminal.finish()


def test_ctrl_c_again_leaves_a_command_that_takes_no_notice(shell: Shell) -> None:
    terminal = shell.script("terminal deaf 1hr")
    terminal.until("deaf")
    pressed, deadline = 0.0, time.monotonic() + DEADLINE_S
    while not terminal.ended(os.WNOHANG) and time.monotonic() < deadline:
        if time.monotonic() - pressed > 0.2:  # two that come at once are one to the system
            terminal.type(b"\x03")
            pressed = time.monotonic()
        terminal.read(0.05)
    assert "does not stop, and goes on unheard" in terminal.finish()


@pytest.mark.parametrize(
    ("busy", "begun"),
    [
        ("wait", "waiting"),
        ("deaf 1hr", "deaf"),
        ("tick 1hr | each { print ticked }", "ticked"),
        ("on 'echo held; exec sleep 3600'", "held"),
    ],
)
def test_the_plugin_ends_when_nu_is_killed(shell: Shell, busy: str, begun: str) -> None:
    terminal = shell.script(f"print $'nu ($nu.pid) plugin (terminal pid) here'; terminal {busy}")
    terminal.until(begun)
    words = terminal.shown.split()
    nu, pid = (int(words[words.index(name) + 1]) for name in ("nu", "plugin"))
    os.kill(nu, signal.SIGKILL)
    terminal.until_gone(pid)


def test_the_plugin_ends_though_a_thread_of_a_command_does_not(shell: Shell) -> None:
    terminal = shell.script("print $'plugin (terminal pid) here'; terminal deaf 1hr --pool")
    shown = terminal.finish().split()
    terminal.until_gone(int(shown[shown.index("plugin") + 1]))


def test_a_plugin_that_is_stopped_ends_though_a_command_of_a_job_does_not(shell: Shell) -> None:
    script = "print $'plugin (terminal pid) here'; job spawn { terminal deaf 1hr }; terminal wait"
    terminal = shell.script(f"{script}; plugin stop terminal")
    terminal.until("deaf")
    terminal.until("waiting")
    shown = terminal.shown.split()
    terminal.type(b"\x03")
    terminal.until_gone(int(shown[shown.index("plugin") + 1]))


def test_without_a_terminal_a_command_is_told_so(headless: Nushell) -> None:
    done = subprocess.run(
        [*headless.argv, "--commands", "terminal run 'echo never' | print $in"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.stdout == "-1\n"


def test_a_child_of_the_plugin_has_the_usual_signals_and_none_of_its_files(headless: Nushell) -> None:
    assert headless.values(["terminal ignored", "terminal shared"]) == [[], []]


def test_whatever_writes_to_standard_output_goes_to_stderr_at_once(headless: Nushell) -> None:
    done = headless.run("terminal stray")
    assert done.stdout == "nothing to read\n"
    assert done.stderr == "printed\nwritten\nput by C\nsaid by a child\nasked "


def test_a_stream_is_given_as_it_is_made(headless: Nushell) -> None:
    assert headless.value("terminal tick 1hr | first") == 0
