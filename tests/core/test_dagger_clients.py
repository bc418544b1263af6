"""How Dagger's clients are started, and what they are told: pure parts of offer, dagger_cli and remote."""

import re
import threading
from pathlib import Path
from typing import NoReturn

import pytest

from vibenv_core import dagger_cli, offer, remote
from vibenv_core.errors import NotFound, Unreachable, UsageError
from vibenv_core.hosts import Host, Tls
from vibenv_core.recipe import ENGINE_SOCKET, RUNNER_HOST
from vibenv_core.settings import Settings

LOCAL = Host(name="default", url="unix:///var/run/docker.sock", tls=None)
VERSION = Settings().dagger_version


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("debian:stable-slim", "localhost:5000/vibenv-base/debian:stable-slim"),
        ("ghcr.io/nushell/nushell:1", "localhost:5000/vibenv-base/ghcr.io/nushell/nushell:1"),
        ("mirror.example:8443/debian:12", "localhost:5000/vibenv-base/mirror.example-8443/debian:12"),
        ("debian:12@sha256:0a1b", "localhost:5000/vibenv-base/debian:sha256-0a1b"),
        ("localhost:5000/mine:1", "localhost:5000/mine:1"),
        ("debian", "localhost:5000/vibenv-base/debian:latest"),
    ],
)
def test_an_image_is_offered_under_a_name_that_a_registry_takes(image: str, name: str) -> None:
    assert offer.offer_name(image, "localhost:5000") == name
    assert re.fullmatch(r"localhost:5000/[a-z0-9./-]+:[\w.-]+", name)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with a `docker` that does nothing."""
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    return str(tmp_path)


def test_a_client_is_led_to_the_engine_of_the_host_and_to_no_other(path: str) -> None:
    env = {
        "PATH": path,
        "HOME": "/home/a",
        "DOCKER_CONTEXT": "elsewhere",
        "DAGGER_SESSION_PORT": "1",
        RUNNER_HOST: "tcp://elsewhere:1",
    }
    found = dagger_cli.environment(env, Host(name="h", url="tcp://h:2375", tls=None), VERSION)
    assert found == {
        "PATH": path,
        "HOME": "/home/a",
        "DOCKER_HOST": "tcp://h:2375",
        RUNNER_HOST: f"docker-container://dagger-engine-{VERSION}",
        "DAGGER_NO_NAG": "1",
    }


def test_a_client_gets_the_certificates_of_a_host_with_tls(path: str) -> None:
    tls = Tls(
        ca=Path("/certs/ca.pem"), certificate=Path("/certs/cert.pem"), key=Path("/certs/key.pem"), verify=True
    )
    found = dagger_cli.environment({"PATH": path}, Host(name="h", url="tcp://h:2376", tls=tls), VERSION)
    assert (found["DOCKER_TLS_VERIFY"], found["DOCKER_CERT_PATH"]) == ("1", "/certs")


def test_in_a_session_a_client_uses_the_socket_that_is_mounted_there() -> None:
    found = dagger_cli.environment({RUNNER_HOST: ENGINE_SOCKET, "PATH": ""}, LOCAL, VERSION)
    assert found[RUNNER_HOST] == ENGINE_SOCKET


def test_without_the_docker_cli_it_is_said_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        dagger_cli.environment({"PATH": str(tmp_path)}, LOCAL, VERSION)
    assert caught.value.code == "vibenv::dagger::no_docker_cli"


def fake_dagger(folder: Path, version: str) -> Path:
    folder.mkdir()
    program = folder / "dagger"
    program.write_text(f"#!/bin/sh\necho 'dagger {version} (docker-image://…) linux/amd64'\n")
    program.chmod(0o755)
    return program


def test_a_dagger_cli_in_path_is_taken_when_its_version_is_the_engines(tmp_path: Path) -> None:
    program = fake_dagger(tmp_path / "right", VERSION)
    fake_dagger(tmp_path / "wrong", "v0.1.0")
    never = threading.Event()
    right, wrong = {"PATH": str(program.parent)}, {"PATH": str(tmp_path / "wrong")}
    assert dagger_cli.in_path(VERSION, env=right, cancelled=never) == str(program)
    assert dagger_cli.in_path(VERSION, env=wrong, cancelled=never) is None
    assert dagger_cli.in_path(VERSION, env={"PATH": "/nowhere"}, cancelled=never) is None


def test_an_environments_terminal_begins_in_the_folder_that_is_kept() -> None:
    script = remote.pipeline("my-task", container="container | from alpine")
    assert script == (
        "environment=$(\ncontainer | from alpine\n)\n"
        "$environment | with-mounted-cache /root/session $(cache-volume my-task) | with-workdir /root/session"
        " | terminal --cmd 'sh,-c,exec $(command -v bash || echo sh)'"
    )


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_an_empty_recipe_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="empty") as caught:
        remote.pipeline("my-task", container=text)
    assert caught.value.about == "recipe"


def unreachable() -> NoReturn:
    raise Unreachable("no socket", code="host::unreachable")


def test_a_session_without_the_docker_engine_opens_the_environment_all_the_same(tmp_path: Path) -> None:
    cli = fake_dagger(tmp_path / "bin", VERSION)
    env = {"PATH": str(cli.parent), RUNNER_HOST: ENGINE_SOCKET}
    never = threading.Event()
    found = remote.program(
        LOCAL, Settings(), "my-task", recipe=None, env=env, connect=unreachable, cancelled=never
    )
    assert found.argv[:3] == (str(cli), "--no-mod", "--command")
    assert "container | from debian:stable-slim" in found.argv[3]
    assert found.env[RUNNER_HOST] == ENGINE_SOCKET


def test_on_ones_own_terminal_an_engine_that_cannot_be_asked_is_an_error(path: str) -> None:
    with pytest.raises(Unreachable):
        remote.program(
            LOCAL,
            Settings(),
            "my-task",
            recipe=None,
            env={"PATH": path},
            connect=unreachable,
            cancelled=threading.Event(),
        )


def test_a_bad_name_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(UsageError):
        remote.program(
            LOCAL, Settings(), "$(id)", recipe=None, env={}, connect=unreachable, cancelled=threading.Event()
        )
