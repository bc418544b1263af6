"""The link to a host over ssh: one master for all, and mended whatever happens to it."""

import contextlib
import os
import pty
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.link.bed import INSTANCE, Bed
from tests.link.conftest import small_engine
from tests.stack.engine import wait_until
from vibenv_core import caller
from vibenv_core import reach as reaching
from vibenv_core.engine import Engine
from vibenv_core.errors import Interrupted, NeedsTerminal, Unreachable, VibenvError, WrongState
from vibenv_core.hosts import Host

Reach = Callable[..., Engine]
_LIST = """
import os, sys, threading
from vibenv_core.hosts import Host
from vibenv_core.reach import reach
_, url, tty = sys.argv
host = Host(name=url, url=url, tls=None)
print(reach(host, env=os.environ, cancelled=threading.Event(), tty=eval(tty)).sessions())
"""
"""A process that lists the sessions of the host named, with or without a terminal."""


def folder(bed: Bed) -> Path:
    """The link's folder, once there is one."""
    (found,) = (bed.folder / "run" / "vibenv").iterdir()
    return found


def kill_master(bed: Bed) -> None:
    (master,) = bed.masters
    os.kill(master, signal.SIGKILL)
    wait_until(lambda: master not in bed.masters, 5, "the master to be gone")


def refused(reach: Reach, **options: float) -> VibenvError:
    """Why the host is not reached."""
    with pytest.raises(VibenvError) as raised:
        reach(**options)
    assert INSTANCE in raised.value.message
    assert raised.value.about == "host"
    return raised.value


def test_fifty_commands_of_as_many_processes_take_one_handshake(bed: Bed, reach: Reach) -> None:
    for _ in range(50):
        assert reach().sessions() == []
    assert (bed.handshakes, bed.link.seen().connections) == (1, 1)


def test_what_a_link_leaves_to_be_found_is_its_users_alone(bed: Bed, reach: Reach) -> None:
    reach()
    assert stat.S_IMODE(folder(bed).stat().st_mode) == 0o700
    assert stat.S_IMODE(folder(bed).parent.stat().st_mode) == 0o700
    for name in ("control", "docker.sock", "dagger.sock"):
        assert stat.S_IMODE((folder(bed) / name).stat().st_mode) == 0o600
    assert {path.name for path in folder(bed).iterdir()} == {
        "control",
        "dagger.sock",
        "docker.sock",
        "lock",
        "log",
    }


def test_a_warm_list_takes_one_round_trip_and_a_new_process_three(bed: Bed, reach: Reach) -> None:
    engine = reach()
    bed.link.set(latency_s=0.2)
    for ask, trips in ((engine.sessions, 1), (engine.sessions, 1), (lambda: reach().sessions(), 3)):
        began = time.monotonic()
        ask()
        assert trips * 0.4 <= time.monotonic() - began < trips * 0.4 + 0.35


def test_a_list_needs_less_than_three_kilobytes(bed: Bed, reach: Reach) -> None:
    engine = reach()
    engine.sessions()
    before = bed.link.seen()
    engine.sessions()
    after = bed.link.seen()
    assert after.up + after.down - before.up - before.down < 3000


def test_a_killed_master_is_replaced_within_the_same_question(bed: Bed, reach: Reach) -> None:
    engine = reach()
    assert reaching.is_reached(engine, bed.env)
    kill_master(bed)
    assert not reaching.is_reached(engine, bed.env)
    assert engine.sessions() == []
    assert bed.handshakes == 2
    assert reaching.is_reached(engine, bed.env)


def test_a_master_that_is_killed_during_a_question_is_replaced(bed: Bed, reach: Reach) -> None:
    engine = reach()
    bed.link.set(stalled=True)
    with ThreadPoolExecutor(1) as pool:
        before = bed.link.seen().up
        asked = pool.submit(engine.sessions)
        wait_until(lambda: bed.link.seen().up > before, 5, "the question to be asked")
        kill_master(bed)
        bed.link.set(stalled=False)
        assert asked.result(20) == []


def test_whatever_kills_the_master_while_it_starts_leaves_nothing_that_is_in_the_way(
    bed: Bed, reach: Reach
) -> None:
    for handshake_s in (0.1, 0.2, 0.3):
        bed.link.set(handshake_s=handshake_s)
        with ThreadPoolExecutor(1) as pool:
            reached = pool.submit(reach)
            wait_until(lambda: bool(bed.masters), 5, "ssh to start")
            kill_master(bed)
            assert reached.result(20).sessions() == []
        kill_master(bed)


def test_a_restarted_sshd_is_reached_again(bed: Bed, reach: Reach) -> None:
    engine = reach()
    bed.stop_sshd()
    bed.start_sshd()
    assert engine.sessions() == []
    assert bed.handshakes == 2


def test_a_cut_link_is_made_again(bed: Bed, reach: Reach) -> None:
    engine = reach()
    for _ in range(5):
        bed.link.cut()
        assert engine.sessions() == []
    assert bed.handshakes == 6


@pytest.mark.usefixtures("hasty")
def test_a_half_open_link_is_replaced_by_a_new_one_beside_it(bed: Bed, reach: Reach) -> None:
    engine = reach()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: engine.sessions(), range(20)))
    bed.link.lose()
    began = time.monotonic()
    assert engine.sessions() == []
    assert 1.4 < time.monotonic() - began < 10
    began = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: engine.sessions(), range(20)))
    assert time.monotonic() - began < 1
    assert bed.handshakes == 2
    assert reach().sessions() == []
    assert bed.handshakes == 2


@pytest.mark.usefixtures("hasty")
def test_a_link_is_not_replaced_because_the_engine_is_slow(
    bed: Bed, reach: Reach, quick: threading.Event
) -> None:
    engine = reach()
    quick.clear()
    with pytest.raises(Unreachable, match=r"did not answer in time"):
        engine.sessions()
    quick.set()
    assert engine.sessions() == []
    assert bed.handshakes == 1


@pytest.mark.usefixtures("hasty")
def test_a_stalled_link_fails_within_its_deadline_and_serves_again_when_it_is_over(
    bed: Bed, reach: Reach
) -> None:
    engine = reach(reach_s=4)
    bed.link.set(stalled=True)
    began = time.monotonic()
    with pytest.raises(Unreachable) as raised:
        engine.sessions()
    assert time.monotonic() - began < 10
    assert raised.value.code == "vibenv::ssh::timeout"
    assert INSTANCE in raised.value.message
    bed.link.set(stalled=False)
    assert engine.sessions() == []


def test_a_dead_socket_or_any_file_in_the_way_is_replaced(bed: Bed, reach: Reach) -> None:
    reach()
    kill_master(bed)
    assert (folder(bed) / "control").is_socket()
    (folder(bed) / "docker.sock").unlink()
    (folder(bed) / "docker.sock").write_text("not a socket")
    (folder(bed) / "control.new").write_text("not a socket")
    assert reach().sessions() == []


def test_eight_processes_that_connect_at_once_make_one_master(bed: Bed, host: Host) -> None:
    bed.link.set(handshake_s=0.3)
    argv = [sys.executable, "-c", _LIST, host.url, "None"]
    running = [subprocess.Popen(argv, env=bed.env, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    assert [process.communicate(timeout=60)[0] for process in running] == ["[]\n"] * 8
    assert bed.handshakes == 1


def test_one_session_at_a_time_is_no_limit(bed: Bed, reach: Reach) -> None:
    bed.stop_sshd()
    bed.start_sshd(MaxSessions="1")
    engine = reach()
    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(lambda _: engine.sessions(), range(50))) == [[]] * 50
    assert bed.handshakes == 1


def test_a_host_that_lets_nobody_else_in_for_a_moment_is_asked_again(bed: Bed, reach: Reach) -> None:
    bed.stop_sshd()
    bed.start_sshd(MaxStartups="1")
    with socket.create_connection(("127.0.0.1", bed.port)) as somebody, ThreadPoolExecutor(1) as pool:
        somebody.recv(100)
        reached = pool.submit(reach)
        wait_until(lambda: bed.log.count("drop connection") > 0, 10, "sshd to refuse somebody")
        somebody.close()
        assert reached.result(20).sessions() == []
    assert bed.handshakes <= 2  # the first that was let in again may have asked only why it was not


@pytest.mark.parametrize("sessions", ["1", "10"])
def test_where_no_sockets_are_forwarded_the_hosts_docker_cli_is_used(
    bed: Bed, reach: Reach, sessions: str
) -> None:
    bed.stop_sshd()
    bed.start_sshd(AllowStreamLocalForwarding="no", MaxSessions=sessions)
    engine = reach()
    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(lambda _: engine.sessions(), range(20))) == [[]] * 20
    assert reach().sessions() == []
    assert bed.handshakes == 1 or sessions == "1"  # whom the master cannot take logs in
    assert stat.S_IMODE((folder(bed) / "relay.sock").stat().st_mode) == 0o600
    (relay,) = bed.processes("vibenv_core.link.relay")
    os.kill(relay, signal.SIGKILL)
    assert engine.sessions() == []


def test_an_engine_that_does_not_run_is_told_apart_from_a_host_that_does_not(bed: Bed, reach: Reach) -> None:
    (bed.folder.parent / "engine.sock").unlink()
    assert refused(reach).code == "vibenv::engine::not_running"
    with small_engine(bed.folder.parent / "engine.sock"):
        assert reach().sessions() == []
        assert not (folder(bed) / "docker.sock").is_symlink()


@contextlib.contextmanager
def own_master(bed: Bed) -> Iterator[None]:
    """The user's own master, as a shell leaves it with ControlMaster and ControlPersist."""
    bed.ssh_config("ControlMaster auto", f"ControlPath {bed.folder}/own-%C", "ControlPersist 10m")
    subprocess.run(["ssh", "-fN", INSTANCE], env=bed.env, check=True, capture_output=True)
    yield


def test_the_users_own_master_is_used_when_there_is_one(bed: Bed, reach: Reach) -> None:
    with own_master(bed):
        assert reach().sessions() == []
        assert bed.handshakes == 1
        subprocess.run(["ssh", "-O", "exit", INSTANCE], env=bed.env, check=True, capture_output=True)
        assert reach().sessions() == []
        assert bed.handshakes == 2


def test_what_the_user_configured_for_shells_is_no_hindrance(bed: Bed, reach: Reach) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bed.ssh_config(
            f"LocalForward 127.0.0.1:{taken.getsockname()[1]} localhost:80",
            "ExitOnForwardFailure yes",
            "PermitLocalCommand yes",
            f"LocalCommand touch {bed.folder}/ran",
            "RemoteCommand sleep 100",
            "RequestTTY force",
            "LogLevel QUIET",
            "StreamLocalBindMask 0000",
        )
        assert reach().sessions() == []
    assert stat.S_IMODE((folder(bed) / "docker.sock").stat().st_mode) == 0o600
    assert not (bed.folder / "ran").exists()


def test_what_is_printed_before_ssh_speaks_is_passed_over(bed: Bed, reach: Reach) -> None:
    bed.link.set(banner="\r\nStarting session with SessionId: me-0123\r\n", handshake_s=0.5)
    assert reach().sessions() == []


def test_a_host_that_is_not_known_yet_wants_a_terminal(bed: Bed, reach: Reach) -> None:
    (bed.folder / "known_hosts").write_text("")
    unknown = refused(reach)
    assert isinstance(unknown, NeedsTerminal)
    assert unknown.code == "vibenv::ssh::host_key_unknown"
    assert f"ssh {INSTANCE}" in (unknown.help or "")


def test_on_a_terminal_ssh_asks_what_it_needs(bed: Bed, host: Host) -> None:
    (bed.folder / "known_hosts").write_text("")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-c", _LIST, host.url, "0"], bed.env)
    seen = b""
    while b"[]" not in seen:
        assert select.select([terminal], [], [], 10)[0], seen
        seen += os.read(terminal, 4096)
        if b"(yes/no" in seen:
            os.write(terminal, b"yes\n")
            seen = b""
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert INSTANCE in (bed.folder / "known_hosts").read_text()


def test_a_host_with_another_key_than_it_had_is_not_connected_to(bed: Bed, reach: Reach) -> None:
    other = (bed.folder / "id.pub").read_text()
    (bed.folder / "known_hosts").write_text(f"{INSTANCE} {other}")
    changed = refused(reach)
    assert not isinstance(changed, NeedsTerminal)
    assert changed.code == "vibenv::ssh::host_key_changed"


@pytest.mark.parametrize(
    ("password", "code"), [("no", "vibenv::ssh::login_refused"), ("yes", "vibenv::ssh::asks")]
)
def test_a_login_that_is_refused_is_told_at_once(bed: Bed, reach: Reach, password: str, code: str) -> None:
    bed.stop_sshd()
    bed.start_sshd(
        AuthorizedKeysFile="/dev/null",
        PasswordAuthentication=password,
        KbdInteractiveAuthentication="no",
    )
    began = time.monotonic()
    assert refused(reach).code == code
    assert time.monotonic() - began < 5
    assert bed.processes() == []


def test_an_instance_that_is_not_connected_is_told_in_the_words_of_aws(bed: Bed, reach: Reach) -> None:
    bed.link.set(refused=True)
    assert refused(reach).code == "vibenv::aws::not_connected"


def test_a_host_that_never_answers_is_given_up_at_the_deadline(bed: Bed, reach: Reach) -> None:
    bed.link.set(handshake_s=60)
    began = time.monotonic()
    assert refused(reach, reach_s=1).code == "vibenv::ssh::timeout"
    assert time.monotonic() - began < 4
    assert bed.processes() == []


def test_a_connection_in_the_making_is_broken_off_by_ctrl_c(bed: Bed, host: Host) -> None:
    bed.link.set(handshake_s=60)
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        reached = pool.submit(reaching.reach, host, env=bed.env, cancelled=cancelled)
        wait_until(lambda: bool(bed.masters), 5, "ssh to start")
        cancelled.set()
        with pytest.raises(Interrupted):
            reached.result(5)
    assert bed.processes() == []


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("faults", [{"stalled": True}, {"handshake_s": 60}])
def test_a_link_in_the_mending_is_broken_off_by_ctrl_c(
    bed: Bed, reach: Reach, faults: dict[str, float]
) -> None:
    engine, cancelled = reach(), threading.Event()

    def ask() -> object:
        caller.is_heeded(cancelled)
        return engine.sessions()

    [first] = bed.masters
    bed.link.set(**faults)
    bed.link.cut()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        wait_until(lambda: bool({*bed.masters} - {first}), 10, "another ssh to start")
        began = time.monotonic()
        cancelled.set()
        with pytest.raises(Interrupted):
            asked.result(5)
        assert time.monotonic() - began < 1
    bed.link.heal()
    assert engine.sessions() == []
    assert len(bed.masters) == 1


def test_a_question_that_is_not_answered_is_broken_off_by_ctrl_c(
    bed: Bed, reach: Reach, quick: threading.Event
) -> None:
    engine, cancelled = reach(), threading.Event()

    def ask() -> object:
        caller.is_heeded(cancelled)
        return engine.sessions()

    quick.clear()
    with ThreadPoolExecutor(1) as pool:
        before = bed.link.seen().up
        asked = pool.submit(ask)
        wait_until(lambda: bed.link.seen().up > before, 5, "the question to be asked")
        cancelled.set()
        with pytest.raises(Interrupted):
            asked.result(1)


def test_a_runtime_folder_that_others_reach_into_is_refused(bed: Bed, reach: Reach) -> None:
    ours = bed.folder / "run" / "vibenv"
    ours.mkdir(mode=0o755)
    with pytest.raises(WrongState, match="others may reach into") as raised:
        reach()
    assert raised.value.help == f"chmod 700 {ours}"
    ours.chmod(0o700)
    os.chown(ours, 12345, -1)
    with pytest.raises(WrongState, match="not a folder of yours"):
        reach()
    ours.rmdir()
    ours.symlink_to(bed.folder)
    with pytest.raises(WrongState, match="not a folder of yours"):
        reach()
    assert bed.handshakes == 0


@pytest.mark.parametrize("files", range(2, 8))
def test_a_runtime_folder_that_is_full_is_told_as_such(bed: Bed, reach: Reach, files: int) -> None:
    where = bed.folder / "run"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"nr_inodes={files},mode=700", "none", where], check=True)
    try:
        with pytest.raises(WrongState, match="No space left on device") as raised:
            reach()
        assert raised.value.code == "vibenv::link::runtime_folder"
        subprocess.run(["mount", "-o", "remount,nr_inodes=100", where], check=True)
        assert reach().sessions() == []
    finally:
        subprocess.run(["umount", "--lazy", where], check=True)
