"""How a Docker engine is asked by docker-py, and what its errors mean: the ground of `engine`.

Every error of docker-py, of the HTTP library under it and of the socket becomes one of vibenv's here:
`Unreachable` when the engine could not be asked, `EngineError` and its like when it was and said no.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Generator
from typing import Any

import docker.errors
import requests
import urllib3

from .docker_client import Client
from .hosts import Host
from .refusals import refusal, unreachable


class Calls:
    """What all calls to the engine of `host` have in common."""

    def __init__(self, host: Host, client: Client, timeout_s: float) -> None:
        self.host = host
        self._client = client
        self._timeout_s = timeout_s

    def _url(self, path: str) -> str:
        return f"{self._client.base_url}/v{self._client.api_version}{path}"

    def _get_json(self, path: str, **params: str) -> dict[str, Any]:
        """A GET that docker-py has no method for, or none with these parameters; raises its errors."""
        answer = self._client.get(self._url(path), params=params, timeout=self._timeout_s)
        raise_for_status(answer)
        found: dict[str, Any] = answer.json()
        return found


def raise_for_status(answer: requests.Response) -> None:
    """Raise docker-py's error for an answer that is a refusal."""
    try:
        answer.raise_for_status()
    except requests.exceptions.HTTPError as error:
        docker.errors.create_api_error_from_http_exception(error)


@contextlib.contextmanager
def translated(host: Host) -> Generator[None]:
    """Turn what docker-py and all below it raise into vibenv's errors."""
    try:
        yield
    except docker.errors.APIError as error:
        raise refusal(error.status_code or 0, str(error.explanation or error)) from error
    except (
        requests.exceptions.RequestException,
        urllib3.exceptions.HTTPError,
        docker.errors.DockerException,
        http.client.HTTPException,
        OSError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise unreachable(host, error) from error
