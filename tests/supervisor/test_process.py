"""The supervisor as a process: how it starts its program, serves it, and ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.nu.shell import ROOT, eventually
from tests.terminal.session import ENV, Session, running
from vibenv_core.supervisor.frames import Hello, Kind
from vibenv_core.supervisor.relay import CLIENT_GONE, NO_SESSION

Start = Callable[..., Session]
PATIENCE_S = 10.0
SUPERVISE = [sys.executable, "-m", "vibenv_core.supervisor", "supervise", "--rows", "24", "--cols", "80"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Sessions that end with the test."""
    with ExitStack() as stack:
        yield lambda *program, **more: stack.enter_context(running(*program, **more))


def printed(session: Session) -> str:
    return session.recording.output.decode()


def said(session: Session) -> str:
    """What a program printed that has ended."""
    session.process.wait(PATIENCE_S)
    return printed(session)


def refused(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SUPERVISE, *arguments], env=ENV, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def test_the_program_leads_a_session_of_its_own_on_a_terminal_that_it_controls(start: Start) -> None:
    session = start("sh", "-c", "ps -o pid=,sid=,tpgid= -p $$; tty; stty -a; readlink /proc/$$/fd/*", rows=33)
    lines = said(session).splitlines()
    pid, leader, foreground = lines[0].split()
    assert pid == leader == foreground
    assert lines[1].startswith("/dev/pts/")
    assert "rows 33; columns 80" in lines[2]
    assert " iutf8" in printed(session)
    assert lines[-3:] == [lines[1]] * 3


def test_the_program_has_the_usual_signals(start: Start) -> None:
    session = start("grep", "-E", "SigBlk|SigIgn", "/proc/self/status")
    masks = [int(line.split()[1], 16) for line in said(session).splitlines()]
    usual = (1 << 31) - 1  # the next two are the C library's own
    assert [mask & usual for mask in masks] == [0, 0]


def test_the_programs_environment_is_the_containers_with_what_was_put_aside(start: Start) -> None:
    env = {"LD_PRELOAD": "", "LD_LIBRARY_PATH": "", "MINE": "1"}
    session = start("env", env=env, options=["--env", "LD_LIBRARY_PATH=/opt/a=b"])
    lines = said(session).splitlines()
    assert {"MINE=1", "LD_LIBRARY_PATH=/opt/a=b", "TERM=xterm-256color"} <= set(lines)
    assert not any(line.startswith("LD_PRELOAD") for line in lines)


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143)])
def test_the_supervisor_ends_as_its_program_did_and_leaves_no_sockets(
    start: Start, script: str, code: int
) -> None:
    session = start("sh", "-c", f"read line; {script}")
    client = session.attach()
    client.type(b"\r")
    ended = client.until_frame(Kind.ENDED)
    assert json.loads(ended.payload) == {"exit_code": code}
    assert session.process.wait(PATIENCE_S) == code
    assert not session.dtach_socket.exists()
    assert not session.control_socket.exists()


@pytest.mark.parametrize(
    ("program", "code", "why"),
    [("no-such-program", 127, "no-such-program: not found"), ("/", 126, "/: Permission denied")],
)
def test_a_program_that_cannot_be_started_is_said_before_there_is_a_terminal(
    program: str, code: int, why: str
) -> None:
    done = refused("--", program)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (code, "", why)


@pytest.mark.parametrize(
    "arguments", [["--"], ["--colour", "red", "--", "true"], ["--rows"], ["--env", "X", "--", "true"]]
)
def test_wrong_use_is_refused_with_what_is_right(arguments: list[str]) -> None:
    done = refused(*arguments)
    assert done.returncode == 2
    assert "supervise --rows R --cols C" in done.stderr


def test_a_socket_that_cannot_be_made_ends_the_program_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    program = ("sh", "-c", 'trap "" HUP; sleep 100; exit', f"{tmp_path}/program")
    done = refused("--dtach-socket", f"{tmp_path}/file/socket", "--", *program)
    assert done.returncode == 1
    assert "cannot be served" in done.stderr
    eventually(lambda: f"{tmp_path}/program" not in commands(), "its end", within_s=PATIENCE_S)


def commands() -> str:
    """The command lines of all that runs."""
    done = subprocess.run(["ps", "-wweo", "args"], capture_output=True, text=True, check=True)
    return done.stdout


def test_sockets_left_behind_by_a_kill_are_replaced_and_only_the_user_may_use_them(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "dtach.sock"
    argv = [*SUPERVISE, "--dtach-socket", str(path), "--control-socket", str(path.with_name("control.sock"))]
    argv += ["--log-folder", "/dev/null/none", "--", "sleep", "100"]
    for _ in range(2):
        process = subprocess.Popen(argv, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout
        assert process.stderr
        with process.stdout, process.stderr:
            assert process.stdout.readline() == b"READY\n"
            assert b"not recorded" in process.stderr.readline()
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o1777
            program = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
            process.kill()
            os.kill(program, signal.SIGKILL)
            process.wait(PATIENCE_S)
        assert path.exists()


def test_docker_stop_hangs_up_and_waits(start: Start) -> None:
    script = 'trap "sleep 0.2; echo saved; exit 3" HUP; echo ready; while :; do sleep 0.05; done'
    session = start("sh", "-c", script)
    eventually(lambda: "ready" in printed(session), "the program", within_s=PATIENCE_S)
    session.process.send_signal(signal.SIGTERM)
    assert session.process.wait(PATIENCE_S) == 3
    assert "saved" in printed(session)


def test_a_program_that_ignores_the_hangup_is_asked_again_in_another_way(start: Start) -> None:
    script = 'trap "" HUP; trap "exit 4" TERM; echo ready; while :; do sleep 0.05; done'
    session = start("sh", "-c", script)
    eventually(lambda: "ready" in printed(session), "the program", within_s=PATIENCE_S)
    for number in (signal.SIGHUP, signal.SIGINT):
        session.process.send_signal(number)
    session.process.send_signal(signal.SIGTERM)
    assert session.process.wait(PATIENCE_S) == 4


def test_a_program_may_close_its_terminal_for_a_while(start: Start) -> None:
    script = "terminal=$(tty); exec <&- >&- 2>&-; sleep 0.3; exec >$terminal; echo back; exit 5"
    session = start("sh", "-c", script)
    assert session.process.wait(PATIENCE_S) == 5
    assert printed(session) == "back\r\n"


def test_orphans_are_waited_for_where_the_supervisor_is_the_first_process(tmp_path: Path) -> None:
    argv = ["unshare", "--pid", "--fork", "--mount-proc", *SUPERVISE, "--dtach-socket", f"{tmp_path}/dtach"]
    argv += ["--control-socket", f"{tmp_path}/control", "--log-folder", str(tmp_path), "--", "sh", "-c"]
    script = "for n in 1 2 3; do (sh -c 'sleep 0.1 &'); done; sleep 0.5; ps -eo s= | grep -c Z"
    subprocess.run([*argv, script], env=ENV, capture_output=True, timeout=PATIENCE_S, check=False)
    assert '"o", "0\\r\\n"' in (tmp_path / "session.cast").read_text()


def test_half_open_connections_make_room_for_who_takes_part(start: Start) -> None:
    session = start("cat")
    with ExitStack() as stack:
        client = session.attach()
        for _ in range(400):
            each = stack.enter_context(socket.socket(socket.AF_UNIX))
            each.connect(str(session.control_socket))
        client.type(b"still here\r")
        client.until_painted(b"still here")
        assert len(list(Path(f"/proc/{session.process.pid}/fd").iterdir())) < 300
        session.attach().until_painted(b"still here")


def test_a_flood_leaves_no_more_than_20_mb_in_memory(start: Start) -> None:
    session = start("sh", "-c", "read line; seq -f %078g 150000; echo done; read line")
    client = session.attach()
    client.type(b"\r")
    client.until(lambda: session.recording.output.endswith(b"done\r\n"), "the end of the flood", 20.0)
    eventually(lambda: session.memory_kib < 20_000, "rest", within_s=PATIENCE_S)


def relay(session: Path, hello: Hello) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "vibenv_core.supervisor", "relay", "--control-socket", str(session)]
    return subprocess.Popen(
        [*argv, json.dumps(hello._asdict())],
        env={**ENV, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_relay_says_hello_and_ends_with_the_terminal(start: Start) -> None:
    session = start("sh", "-c", "echo hello; read line")
    with relay(session.control_socket, Hello(client="me", rows=24, cols=80)) as joined:
        assert joined.stdout
        assert joined.stdout.read(1) == bytes([Kind.WELCOME])
        session.attach(client="other").type(b"\r")
        assert bytes([Kind.ENDED]) in joined.stdout.read()
        assert joined.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("side", ["stdin", "stdout"])
def test_a_relay_ends_when_its_client_goes(start: Start, side: str) -> None:
    session = start("sh", "-c", "sleep 100")
    with relay(session.control_socket, Hello(client="me", rows=24, cols=80)) as joined:
        assert joined.stdout
        assert joined.stdout.read(1) == bytes([Kind.WELCOME])
        getattr(joined, side).close()
        assert joined.wait(PATIENCE_S) == CLIENT_GONE


def test_what_is_typed_passes_a_relay_whose_client_does_not_read(start: Start) -> None:
    session = start("sh", "-c", "while :; do echo flood; done & read line; kill $!; exit 9")
    with relay(session.control_socket, Hello(client="me", rows=24, cols=80)) as joined:
        assert joined.stdin
        assert joined.stdout
        joined.stdout.read(1)
        joined.stdin.write(b"\x02\x00\x00\x00\x09" + bytes(8) + b"\r")
        joined.stdin.flush()
        assert session.process.wait(PATIENCE_S) == 9
        joined.stdout.read()


@contextmanager
def joined_to(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """A relay whose client neither reads nor goes, and the session's end of its connection, HELLO read."""
    hello = Hello(client="me")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/control")
        listener.listen()
        with relay(folder / "control", hello) as joined:
            connection, _ = listener.accept()
            with connection:
                connection.recv(5 + len(json.dumps(hello._asdict())), socket.MSG_WAITALL)
                yield joined, connection


def test_a_relay_that_can_do_nothing_rests(tmp_path: Path) -> None:
    with joined_to(tmp_path) as (joined, session):
        session.settimeout(0.2)
        with pytest.raises(TimeoutError):
            session.sendall(bytes(1 << 22))
        session.close()
        state = Path(f"/proc/{joined.pid}/stat")
        eventually(lambda: all(") S " in state.read_text() for _ in range(100)), "rest", within_s=PATIENCE_S)


def test_the_last_words_of_a_session_that_does_not_read_pass_a_relay(tmp_path: Path) -> None:
    with joined_to(tmp_path) as (joined, session):
        assert joined.stdin
        assert joined.stdout
        typing = threading.Thread(target=_type_until_it_goes, args=(joined.stdin.fileno(),))
        typing.start()
        session.settimeout(0.2)
        said = 0
        with suppress(TimeoutError):
            while True:
                said += session.send(bytes(1 << 16))
        session.close()
        assert len(joined.stdout.read()) == said
        assert joined.wait(PATIENCE_S) == 0
        typing.join(PATIENCE_S)


def _type_until_it_goes(descriptor: int) -> None:
    with suppress(BrokenPipeError):
        while True:
            os.write(descriptor, b"typed" * 1000)


def test_a_relay_waits_for_a_session_that_just_starts_and_not_for_ever(tmp_path: Path) -> None:
    with relay(tmp_path / "none", Hello(client="me")) as joined:
        assert joined.wait(PATIENCE_S) == NO_SESSION
        assert joined.stderr
        assert b"No such file" in joined.stderr.read()
    path = tmp_path / "late"
    with relay(path, Hello(client="me")) as joined, socket.socket(socket.AF_UNIX) as late:
        late.bind(str(path))
        late.listen()
        connection, _ = late.accept()
        with connection:
            assert connection.recv(1) == bytes([Kind.HELLO])
        assert joined.wait(PATIENCE_S) == 0


BROKEN = """\
import sys
from vibenv_core.supervisor import ghostty, recording, __main__
def fails(*_, **__): raise LookupError("nobody foresaw this")
owner = {"screen": ghostty.GhosttyScreen, "recording": recording.Recording}[sys.argv.pop(1)]
setattr(owner, sys.argv.pop(1), fails)
__main__.main()
"""


@pytest.mark.parametrize(
    ("part", "method"),
    [("screen", "feed"), ("screen", "repaint"), ("screen", "resize"), ("recording", "output")],
)
def test_a_part_that_fails_ends_neither_the_program_nor_the_other_parts(
    tmp_path: Path, part: str, method: str
) -> None:
    argv = [sys.executable, "-c", BROKEN, part, method, *SUPERVISE[3:], "--log-folder", str(tmp_path)]
    argv += ["--dtach-socket", f"{tmp_path}/dtach", "--control-socket", f"{tmp_path}/control", "--"]
    argv += ["sh", "-c", "echo before; read line; echo $line; read line; exit 6"]
    with subprocess.Popen(argv, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"READY\n"
        with socket.socket(socket.AF_UNIX) as client, socket.socket(socket.AF_UNIX) as typist:
            for each in (client, typist):
                each.connect(f"{tmp_path}/dtach")
            client.sendall(b"\x01" + bytes(9) + b"\x04\x03\x1e\x00\x64\x00" + bytes(4))
            typist.sendall(b"\x00\x06hello\r  \x00\x01\r       ")
            try:
                assert process.wait(PATIENCE_S) == 6
            finally:
                process.kill()
            shown = b"".join(iter(lambda: client.recv(1 << 16), b"")) if part == "recording" else b"hello"
            assert b"hello" in shown
        assert process.stderr
        assert b"nobody foresaw this" in process.stderr.read()
    assert part == "recording" or "hello" in (tmp_path / "session.cast").read_text()
