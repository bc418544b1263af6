"""Every version, image and address that vibenv uses, in one place; a variable `VIBENV_*` sets each."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import UsageError

_PREFIXES = "kmgt"
_SIZE = re.compile(rf"(\d+(?:\.\d+)?) ?(?:([{_PREFIXES}])(i)?)?b?", re.ASCII | re.IGNORECASE)

VERSION = "0.1.0"
"""vibenv's own version: what it makes is labelled with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where each piece comes from. `Settings()` is what a machine that can pull images uses."""

    registry_address: str = "localhost:5000"
    """As both engines reach it; the port is published on 127.0.0.1 of the Docker engine's host."""
    registry_image: str = "registry:2"
    dagger_version: str = "v0.21.8"
    engine_image: str = "registry.dagger.io/engine:v0.21.8"
    """The Dagger engine's image; of `dagger_version`."""
    base_image: str = "debian:stable-slim"
    """What the launcher is built on."""
    environment_image: str = "debian:stable-slim"
    """What the Dagger environment of a plain `vibenv launch` starts from."""
    nushell_image: str = "ghcr.io/nushell/nushell:0.115.1-bookworm"
    docker_cli_image: str = "docker:28-cli"
    ca_bundle: Path | None = None
    """A file of CA certificates for the launcher's build; None trusts what the base image trusts."""
    pip_index_url: str | None = None
    """Where the launcher's Python packages come from; None is pip's own default."""
    apt_mirror: str | None = None
    """Where the launcher's Debian packages come from; None is what the base image says."""
    session_memory: str | None = None
    """What a session may use, such as `4GiB`, and `0` for all there is; None is most of the host's memory."""

    @classmethod
    def variables(cls) -> tuple[str, ...]:
        """The names of all variables that replace a default."""
        return tuple(_variable(field.name) for field in dataclasses.fields(cls))

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Settings:
        """The defaults, each replaced by its variable (`VIBENV_BASE_IMAGE`) where that is set and not empty.

        Raises: UsageError, when VIBENV_REGISTRY_ADDRESS is not of the form HOST:PORT.
        """
        given = {
            field.name: Path(text) if field.name == "ca_bundle" else text
            for field in dataclasses.fields(cls)
            if (text := env.get(_variable(field.name)))
        }
        settings = cls(**given)  # type: ignore[arg-type]
        if not settings.registry_address.rpartition(":")[2].isdecimal():
            raise UsageError(
                f"VIBENV_REGISTRY_ADDRESS is `{settings.registry_address}`, which names no port",
                code="settings::registry_address",
                help="set it to HOST:PORT, such as localhost:5000, or leave it unset",
            )
        if settings.session_memory is not None and settings.session_memory_bytes is None:
            raise UsageError(
                f"VIBENV_SESSION_MEMORY is `{settings.session_memory}`, which is no size",
                code="settings::session_memory",
                help="set it to a size, such as 4GiB, to 0 for no limit, or leave it unset",
            )
        return settings

    def to_environment(self) -> dict[str, str]:
        """The variables that say where these differ from the defaults, without this machine's files."""
        return {
            _variable(field.name): value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default and isinstance(value, str)
        }

    @property
    def session_memory_bytes(self) -> int | None:
        """`session_memory` in bytes."""
        found = _SIZE.fullmatch(self.session_memory or "")
        if found is None:
            return None
        number, prefix, binary = found.groups()
        base = 1024 if binary else 1000
        return int(float(number) * base ** (_PREFIXES.index(prefix.lower()) + 1 if prefix else 0))

    @property
    def registry_port(self) -> int:
        """The port that the registry listens on and that is published."""
        return int(self.registry_address.rpartition(":")[2])

    @property
    def launcher_image(self) -> str:
        """What a session runs in; built by `vibenv create launcher`."""
        return f"{self.registry_address}/vibenv-launcher:latest"


def _variable(field: str) -> str:
    return f"VIBENV_{field.upper()}"
