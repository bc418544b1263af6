"""What an engine's address may be, as it is typed."""

from __future__ import annotations

import pytest

from vibenv_core import address
from vibenv_core.address import SshAddress
from vibenv_core.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("i-0123456789abcdef0", "ssh://i-0123456789abcdef0"),
        ("ubuntu@i-0123456789abcdef0", "ssh://ubuntu@i-0123456789abcdef0"),
        ("me@build.example.com", "ssh://me@build.example.com"),
        ("me@build.example.com:2222", "ssh://me@build.example.com:2222"),
        ("me@[2001:db8::1]:22", "ssh://me@[2001:db8::1]:22"),
        ("ssh://alias", "ssh://alias"),
        ("ssh://alias/", "ssh://alias"),
        ("ssh://me@host/run/user/1000/docker.sock", "ssh://me@host/run/user/1000/docker.sock"),
        ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock"),
        ("tcp://127.0.0.1:2376", "tcp://127.0.0.1:2376"),
        ("tcp://[::1]:2376", "tcp://[::1]:2376"),
    ],
)
def test_a_target_means_an_address(typed: str, url: str) -> None:
    assert address.target(typed) == url
    assert address.checked(url) == url


@pytest.mark.parametrize("typed", ["box", "i-", "", "-oProxyCommand=x", "/var/run/docker.sock", "npipe://x"])
def test_what_is_no_target_is_refused_with_what_would_be(typed: str) -> None:
    with pytest.raises(UsageError) as raised:
        address.target(typed)
    assert raised.value.code == "vibenv::host::unsupported"
    assert "unix:///PATH" in (raised.value.help or "")


@pytest.mark.parametrize(
    "typed",
    [
        *("ssh://", "ssh://-oProxyCommand=x", "ssh://me@-x", "ssh://-me@x", "ssh://a b", "ssh://a%h"),
        *("ssh://a;b", "ssh://$(a)", "ssh://a\n", "ssh://me:secret@a", "ssh://a:0", "ssh://a:65536"),
        *("ssh://a:x", "ssh://a?x", "ssh://a#x", "ssh://a/s p", "ssh://a/%d", "ssh://é", "i-0@-x", "me@"),
        *("tcp://-x:1", "tcp://a b:1", "tcp://a%b:1", "tcp://a:99999"),
    ],
)
def test_a_host_that_ssh_or_a_shell_could_misread_is_refused(typed: str) -> None:
    with pytest.raises(UsageError) as raised:
        address.target(typed)
    assert raised.value.code == "vibenv::host::bad_name"


def test_an_ssh_address_has_parts() -> None:
    assert address.ssh("ssh://me@[::1]:22/run/d.sock") == SshAddress(
        user="me", host="::1", port=22, socket="/run/d.sock"
    )
    assert address.ssh("ssh://i-0") == SshAddress(user=None, host="i-0", port=None, socket=None)
