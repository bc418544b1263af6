"""Starting: what it imports, what it refuses, both transports, both encodings, a stray print, and memory."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest

from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk.codec import ENCODINGS, NEED_DATA, Codec
from nu_plugin_vibenv.sdk.testing import Nushell
from nu_plugin_vibenv.sdk.wire import PLUGIN_INPUT, PLUGIN_OUTPUT

from .conftest import ROOT

START = f"""#!{sys.executable} -I
import resource, sys
sys.path.insert(0, {str(ROOT)!r})
from nu_plugin_vibenv.sdk import Command, Plugin, Positional, serve
"""

SPEAK = """
class Speak(Command):
    name = "speak"

    def run(self, call):
        print("a stray word")
        return "spoken " + (sys.stdin.read() or "in peace")

sys.exit(serve(Plugin(version="1", commands=[Speak()]), sys.argv[1:], encoding=ENCODING))
"""

LONG = """
class Out(Command):
    name = "long out"
    count = Positional(int)

    def run(self, call):
        return ({"i": i, "s": "some text"} for i in range(call[self.count]))

class In(Command):
    name = "long in"

    def run(self, call):
        count = sum(1 for _ in call.input.values())
        return [count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]

sys.exit(serve(Plugin(version="1", commands=[Out(), In()]), sys.argv[1:]))
"""


def made(path: Path, body: str) -> Path:
    """A plugin's program at this path."""
    path.write_text(START + body)
    path.chmod(0o755)
    return path


@pytest.fixture
def speak(tmp_path: Path) -> Path:
    return made(tmp_path / "nu_plugin_speak", SPEAK.replace("ENCODING", "None"))


def started(plugin: Path, said: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A plugin that hears something and then the end of nu."""
    argv = [plugin, *(arguments or ["--stdio"])]
    return subprocess.run(argv, input=said, capture_output=True, check=False, timeout=60)


def test_the_sdk_imports_nothing_that_makes_a_start_slow() -> None:
    script = """if True:
        import sys
        sys.path[:0] = sys.argv[1:]
        from nu_plugin_vibenv.sdk import Call, Command, Flag, Plugin, serve
        import msgpack
        print(*sys.modules)
    """
    argv = [sys.executable, "-IS", "-c", script, str(ROOT), str(Path(msgpack.__file__).parents[1])]
    loaded = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert "nu_plugin_vibenv.sdk.serving" in loaded
    slow = "asyncio dataclasses enum inspect json pathlib re socket subprocess typing"
    assert not {*slow.split()} & {*loaded}


@pytest.mark.parametrize("encoding", ["msgpack", "json"])
def test_what_is_printed_goes_to_stderr_and_stdin_is_empty(
    nu_binary: Path, tmp_path: Path, encoding: str
) -> None:
    plugin = made(tmp_path / "nu_plugin_speak", SPEAK.replace("ENCODING", repr(encoding)))
    done = Nushell(nu_binary, [plugin]).run("speak")
    assert (done.stdout, done.stderr) == ("spoken in peace\n", "a stray word\n")


def test_json_is_spoken_where_msgpack_is_not_installed(speak: Path) -> None:
    script = "import runpy, sys; sys.modules['msgpack'] = None; runpy.run_path(sys.argv.pop(1), run_name='x')"
    argv = [sys.executable, "-c", script, str(speak), "--stdio"]
    done = subprocess.run(argv, input=b"", capture_output=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == (b"\x04json", b"")


def test_a_plugin_is_reached_by_a_local_socket(speak: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "plugin.sock")
    nu = Codec(ENCODINGS["msgpack"](), reads=PLUGIN_OUTPUT, writes=PLUGIN_INPUT)
    hello, call, goodbye = m.Hello("nu-plugin", "0.115.1"), m.Call(0, m.MetadataCall()), m.Goodbye()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(2)
        listener.settimeout(30)
        with subprocess.Popen([speak, "--local-socket", path]) as plugin:
            (to_plugin, _), (from_plugin, _) = listener.accept(), listener.accept()
            with to_plugin, from_plugin:
                assert from_plugin.recv(8) == b"\x07msgpack"
                to_plugin.sendall(b"".join(nu.encode(said) for said in (hello, call)))  # type: ignore[arg-type]
                heard = messages(nu, from_plugin)
                assert next(heard) == hello
                assert next(heard) == m.CallResponse(0, m.MetadataResponse(m.PluginMetadata("1")))
                to_plugin.sendall(nu.encode(goodbye))  # type: ignore[arg-type]
                assert plugin.wait(30) == 0


def messages(codec: Codec, connection: socket.socket) -> Iterator[Any]:
    """What comes from a plugin, message by message."""
    while data := connection.recv(65536):
        codec.feed(data)
        while (message := codec.next_message()) is not NEED_DATA:
            yield message


HELLO_OF_AN_OLD_NU = {"Hello": {"protocol": "nu-plugin", "version": "0.99.1", "features": []}}


@pytest.mark.parametrize(
    ("said", "status", "shown"),
    [
        (b"", 0, b""),
        (b"\xc1", 1, b"nu_plugin_speak: expected msgpack"),
        (ENCODINGS["msgpack"]().pack("Goodbye"), 1, b"nu_plugin_speak: expected Hello"),
        (ENCODINGS["msgpack"]().pack(HELLO_OF_AN_OLD_NU), 1, b"nu_plugin_speak: nu 0.99.1 is too old"),
    ],
)
def test_the_end_of_nu_is_no_error_and_nonsense_is(
    speak: Path, said: bytes, status: int, shown: bytes
) -> None:
    done = started(speak, said)
    assert (done.returncode, done.stdout) == (status, b"\x07msgpack")
    assert done.stderr.startswith(shown)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("argument", "status", "stdout"),
    [("--help", 0, b"A Nushell plugin, version 1, with the commands\n  speak\n"), ("--tcp", 2, b"")],
)
def test_a_plugin_that_is_run_by_hand_says_what_it_is(
    speak: Path, argument: str, status: int, stdout: bytes
) -> None:
    done = started(speak, b"", argument)
    assert done.returncode == status
    assert done.stdout.startswith(stdout)
    assert f"Register it in Nushell: plugin add {speak}\n".encode() in done.stdout + done.stderr


def test_a_socket_that_nobody_listens_at_is_told_of_in_one_line(speak: Path, tmp_path: Path) -> None:
    done = started(speak, b"", "--local-socket", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"is no socket of a nu that waits for this plugin" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_memory_stays_flat_over_long_streams_both_ways(nu_binary: Path, tmp_path: Path) -> None:
    plugin = made(tmp_path / "nu_plugin_long", LONG)
    script = "[(long out 2_000 | long in) (long out 200_000 | long in)]"
    (few, before), (many, after) = Nushell(nu_binary, [plugin]).value(script)
    assert (few, many) == (2_000, 200_000)
    assert after - before < 8_000, "KiB of memory more after a hundred times as many records"


TOLD_TO_END = """
import os, signal

class Wait(Command):
    name = "wait"
    file = Positional(str)

    def run(self, call):
        # Again, for the one signal that comes just before the main thread begins to wait for nu.
        while not call.cancelled.is_set():
            os.kill(os.getpid(), signal.SIGTERM)
            call.cancelled.wait(1)
        with open(call[self.file], "w") as told:
            told.write("put right")

sys.exit(serve(Plugin(version="1", commands=[Wait()]), sys.argv[1:]))
"""


def test_a_plugin_that_is_told_to_end_lets_its_commands_put_right_what_they_changed(
    nu_binary: Path, tmp_path: Path
) -> None:
    plugin = made(tmp_path / "nu_plugin_wait", TOLD_TO_END)
    Nushell(nu_binary, [plugin]).run(f"wait {tmp_path}/told")
    assert (tmp_path / "told").read_text() == "put right"
