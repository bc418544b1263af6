"""The way to an engine, where there is none."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from vibenv_core import hosts
from vibenv_core.errors import Unreachable
from vibenv_core.reach import reach

IN_A_SESSION = {"VIBENV_SESSION": "here"}


@pytest.fixture
def socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this machine's own engine would be."""
    path = tmp_path / "docker.sock"
    monkeypatch.setattr(hosts, "_LOCAL", f"unix://{path}")
    return path


def refused(host: hosts.Host, env: Mapping[str, str]) -> Unreachable:
    with pytest.raises(Unreachable) as raised:
        reach(host, env=env, cancelled=threading.Event())
    return raised.value


def test_a_session_without_the_hosts_socket_is_told_so_and_where_to_type(socket: Path) -> None:
    error = refused(hosts.resolve(None, {}), IN_A_SESSION)
    assert error.code == "vibenv::engine::no_access"
    assert "`here`" in error.message
    assert "--access docker" in (error.help or "")


def test_an_engine_that_does_not_run_is_told_as_that(socket: Path, tmp_path: Path) -> None:
    host = hosts.resolve(None, {})
    elsewhere = hosts.Host(name="x", url=f"unix://{tmp_path}/other.sock", tls=None)
    assert refused(host, {}).code == "vibenv::engine::not_running"
    assert refused(elsewhere, IN_A_SESSION).code == "vibenv::engine::not_running"
    socket.touch()
    assert refused(host, IN_A_SESSION).code == "vibenv::engine::not_running"
