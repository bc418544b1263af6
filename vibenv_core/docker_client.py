"""docker-py's client, with what it lacks: one pool of connections, and ways to an engine that may break."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from time import time_ns
from typing import Any

import docker
import docker.tls
import requests
import urllib3
import urllib3.connection
from docker.transport.basehttpadapter import BaseHTTPAdapter

from . import caller
from .hosts import Host, Tls
from .stream import dial

_POOL_SIZE = 32
"""Connections kept open to one engine; as many calls at once cost no new one."""
_LEAST_API = "1.24"
"""What docker-py asks in until the engine has told its version."""
_MENDS = 2
"""A link may have to be made anew, and then turn out to forward no sockets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What leads to an engine, and may break: `near` is where to speak to it."""

    near: Host
    answer_s: float
    """How long a question may stay without a word of an answer."""
    mend: Callable[[bool, int], None]
    """Called with whether nothing was heard (or else the connection was lost), and since when, in `time_ns`;
    once it returns, what changes nothing is asked again."""
    is_narrow: Callable[[], bool] = lambda: False
    """Whether it carries a few connections at once only."""


class Client(docker.APIClient):
    """docker-py's client, which asks again after its way to the engine was mended."""

    def __init__(self, endpoint: Host, way: Way | None, timeout_s: float) -> None:
        self._way = way
        super().__init__(
            endpoint.url,
            version=_LEAST_API,
            timeout=timeout_s,  # type: ignore[arg-type]  # the stubs know of whole seconds only
            tls=_tls_config(endpoint.tls) if endpoint.tls else False,
            max_pool_size=_POOL_SIZE,
        )
        if endpoint.url.startswith("unix://"):
            self.mount("http+docker://", _OnePool(endpoint, timeout_s))
            # Neither proxies nor .netrc have a say over a local socket, and looking them up takes time.
            self.trust_env = False
        self._version = self.version(api_version=False)["ApiVersion"]

    def get(self, url: str | bytes, **options: Any) -> requests.Response:
        """Ask what changes nothing. Over a way, what waits for it ends when its caller does not want it."""
        if self._way is None:
            return super().get(url, **options)
        return caller.waiting("asking the engine", partial(self._get_over, self._way, url, options))

    def _get_over(self, way: Way, url: str | bytes, options: Mapping[str, Any]) -> requests.Response:
        """Ask up to three times: a way may have to be mended twice."""
        for _ in range(_MENDS):
            asked_ns = time_ns()
            try:
                return super().get(url, **{**options, "timeout": way.answer_s})
            except (requests.ConnectionError, requests.Timeout) as error:
                way.mend(isinstance(error, requests.Timeout), asked_ns)
                self.close()  # what waits in the pool is of the way as it was
        return super().get(url, **{**options, "timeout": way.answer_s})


class _OnePool(BaseHTTPAdapter):
    """One pool of connections to a socket; docker-py has one for each URL, so opens one for each question."""

    def __init__(self, endpoint: Host, timeout_s: float) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._pool = self._empty()

    def get_connection(
        self, url: str | bytes, proxies: Mapping[str, str] | None = None
    ) -> urllib3.HTTPConnectionPool:
        """The one pool."""
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: Mapping[str, str] | None) -> str:
        """The path: a socket has no name that would have to be told."""
        return request.path_url

    def close(self) -> None:
        """Close the connections that are not in use; new ones are made when they are needed."""
        full, self._pool = self._pool, self._empty()
        full.close()

    def _empty(self) -> urllib3.HTTPConnectionPool:
        pool = urllib3.HTTPConnectionPool(
            "localhost", timeout=self._timeout_s, maxsize=_POOL_SIZE, endpoint=self._endpoint
        )
        pool.ConnectionCls = _Connection
        return pool


class _Connection(urllib3.connection.HTTPConnection):
    """docker-py's own leaves its socket open where it cannot be connected."""

    def __init__(self, *, endpoint: Host, **options: Any) -> None:
        super().__init__(**options)
        self._endpoint = endpoint

    def connect(self) -> None:
        """Connect to the endpoint, whatever the URL says."""
        assert self.timeout is None or isinstance(self.timeout, (int, float))
        self.sock = dial(self._endpoint, self.timeout)


def _tls_config(tls: Tls) -> docker.tls.TLSConfig:
    pair = (str(tls.certificate), str(tls.key)) if tls.certificate and tls.key else None
    return docker.tls.TLSConfig(client_cert=pair, ca_cert=str(tls.ca) if tls.ca else None, verify=tls.verify)
