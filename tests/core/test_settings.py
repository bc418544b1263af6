"""Where each piece comes from, and how it is set."""

import tomllib
from pathlib import Path

import pytest

from vibenv_core.errors import UsageError
from vibenv_core.settings import VERSION, Settings


def test_the_version_is_the_one_that_is_installed() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_without_variables_the_defaults_hold() -> None:
    assert Settings.from_environment({"PATH": "/bin", "VIBENV_BASE_IMAGE": ""}) == Settings()


def test_every_setting_has_its_variable() -> None:
    settings = Settings.from_environment(
        {"VIBENV_BASE_IMAGE": "mirror/debian:1", "VIBENV_CA_BUNDLE": "/etc/ca.pem"}
    )
    assert settings == Settings(base_image="mirror/debian:1", ca_bundle=Path("/etc/ca.pem"))


def test_the_engines_image_is_of_the_engines_version() -> None:
    assert Settings().engine_image.endswith(f":{Settings().dagger_version}")


def test_the_registrys_address_gives_the_port_and_the_launchers_name() -> None:
    settings = Settings(registry_address="localhost:5001")
    assert settings.registry_port == 5001
    assert settings.launcher_image == "localhost:5001/vibenv-launcher:latest"


@pytest.mark.parametrize("address", ["localhost", "localhost:", "localhost:http"])
def test_an_address_without_a_port_is_refused(address: str) -> None:
    with pytest.raises(UsageError) as raised:
        Settings.from_environment({"VIBENV_REGISTRY_ADDRESS": address})
    assert raised.value.code == "vibenv::settings::registry_address"


def test_settings_survive_the_way_through_an_environment_but_for_local_files() -> None:
    settings = Settings(base_image="b", environment_image="e", ca_bundle=Path("/ca.pem"))
    variables = settings.to_environment()
    assert variables == {"VIBENV_BASE_IMAGE": "b", "VIBENV_ENVIRONMENT_IMAGE": "e"}
    assert Settings.from_environment(variables) == Settings(base_image="b", environment_image="e")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("268435456", 268435456),
        ("4GiB", 4 << 30),
        ("512 MiB", 512 << 20),
        ("1.5gb", 1_500_000_000),
        ("4.0 GB", 4_000_000_000),
        ("2g", 2_000_000_000),
        ("10b", 10),
    ],
)
def test_a_sessions_memory_is_a_size_as_people_and_nushell_write_it(text: str, size: int) -> None:
    assert Settings.from_environment({"VIBENV_SESSION_MEMORY": text}).session_memory_bytes == size


@pytest.mark.parametrize("text", ["most", "4 parsecs", "-1", "4GiBs", "1e9"])
def test_a_sessions_memory_that_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        Settings.from_environment({"VIBENV_SESSION_MEMORY": text})
    assert raised.value.code == "vibenv::settings::session_memory"
