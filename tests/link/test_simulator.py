"""Each fault of the simulator, seen from both ends of a connection through it."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.link.simulator import Simulator, simulating
from tests.stack.engine import wait_until


class Ends:
    """A simulator with a server at its far end."""

    def __init__(self, path: Path, link: Simulator, server: socket.socket) -> None:
        self._path, self.link, self._server = path, link, server

    def near(self) -> socket.socket:
        """A new connection, seen from the near end."""
        near = socket.socket(socket.AF_UNIX)
        near.settimeout(5)
        near.connect(str(self._path))
        return near

    def far(self) -> socket.socket:
        """The next connection, seen from the far end."""
        far, _ = self._server.accept()
        far.settimeout(5)
        return far

    @contextlib.contextmanager
    def both(self) -> Iterator[tuple[socket.socket, socket.socket]]:
        """The two ends of a new connection."""
        with self.near() as near, self.far() as far:
            yield near, far


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        with simulating(tmp_path, f"127.0.0.1:{server.getsockname()[1]}") as link:
            yield Ends(tmp_path / "link.sock", link, server)


def arrives(near: socket.socket, far: socket.socket, data: bytes = b"x") -> float:
    """How long `data` takes from one end to the other."""
    began = time.monotonic()
    near.sendall(data)
    received = b""
    while received != data:
        received += far.recv(len(data) - len(received))
        assert data.startswith(received)
    return time.monotonic() - began


def silent(end: socket.socket, seconds: float = 0.2) -> bool:
    end.settimeout(seconds)
    try:
        return not end.recv(1) and False
    except TimeoutError:
        return True
    finally:
        end.settimeout(5)


def test_without_faults_all_bytes_and_the_end_arrive_and_are_counted(ends: Ends) -> None:
    with ends.both() as (near, far):
        arrives(near, far, b"up" * 100_000)
        arrives(far, near, b"down" * 50_000)
        near.shutdown(socket.SHUT_WR)
        assert far.recv(1) == b""
        arrives(far, near, b"after")
        seen = ends.link.seen()
        assert (seen.connections, seen.open, seen.up, seen.down) == (1, 1, 200_000, 200_005)
    wait_until(lambda: ends.link.seen().open == 0, 5, "the connection to be closed")


def test_latency_is_added_to_each_way_and_does_not_lower_the_rate(ends: Ends) -> None:
    ends.link.set(latency_s=0.1)
    with ends.both() as (near, far):
        assert 0.1 <= arrives(near, far) < 0.19
        assert 0.1 <= arrives(far, near) < 0.19
        assert arrives(near, far, b"x" * 500_000) < 0.3


def test_jitter_delays_and_does_not_reorder(ends: Ends) -> None:
    ends.link.set(jitter_s=0.05)
    with ends.both() as (near, far):
        data = bytes(range(50))
        for byte in data:
            near.sendall(bytes([byte]))
        assert b"".join(far.recv(1) for _ in data) == data
        assert len({round(arrives(near, far), 3) for _ in range(5)}) > 1


def test_a_rate_is_kept(ends: Ends) -> None:
    ends.link.set(rate=1_000_000)
    with ends.both() as (near, far):
        assert 0.25 <= arrives(near, far, b"x" * 300_000) < 0.6


def test_what_is_sent_while_stalled_arrives_afterwards(ends: Ends) -> None:
    with ends.both() as (near, far):
        arrives(near, far)
        ends.link.set(stalled=True)
        near.sendall(b"late")
        assert silent(far)
        ends.link.set(stalled=False)
        assert far.recv(4) == b"late"


def test_a_cut_breaks_both_ends_and_new_connections_come_through(ends: Ends) -> None:
    with ends.both() as (near, far):
        arrives(near, far)
        ends.link.cut()
        assert near.recv(1) == b""
        with contextlib.suppress(ConnectionResetError):
            assert far.recv(1) == b""
    with ends.both() as (near, far):
        arrives(near, far)


def test_a_half_open_connection_has_lost_its_far_end_and_does_not_know(ends: Ends) -> None:
    with ends.both() as (near, far):
        arrives(near, far)
        ends.link.lose()
        with contextlib.suppress(ConnectionResetError):
            assert far.recv(1) == b""
        near.sendall(b"lost")
        assert silent(near)
    with ends.both() as (near, far):
        arrives(near, far)


def test_a_refused_connection_is_closed_and_an_open_one_stays(ends: Ends) -> None:
    with ends.both() as (near, far):
        ends.link.set(refused=True)
        with ends.near() as second:
            assert second.recv(1) == b""
        arrives(near, far)


def test_a_slow_handshake_delays_the_first_byte_only(ends: Ends) -> None:
    ends.link.set(handshake_s=0.2)
    began = time.monotonic()
    with ends.both() as (near, far):
        arrives(near, far)
        assert time.monotonic() - began >= 0.2
        assert arrives(near, far) < 0.1


def test_a_banner_comes_before_all_else(ends: Ends) -> None:
    ends.link.set(banner="Starting session with SessionId: x\r\n")
    with ends.both() as (near, far):
        far.sendall(b"SSH-2.0")
        received = b""
        while not received.endswith(b"SSH-2.0"):
            received += near.recv(100)
        assert received == b"Starting session with SessionId: x\r\nSSH-2.0"


def test_a_connection_that_has_lived_its_time_is_cut(ends: Ends) -> None:
    ends.link.set(lives_s=0.3)
    with ends.both() as (near, far):
        arrives(near, far)
        began = time.monotonic()
        assert near.recv(1) == b""
        assert 0.1 < time.monotonic() - began < 1
