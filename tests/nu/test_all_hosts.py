"""One question to every host at once: who answers is shown, who does not is named."""

from __future__ import annotations

import contextlib
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.link.bed import INSTANCE, Bed, before
from tests.nu.shell import Shell, eventually
from tests.stack.engine import Engine
from vibenv_core import labels
from vibenv_core.model import Access

pytestmark = pytest.mark.one_engine("28")

LINK_S = 10.0
"""How long a link may be silent before that is noticed without a deadline."""
IMAGE = "debian:stable-slim"


def make_session(engine: Engine, name: str) -> None:
    """A session that was never started, as vibenv labels it."""
    made = labels.session_labels(name, command=["bash"], access=Access.NONE, image=IMAGE)
    flags = [flag for label, value in made.items() for flag in ("--label", f"{label}={value}")]
    engine.docker("create", "--name", labels.container_name(name), *flags, IMAGE, "true")


@pytest.fixture
def sessions(docker_engine: Engine, spare: Engine) -> Iterator[None]:
    """The session `a` on both engines, and `b` on the second."""
    for engine, name in ((docker_engine, "a"), (spare, "a"), (spare, "b")):
        make_session(engine, name)
    yield
    for engine in (docker_engine, spare):
        engine.docker("ps", "-aq", "--filter", f"label={labels.SESSION}", remove=("rm", "-f"))


@pytest.fixture
def deaf(tmp_path: Path) -> Iterator[Path]:
    """The socket of an engine that takes connections and never says a word."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "deaf.sock"))
        listener.listen(16)
        yield tmp_path / "deaf.sock"


@pytest.fixture
def bed(spare: Engine) -> Iterator[Bed]:
    """The host of the second engine, over a link with 50 ms to it and back."""
    with before(spare) as bed:
        bed.link.set(latency_s=0.025)
        yield bed


@pytest.fixture
def shell(installed: Shell, tmp_path: Path, docker_engine: Engine, spare: Engine) -> Shell:
    """A Nushell with contexts for two engines, the first of them current, and for none that answers."""
    found = replace(installed, variables={"HOME": str(tmp_path)})
    targets = {"one": docker_engine.url, "two": spare.url, "away": f"unix://{tmp_path}/away.sock"}
    made = "; ".join(f"vibenv context create {name} {target}" for name, target in targets.items())
    found.value(f"{made}; vibenv context use one")
    return found


@pytest.mark.usefixtures("sessions")
def test_the_sessions_of_all_hosts_are_listed_with_their_hosts(shell: Shell) -> None:
    rows = shell.value("vibenv list --all | sort-by host name")
    assert [(row["host"], row["name"]) for row in rows if row["error"] is None] == [
        ("one", "a"),
        ("two", "a"),
        ("two", "b"),
    ]
    [away] = [row for row in rows if row["error"]]
    assert (away["host"], away["name"], away["error"]["code"]) == (
        "away",
        None,
        "vibenv::engine::not_running",
    )
    columns = ["name", "state", "activity", "since", "clients", "created", "image"]
    assert list(rows[0]) == ["host", *columns, "error"]


@pytest.mark.usefixtures("sessions")
def test_the_long_list_and_the_status_have_all_hosts_too(shell: Shell) -> None:
    long = shell.value(
        "vibenv list --all --long | where error == null | select host name image | sort-by host"
    )
    assert {(row["host"], row["image"]) for row in long} == {("one", IMAGE), ("two", IMAGE)}
    status = shell.value("vibenv status --all | where component == docker or error != null | sort-by host")
    assert [(row["host"], row["state"]) for row in status] == [
        ("away", "unreachable"),
        ("one", "running"),
        ("two", "running"),
    ]


@pytest.mark.usefixtures("sessions")
def test_the_others_rows_come_at_once_where_one_host_is_silent(
    shell: Shell, deaf: Path, tmp_path: Path
) -> None:
    shell.value(f"vibenv context create deaf unix://{deaf}")
    with shell.started(saving_hosts("vibenv list --all --deadline 3sec", tmp_path / "rows")) as nu:
        eventually(lambda: hosts_in(tmp_path / "rows").count("two") == 2, "rows of `two`")
        assert "deaf" not in hosts_in(tmp_path / "rows")
        assert nu.poll() is None
        assert nu.wait() == 0
    assert hosts_in(tmp_path / "rows")[-1] == "deaf"
    error = shell.value("vibenv list --all --deadline 100ms | where host == deaf | get error.0")
    assert error["code"] == "vibenv::host::timeout"
    assert "vibenv doctor --host deaf" in error["help"]


@contextlib.contextmanager
def over_tcp(engine: Engine, trust: ssl.SSLContext | None = None) -> Iterator[int]:
    """An engine's port on loopback; with `trust`, over TLS, for clients with a certificate that it knows."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as far:
                far.connect(str(engine.socket))
                with trust.wrap_socket(self.request, server_side=True) if trust else self.request as near:
                    threading.Thread(target=copy, args=(near, far), daemon=True).start()
                    copy(far, near)

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def certified(folder: Path) -> ssl.SSLContext:
    """A server's TLS with `cert.pem` and `key.pem` made in `folder`; its clients have to have the same."""
    folder.mkdir()
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "2"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", "cert.pem", "-keyout", "key.pem"]
    subprocess.run(made, cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.load_verify_locations(folder / "cert.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.usefixtures("sessions")
def test_hosts_over_tcp_and_tls_are_asked_beside_the_others(
    installed: Shell, tmp_path: Path, docker_engine: Engine, spare: Engine
) -> None:
    shell = replace(installed, variables={"HOME": str(tmp_path)})
    own, other = certified(tmp_path / "own"), certified(tmp_path / "other")
    pems = f"--ca {tmp_path}/own/cert.pem --cert {tmp_path}/own/cert.pem --key {tmp_path}/own/key.pem"
    with over_tcp(docker_engine) as plain, over_tcp(spare, own) as secure, over_tcp(spare, other) as stranger:
        shell.value(
            f"vibenv context create plain tcp://127.0.0.1:{plain}"
            f"; vibenv context create secure tcp://127.0.0.1:{secure} {pems}"
            f"; vibenv context create stranger tcp://127.0.0.1:{stranger} {pems}; vibenv context use plain"
        )
        rows = shell.value("vibenv list --all | sort-by host name | select host name error.code? state")
        found = [tuple(row.values()) for row in rows]
        assert found == [
            ("plain", "a", None, "created"),
            ("secure", "a", None, "created"),
            ("secure", "b", None, "created"),
            ("stranger", None, "vibenv::engine::tls", "unreachable"),
        ]
        status = shell.value("vibenv status --all | where component == docker | sort-by host | get host")
        assert status == ["plain", "secure"]


@pytest.mark.usefixtures("sessions")
def test_hosts_over_ssh_are_asked_beside_the_others(shell: Shell, bed: Bed) -> None:
    shell = replace(shell, variables={**bed.env, **shell.variables})
    shell.value(f"vibenv context create far {INSTANCE}; vibenv context create gone i-00000000")
    unreachable = [("away", None, "unreachable"), ("gone", None, "unreachable")]
    far = [("far", "a", "created"), ("far", "b", "created")]
    others = [("one", "a", "created"), ("two", "a", "created"), ("two", "b", "created")]

    def listed(deadline: str) -> list[tuple[str, ...]]:
        rows = shell.value(f"vibenv list --all --deadline {deadline} | sort-by host name")
        return [(row["host"], row["name"], row["state"]) for row in rows]

    assert listed("4sec") == sorted([*far, *others, *unreachable], key=str)
    bed.link.set(stalled=True)
    began = time.monotonic()
    assert listed("1sec") == sorted([("far", None, "unreachable"), *others, *unreachable], key=str)
    assert time.monotonic() - began < LINK_S


def test_the_doctor_looks_at_what_leads_to_a_host_over_ssh(shell: Shell, bed: Bed) -> None:
    shell = replace(shell, variables={**bed.env, **shell.variables})
    shell.value(f"vibenv context create far {INSTANCE}")
    rows = {row["check"]: row for row in shell.value("vibenv doctor --host far")}
    good = ["context", "ssh", "ssh config", "link", "MaxSessions", "MaxStartups", "docker", "round trip"]
    good += ["clock"]
    assert [(check, rows[check]["ok"]) for check in good] == [(check, True) for check in good]
    assert rows["link"]["detail"].endswith("forwards the sockets")
    assert rows["AWS CLI"]["ok"] is False  # the stand-in knows one command, and `--version` is not it
    assert float(rows["round trip"]["detail"].removesuffix(" ms")) >= 50


@pytest.mark.usefixtures("sessions")
def test_a_row_of_another_host_is_not_taken_for_a_session_of_this_one(shell: Shell) -> None:
    details = shell.error("vibenv list --all | where error == null and host == two | vibenv remove")
    assert details["code"] == "vibenv::usage::other_host"
    assert "--host two" in details["help"]
    removed = "vibenv list --all | where host == two | vibenv remove --host two | get name | sort"
    assert shell.value(removed) == ["a", "b"]
    assert shell.value("vibenv list --long | vibenv remove | get name") == ["a"]


def test_one_host_and_all_hosts_exclude_each_other(shell: Shell) -> None:
    for command in ("list", "status"):
        assert shell.error(f"vibenv {command} --all --host one")["code"] == "vibenv::usage::hosts"


@pytest.mark.usefixtures("sessions")
def test_ctrl_c_waits_for_no_host(shell: Shell, deaf: Path, tmp_path: Path) -> None:
    shell.value(f"vibenv context create deaf unix://{deaf}")
    with shell.started(saving_hosts("vibenv list --all --deadline 60sec", tmp_path / "rows")) as nu:
        eventually(lambda: hosts_in(tmp_path / "rows").count("two") == 2, "rows of `two`")
        began = time.monotonic()
        nu.send_signal(signal.SIGINT)
        nu.communicate()
    assert time.monotonic() - began < LINK_S


def saving_hosts(listing: str, file: Path) -> str:
    """Code that writes the host of each row of `listing` to a file as the row comes."""
    return f'{listing} | each {{|row| $"($row.host)\\n" | save --append {file} }} | ignore'


def hosts_in(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []
