"""What engines said when they refused, word for word, and what it is taken for."""

import socket
import ssl

import pytest

from vibenv_core.errors import AlreadyExists, EngineError, NotFound, VibenvError, WrongState
from vibenv_core.hosts import Host
from vibenv_core.refusals import refusal, unreachable

HERE = Host(name="here", url="unix:///var/run/docker.sock", tls=None)
ID = "f5604b030b46955e86fd5948b99b2c64248b7bc61e0609c304997f89b7945862"


@pytest.mark.parametrize(
    ("status", "said", "kind", "code"),
    [
        (
            409,
            f'Conflict. The container name "/registry" is already in use by container "{ID}". You have to '
            "remove (or rename) that container to be able to reuse that name.",
            AlreadyExists,
            "container::taken",
        ),
        (
            409,
            'Error when allocating new name: Conflict. The container name "/vibenv-b" is already in use by '
            f'container "{ID}". You have to remove (or rename) that container to be able to reuse that name.',
            AlreadyExists,
            "container::taken",
        ),
        (404, "No such image: nope:2", NotFound, "image::not_found"),
        (404, "No such container: nope", NotFound, "container::not_found"),
        (
            409,
            f"You cannot remove a running container {ID}. Stop the container before attempting removal or "
            "force remove",
            WrongState,
            "container::running",
        ),
        (
            409,
            'cannot remove container "registry": container is running: stop the container before removing or '
            "force remove",
            WrongState,
            "container::running",
        ),
        (409, f"Container {ID} is not running", WrongState, "container::not_running"),
        (409, f"container {ID} is not running", WrongState, "container::not_running"),
        (409, f"Container {ID} is paused, unpause the container", WrongState, "container::not_running"),
        (
            500,
            f"driver failed programming external connectivity on endpoint r2 ({ID}): Bind for 127.0.0.1:5000 "
            "failed: port is already allocated",
            EngineError,
            "engine::port_taken",
        ),
        (
            500,
            f"driver failed programming external connectivity on endpoint registry ({ID}): Error starting "
            "userland proxy: listen tcp4 127.0.0.1:5000: bind: address already in use",
            EngineError,
            "engine::port_taken",
        ),
        (
            500,
            "failed to set up container networking: driver failed programming external connectivity on "
            f"endpoint registry ({ID}): failed to bind host port for 127.0.0.1:5000:172.17.0.2:5000/tcp: "
            "address already in use",
            EngineError,
            "engine::port_taken",
        ),
        (
            404,
            "manifest for localhost:5000/nope:x not found: manifest unknown: manifest unknown",
            NotFound,
            "image::not_in_registry",
        ),
        (
            500,
            'Get "http://localhost:5009/v2/": dial tcp 127.0.0.1:5009: connect: connection refused',
            EngineError,
            "engine::registry_unreachable",
        ),
        (
            500,
            'Get "https://nowhere.invalid/v2/": dial tcp: lookup nowhere.invalid on 1.1.1.1:53: no such host',
            EngineError,
            "engine::registry_unreachable",
        ),
        (
            500,
            "failed to register layer: write /usr/bin/perl: no space left on device",
            EngineError,
            "engine::disk_full",
        ),
        (400, "invalid CPU count", EngineError, "engine::refused"),
        (404, "page not found", NotFound, "engine::refused"),
    ],
)
def test_each_refusal_is_known_by_its_words(
    status: int, said: str, kind: type[VibenvError], code: str
) -> None:
    error = refusal(status, said)
    assert type(error) is kind
    assert error.code == f"vibenv::{code}"


def test_a_taken_port_is_named_with_what_to_do() -> None:
    error = refusal(500, "Bind for 127.0.0.1:5000 failed: port is already allocated")
    assert "127.0.0.1:5000" in error.message
    assert "ss -ltnp" in (error.help or "")
    assert "VIBENV_REGISTRY_ADDRESS" in (error.help or "")


def test_words_that_are_not_known_are_passed_on() -> None:
    assert "strange {words}" in refusal(500, "strange {words}").message


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (PermissionError(13, "Permission denied"), "no_permission"),
        (FileNotFoundError(2, "No such file or directory"), "not_running"),
        (ConnectionRefusedError(111, "Connection refused"), "not_running"),
        (socket.gaierror(-2, "Name or service not known"), "unknown_address"),
        (OSError(113, "No route to host"), "unknown_address"),
        (ssl.SSLCertVerificationError("self-signed certificate"), "tls"),
        (TimeoutError("timed out"), "timeout"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection_lost"),
    ],
)
def test_silence_is_told_apart_by_its_cause_however_deep(cause: Exception, code: str) -> None:
    wrapped = RuntimeError("Connection aborted.", RuntimeError(cause))
    wrapped.__context__ = wrapped
    error = unreachable(HERE, wrapped)
    assert error.code == f"vibenv::engine::{code}"
    assert HERE.url in error.message
    assert error.help
    assert error.about == "host"


def test_an_answer_that_makes_no_sense_is_no_silence() -> None:
    error = unreachable(HERE, RuntimeError("Invalid response", KeyError("ApiVersion")))
    assert isinstance(error, EngineError)
    assert error.code == "vibenv::engine::not_understood"
    assert "ApiVersion" in error.message


def test_silence_without_a_known_cause_is_a_lost_connection() -> None:
    assert unreachable(HERE, RuntimeError("?")).code == "vibenv::engine::connection_lost"


@pytest.mark.parametrize("error", [FileNotFoundError(2, "gone"), ConnectionRefusedError(111, "refused")])
def test_a_link_that_has_ended_is_not_taken_for_an_engine_that_does_not_run(error: OSError) -> None:
    far = Host(name="box", url="ssh://box", tls=None)
    assert unreachable(far, error).code == "vibenv::engine::link_ended"
    assert "ssh://box" in unreachable(far, error).message
