"""Ports of a session at ports of this machine: by ssh where it can, by a relay where it cannot."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.link.bed import Bed
from tests.link.conftest import SESSION, Interruption, Web
from tests.stack.engine import wait_until
from vibenv_core import forwards
from vibenv_core.engine import Engine
from vibenv_core.errors import Foreign, NotFound, Unreachable, UsageError, WrongState
from vibenv_core.forward_plan import Forward

Reach = Callable[..., Engine]
NEVER = threading.Event()


@contextlib.contextmanager
def echoing(address: str) -> Iterator[int]:
    """A server that gives back what it is sent once that has ended, and its port."""

    def answer(connection: socket.socket) -> None:
        with connection:
            said = b""
            while data := connection.recv(1 << 16):
                said += data
            connection.sendall(said)

    def serve() -> None:
        with contextlib.suppress(OSError), ThreadPoolExecutor() as pool:
            while True:
                pool.submit(answer, listener.accept()[0])

    with socket.create_server((address, 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def echoed(local: int, said: bytes) -> bytes:
    """What comes back from a local port."""
    with socket.create_connection(("127.0.0.1", local), timeout=20) as connection:
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def forward(bed: Bed, reach: Reach) -> Iterator[Callable[..., tuple[Forward, str | None]]]:
    """Forwards a port of `web`; all are ended after the test."""

    def forward(port: int, local: int | None = None) -> tuple[Forward, str | None]:
        return forwards.forward(reach(), "web", port, local=local, env=bed.env, cancelled=NEVER)

    yield forward
    for each in forwards.standing(bed.env):
        forwards.end(each, env=bed.env, cancelled=NEVER)


Make = Callable[..., tuple[Forward, str | None]]


@pytest.mark.usefixtures("web")
def test_a_port_is_forwarded_by_the_master_that_is_there(bed: Bed, forward: Make) -> None:
    with echoing("0.0.0.0") as port:
        made, detail = forward(port)
        assert made.address == "127.0.0.2"
        assert made.local != port
        assert detail == f"port {port} is not free on this machine"
        assert echoed(made.local, b"hello") == b"hello"
        assert forwards.standing(bed.env) == [made]
    assert (bed.handshakes, bed.link.seen().connections) == (1, 1)


@pytest.mark.usefixtures("web")
def test_the_port_that_is_wished_is_taken_where_it_is_free(forward: Make) -> None:
    with echoing("127.0.0.2") as port:
        made, detail = forward(port)
        assert (made.local, detail) == (port, None)
        assert echoed(port, b"hello") == b"hello"
        assert forward(port)[0] == made
        other = free_port()
        second, _ = forward(port, local=other)
        assert (second.local, echoed(other, b"again")) == (other, b"again")


@pytest.mark.usefixtures("web")
def test_what_listens_on_loopback_in_the_session_is_relayed(bed: Bed, forward: Make) -> None:
    with echoing("127.0.0.1") as port:
        made, _ = forward(port)
        assert made.pid is not None
        sent = os.urandom(3_000_000)
        assert echoed(made.local, sent) == sent
        with ThreadPoolExecutor(8) as pool:
            said = [str(number).encode() for number in range(16)]
            assert list(pool.map(lambda each: echoed(made.local, each), said)) == said
    assert bed.handshakes == 1


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(
    "options", [{"AllowTcpForwarding": "local", "PermitOpen": "none"}, {"AllowTcpForwarding": "no"}]
)
def test_where_the_host_forwards_no_ports_they_are_relayed(
    bed: Bed, forward: Make, options: dict[str, str]
) -> None:
    bed.stop_sshd()
    bed.start_sshd(**options)
    with echoing("0.0.0.0") as port:
        made, _ = forward(port)
        assert made.pid is not None
        assert echoed(made.local, b"hello") == b"hello"
        assert forwards.standing(bed.env) == [made]
    assert bed.handshakes == 1


@pytest.mark.usefixtures("web")
def test_a_session_without_an_address_is_relayed_to(forward: Make, web: Web) -> None:
    web.address = ""
    with echoing("0.0.0.0") as port:
        assert echoed(forward(port)[0].local, b"hello") == b"hello"


@pytest.mark.usefixtures("web")
def test_a_port_that_nobody_listens_on_yet_is_served_once_somebody_does(forward: Make) -> None:
    # Another port than in the session: here that is on the same machine.
    port, other = free_port(), free_port()
    made, detail = forward(port, local=other)
    assert detail is not None
    assert f"nobody listens on port {port} of `web` yet" in detail
    with pytest.raises(ConnectionResetError):
        echoed(made.local, b"hello")
    with serving_once_at(port):
        assert echoed(made.local, b"hello") == b"hello"


@contextlib.contextmanager
def serving_once_at(port: int) -> Iterator[None]:
    """A server at a given port of the session, which answers one client."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(connection.recv(100))

    with socket.create_server(("::1", port), family=socket.AF_INET6) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1"])
def test_an_ended_forward_leaves_its_port_free(bed: Bed, forward: Make, address: str) -> None:
    with echoing(address) as port:
        made, _ = forward(port)
        forwards.end(made, env=bed.env, cancelled=NEVER)
        assert forwards.standing(bed.env) == []
        with socket.create_server(("127.0.0.1", made.local)):
            pass
        forwards.end(made, env=bed.env, cancelled=NEVER)


@pytest.mark.usefixtures("web")
def test_a_forward_ends_with_its_master_and_is_made_again_at_the_same_port(bed: Bed, forward: Make) -> None:
    with echoing("127.0.0.2") as port:
        forward(port)
        (master,) = bed.masters
        os.kill(master, signal.SIGKILL)
        wait_until(lambda: forwards.standing(bed.env) == [], 5, "the forward to be no longer listed")
        again, _ = forward(port)
        assert again.local == port
        assert echoed(port, b"hello") == b"hello"
    assert bed.handshakes == 2


@pytest.mark.usefixtures("web")
def test_whenever_the_master_is_killed_a_port_is_forwarded_or_not_and_can_be_afterwards(
    bed: Bed, forward: Make, interrupted: Callable[[Interruption | None], None]
) -> None:
    def kill() -> None:
        for master in bed.masters:
            os.kill(master, signal.SIGKILL)

    with echoing("127.0.0.2") as port:
        for at in range(1, 20):
            interrupted(interruption := Interruption(at, kill))
            try:
                made, _ = forward(port)
            except Unreachable:
                wait_until(lambda: forwards.standing(bed.env) == [], 5, "nothing to be listed")
            else:
                if interruption.asked <= at:
                    break
                assert echoed(made.local, b"hello") == b"hello"
            interrupted(None)
            made, _ = forward(port)
            assert (made.local, echoed(port, b"hello")) == (port, b"hello")
            forwards.end(made, env=bed.env, cancelled=NEVER)
        assert at > 4


@pytest.mark.usefixtures("web")
def test_a_killed_relay_is_not_listed(bed: Bed, forward: Make) -> None:
    with echoing("127.0.0.1") as port:
        made, _ = forward(port)
        assert made.pid is not None
        os.kill(made.pid, signal.SIGKILL)
        wait_until(lambda: forwards.standing(bed.env) == [], 5, "the relay to be gone")
        assert echoed(forward(port)[0].local, b"hello") == b"hello"


def test_a_session_that_has_another_address_now_gets_another_forward_at_the_same_port(
    forward: Make, web: Web
) -> None:
    with echoing("127.0.0.2") as port:
        made, _ = forward(port)
        web.address = "127.0.0.4"
        again, _ = forward(port)
        assert again.local == made.local == port
        assert again.address is None  # nobody listens at the new address


def test_a_relay_ends_once_its_session_is_another(bed: Bed, forward: Make, web: Web) -> None:
    with echoing("127.0.0.1") as port:
        made, _ = forward(port)
        web.id = "0ther"
        with contextlib.suppress(ConnectionError):
            echoed(made.local, b"hello")
        wait_until(lambda: forwards.standing(bed.env) == [], 5, "the relay to end")


def test_what_cannot_be_forwarded_is_told_before_anything_is_made(
    bed: Bed, forward: Make, web: Web, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    for port, local in ((0, None), (65536, None), (80, 0), (80, 70000)):
        with pytest.raises(UsageError, match="is no port"):
            forward(port, local)
    web.state = "exited"
    with pytest.raises(WrongState, match="the session `web` is stopped") as raised:
        forward(80)
    assert raised.value.help == "`vibenv start web` lets it run again"
    with pytest.raises(NotFound):
        forwards.forward(reach(), "nope", 80, env=bed.env, cancelled=NEVER)
    monkeypatch.setitem(SESSION["Config"], "Labels", {})
    with pytest.raises(Foreign):
        forward(80)
    assert forwards.standing(bed.env) == []


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1"])
def test_where_there_is_no_room_nothing_is_forwarded_and_that_is_told(
    bed: Bed, reach: Reach, forward: Make, address: str
) -> None:
    where = bed.folder / "run"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=20,mode=700", "none", where], check=True)
    try:
        reach()
        filled = list(filling(where))
        with echoing(address) as port:
            with pytest.raises(WrongState, match="No space left on device") as raised:
                forward(port)
            assert raised.value.code == "vibenv::link::runtime_folder"
            assert forwards.standing(bed.env) == []
            for file in filled:
                file.unlink()
            made, _ = forward(port)
            assert echoed(made.local, b"hello") == b"hello"
            forwards.end(made, env=bed.env, cancelled=NEVER)
    finally:
        subprocess.run(["umount", "--lazy", where], check=True)


def filling(folder: Path) -> Iterator[Path]:
    """Files, until no more can be made."""
    with contextlib.suppress(OSError):
        for number in itertools.count():
            (folder / f"{number}").touch()
            yield folder / f"{number}"
