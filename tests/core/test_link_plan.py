"""What is run for a link, and what ssh meant: from its words, as it said them."""

from pathlib import Path

import pytest

from vibenv_core.address import SshAddress, ssh
from vibenv_core.errors import NeedsTerminal, NotFound, Unreachable, UsageError, VibenvError, WrongState
from vibenv_core.link import plan

BOX = ssh("ssh://box")


def test_the_sockets_are_in_the_runtime_folder_unless_it_is_no_good_for_them() -> None:
    assert plan.runtime_folder("/run/user/1000", user=1000) == Path("/run/user/1000/vibenv")
    ours = Path("/tmp/vibenv-1000")
    assert plan.runtime_folder(None, user=1000) == ours
    assert plan.runtime_folder("relative", user=1000) == ours
    assert plan.runtime_folder("/run/with space", user=1000) == ours
    assert plan.runtime_folder("/run/%d:x", user=1000) == ours
    assert plan.runtime_folder("/" + "x" * 100, user=1000) == ours


@pytest.mark.parametrize("length", range(30, 70))
def test_no_socket_has_a_path_that_is_too_long(length: int) -> None:
    folder = plan.runtime_folder("/" + "x" * (length - 1), user=1000) / plan.folder_name(BOX.url)
    names = (plan.CONTROL, plan.DOCKER, plan.DAGGER, plan.RELAY)
    while_made = [f"{folder / name}{plan.NEW}" for name in names] + [
        f"{folder / plan.CONTROL}{plan.NEW}.{'x' * 16}"
    ]
    assert max(map(len, while_made)) <= 103  # macOS's; Linux's is 107


def test_each_address_has_a_folder_of_its_own() -> None:
    urls = ("ssh://box", "ssh://me@box", "ssh://box:2222", "ssh://box/run/docker.sock", "ssh://xob")
    assert len({plan.folder_name(ssh(url).url) for url in urls}) == len(urls)
    assert plan.folder_name(ssh("ssh://box").url) == plan.folder_name(BOX.url)


def test_the_host_comes_after_all_that_could_be_a_flag() -> None:
    address = SshAddress(user="me", host="box", port=2222, socket=None)
    for argv in (
        plan.config_argv(address),
        plan.master_argv(address, Path("/run/x"), wait_s=5, ask=False),
        plan.login_argv(address, wait_s=5)[:-1],
    ):
        assert argv[-6:] == ["-p", "2222", "-l", "me", "--", "box"]
    assert plan.control_argv(address, Path("/run/x/control"), "check")[-2:] == ["--", "box"]
    assert plan.dial_argv(BOX, Path("/c"))[-5:] == ["--", "box", "docker", "system", "dial-stdio"]


def test_ssh_may_ask_only_where_there_is_somebody_to_answer() -> None:
    assert "BatchMode=yes" in plan.master_argv(BOX, Path("/run/x"), wait_s=5, ask=False)
    assert "BatchMode=no" in plan.master_argv(BOX, Path("/run/x"), wait_s=5, ask=True)


def test_the_engines_socket_may_be_named() -> None:
    address = ssh("ssh://box/run/user/1000/docker:1.sock")
    assert plan.forwards(address, Path("/f"))[1] == r"/f/docker.sock.new:/run/user/1000/docker\:1.sock"
    assert plan.forwards(BOX, Path("/f"))[1] == "/f/docker.sock.new:/var/run/docker.sock"
    assert "unix:///run/user/1000/docker:1.sock" in plan.dial_argv(address, Path("/c"))


def test_the_users_own_control_socket_is_read_from_ssh() -> None:
    assert plan.own_control("host box\ncontrolmaster auto\ncontrolpath /home/me/.ssh/a b\n") == (
        "/home/me/.ssh/a b"
    )
    assert plan.own_control("controlpath none\n") is None
    assert plan.own_control("host box\n") is None


SAID: list[tuple[str, type[VibenvError], str]] = [
    (
        "No ED25519 host key is known for box and you have requested strict checking.\r\n"
        "Host key verification failed.\r\n",
        NeedsTerminal,
        "ssh::host_key_unknown",
    ),
    (
        "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nHost key verification failed.\r\n",
        Unreachable,
        "ssh::host_key_changed",
    ),
    ("me@box: Permission denied (publickey).\r\n", Unreachable, "ssh::login_refused"),
    (
        "me@box: Permission denied (publickey,keyboard-interactive).\r\n",
        NeedsTerminal,
        "ssh::asks",
    ),
    (
        "ssh: Could not resolve hostname box: Name or service not known\r\n",
        Unreachable,
        "ssh::unknown_address",
    ),
    ("ssh: connect to host box port 22: Connection refused\r\n", Unreachable, "ssh::unreachable"),
    ("ssh: connect to host box port 22: Connection timed out\r\n", Unreachable, "ssh::timeout"),
    ("Connection timed out during banner exchange\r\n", Unreachable, "ssh::timeout"),
    (
        "/home/me/.ssh/config: line 3: Bad configuration option: proxycomand\r\n"
        "/home/me/.ssh/config: terminating, 1 bad configuration options\r\n",
        UsageError,
        "ssh::bad_config",
    ),
    (
        "\nAn error occurred (TargetNotConnected) when calling the StartSession operation: i-0 is not "
        "connected.\nkex_exchange_identification: Connection closed by remote host\n",
        Unreachable,
        "aws::not_connected",
    ),
    (
        "\nAn error occurred (ExpiredTokenException) when calling the StartSession operation: The security "
        "token included in the request is expired\n",
        Unreachable,
        "aws::credentials",
    ),
    ("Unable to locate credentials. You can configure credentials", Unreachable, "aws::credentials"),
    (
        "SessionManagerPlugin is not found. Please refer to SessionManager Documentation here",
        NotFound,
        "aws::no_plugin",
    ),
    ("sh: 1: aws: not found\nConnection closed by UNKNOWN port 65535\n", NotFound, "ssh::no_program"),
    ("bash: line 1: docker: command not found\n", NotFound, "ssh::no_program"),
    (
        "unix_listener: cannot bind to path /run/x: No space left on device",
        WrongState,
        "link::runtime_folder",
    ),
    (
        "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock",
        Unreachable,
        "engine::no_permission",
    ),
    (
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        Unreachable,
        "engine::not_running",
    ),
    ("kex_exchange_identification: Connection closed by remote host\r\n", Unreachable, "ssh::closed"),
]


@pytest.mark.parametrize(("said", "kind", "code"), SAID, ids=[code for _, _, code in SAID])
def test_what_ssh_said_is_told_with_the_host_and_the_next_line(
    said: str, kind: type[VibenvError], code: str
) -> None:
    failed = plan.failure(BOX, said)
    assert (type(failed), failed.code, failed.about) == (kind, f"vibenv::{code}", "host")
    assert "ssh://box" in failed.message + (failed.help or "") or kind in (UsageError, NotFound)
    assert failed.help
    assert "{" not in failed.message + failed.help


def test_only_an_end_without_a_reason_is_looked_into() -> None:
    assert plan.is_unexplained("")
    assert plan.is_unexplained("Connection closed by UNKNOWN port 65535\r\n")
    assert not any(plan.is_unexplained(said) for said, _, code in SAID if code != "ssh::closed")
    assert not plan.is_unexplained("something new\n")
