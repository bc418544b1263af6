"""A Docker engine: the calls that vibenv makes, by docker-py.

Every error of docker-py, of the HTTP library under it and of the socket becomes one of vibenv's here:
`Unreachable` when the engine could not be asked, `EngineError` and its like when it was and said no. An
Engine may be used from several threads at once.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import math
import tarfile
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import docker.errors
import requests
import urllib3

from . import labels, replies
from .docker_client import Client, Way
from .errors import EngineError, Interrupted
from .hosts import Host
from .model import (
    Container,
    ContainerSpec,
    EngineInfo,
    Folder,
    Image,
    Progress,
    Session,
    Step,
    StepState,
    Usage,
)
from .refusals import refusal, unreachable
from .replies import PathStat
from .starting import Starter
from .stream import Stream, dial, upgrade

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK = 1 << 20


class Engine:
    """A connection to the Docker engine of `host`; made by `connect`."""

    def __init__(self, host: Host, way: Way | None, client: Client, timeout_s: float) -> None:
        self.host = host
        self.endpoint = way.near if way else host
        """Where it is spoken to: `host`, or the near end of the way there."""
        self.way = way
        """What leads to it and is mended when it breaks; None where it is spoken to directly."""
        self._client = client
        self._timeout_s = timeout_s
        self._memory: int | None = None

    @classmethod
    def connect(cls, host: Host, *, way: Way | None = None, timeout_s: float = 60.0) -> Engine:
        """The engine of `host`, asked for its API's version; no later call takes longer than `timeout_s`.

        `way` leads to a host that is not spoken to at its own address. Raises: Unreachable, and what the
        mending of the way raises.
        """
        with translated(host):
            client = Client(way.near if way else host, way, timeout_s)
        return cls(host, way, client, timeout_s)

    def info(self) -> EngineInfo:
        """What the engine says of itself."""
        with translated(self.host):
            return replies.engine_info(self._client.info(), api_version=self._client.api_version)

    def memory(self) -> int:
        """The host's memory, in bytes; it is asked for once."""
        if self._memory is None:
            self._memory = self.info().memory
        return self._memory

    def ping(self) -> timedelta:
        """How long the least of calls takes."""
        with translated(self.host):
            begun = monotonic()
            self._client.ping()
            return timedelta(seconds=monotonic() - begun)

    def sessions(self) -> list[Session]:
        """The sessions that are there, in whatever state, oldest first: one call."""
        with translated(self.host):
            listed = self._client.containers(all=True, filters={"label": labels.SESSION})
            found = (replies.session(summary, host=self.host.name) for summary in listed)
            return sorted(filter(None, found), key=lambda session: (session.created, session.name))

    def inspect(self, container: str, *, size: bool = False) -> Container | None:
        """A container by its name or id, None when there is none; `size` takes the engine some time."""
        with translated(self.host):
            try:
                found = self._get_json(f"/containers/{container}/json", size=str(size).lower())
            except docker.errors.NotFound:
                return None
            return replies.container(found)

    def create(self, spec: ContainerSpec) -> str:
        """Create a container, and its id; creating one by its name is the lock on that name.

        Raises: AlreadyExists (the name is taken), NotFound (no such image).
        """
        with translated(self.host):
            body = replies.create_body(spec)
            made = self._client.create_container_from_config(body, spec.name)  # type: ignore[no-untyped-call]
            return str(made["Id"])

    def start(self, container: str) -> None:
        """Start a container; one that runs is left as it is."""
        with translated(self.host):
            self._client.start(container)

    def stop(self, container: str, *, grace_s: float) -> None:
        """Send SIGTERM to a container's first process, and after `grace_s` end it; waits for its end."""
        with translated(self.host):
            self._client.stop(container, timeout=math.ceil(grace_s))

    def restart(self, container: str, *, grace_s: float) -> None:
        """Stop and start a container."""
        with translated(self.host):
            self._client.restart(container, timeout=math.ceil(grace_s))

    def remove(self, container: str, *, force: bool = False) -> None:
        """Remove a container with its unnamed volumes; one that runs only with `force`.

        Raises: NotFound, WrongState (it runs).
        """
        with translated(self.host):
            self._client.remove_container(container, v=True, force=force)

    def rename(self, container: str, name: str) -> None:
        """Raises: NotFound, AlreadyExists (the new name is taken)."""
        with translated(self.host):
            self._client.rename(container, name)

    def image(self, reference: str) -> Image | None:
        """An image that the engine has, None when it has none of that name."""
        with translated(self.host):
            try:
                found = self._client.inspect_image(reference)  # type: ignore[no-untyped-call]
            except docker.errors.NotFound:
                return None
            return replies.image(found, reference=reference)

    def images(self) -> list[str]:
        """The names that images of the engine have, sorted."""
        with translated(self.host):
            return sorted(name for image in self._client.images() for name in image["RepoTags"] or ())

    def pull(self, reference: str, *, progress: Progress, cancelled: threading.Event) -> None:
        """Have the engine pull an image; what it had of it before is kept when this fails.

        Raises: NotFound (the registry has no such image), EngineError (it cannot be reached), Interrupted.
        """
        begun, layers = monotonic(), dict[str, float]()
        step = f"pull {reference}"
        with translated(self.host):
            for event in self._client.pull(reference, stream=True, decode=True):
                if cancelled.is_set():
                    raise Interrupted(step)
                if "error" in event:
                    raise refusal(0, event["error"])
                fraction = replies.pulled(layers, event)
                progress(Step(step=step, state=StepState.RUNNING, fraction=fraction))
        progress(Step(step=step, state=StepState.DONE, took=timedelta(seconds=monotonic() - begun)))

    def tag(self, source: str, target: str) -> None:
        """Give the image `source` the name `target` as well. Raises: NotFound."""
        repository, _, tag = target.rpartition(":")
        with translated(self.host):
            self._client.tag(source, repository, tag)

    def push(self, reference: str, *, cancelled: threading.Event) -> str:
        """Have the engine push an image to its registry: the digest that it has there.

        Raises: NotFound, EngineError (the registry cannot be reached, or refused), Interrupted.
        """
        digest = ""
        with translated(self.host):
            for event in self._client.push(reference, stream=True, decode=True):
                if cancelled.is_set():
                    raise Interrupted(f"push {reference}")
                if "error" in event:
                    raise refusal(0, event["error"])
                # Docker would try five times, for over a minute; a registry next door says no for good.
                if event.get("status", "").startswith("Retrying in"):
                    raise EngineError(
                        f"the registry did not take {reference}",
                        code="registry::refused",
                        help="its log tells why: docker logs registry",
                    )
                digest = event.get("aux", {}).get("Digest", digest)
        return digest

    def remove_image(self, reference: str) -> None:
        """Take a name from an image, and the image away with its last name. Raises: NotFound."""
        with translated(self.host):
            self._client.remove_image(reference)

    def why_no_registry(self, address: str) -> str | None:
        """Why the engine cannot reach the registry at `address` (HOST:PORT); None when it can.

        The engine is made to ask the registry for an image that it need not have, so this holds for an engine
        anywhere.
        """
        with translated(self.host):
            try:
                self._published(f"{address}/vibenv-launcher:latest")
            except docker.errors.APIError as error:
                return None if error.status_code in (401, 403) else str(error.explanation)
            return None

    def published(self, reference: str) -> str | None:
        """The digest of `reference` in its registry, as the engine reaches that; None when it is not there.

        Raises: EngineError (the registry cannot be reached).
        """
        with translated(self.host):
            return self._published(reference)

    def _published(self, reference: str) -> str | None:
        try:
            digest: str = self._get_json(f"/distribution/{reference}/json")["Descriptor"]["digest"]
        except docker.errors.NotFound:
            return None
        return digest

    def create_volume(self, name: str, volume_labels: dict[str, str]) -> None:
        """Make a volume; one that is there stays as it is, with the labels that it has."""
        with translated(self.host):
            self._client.create_volume(name, labels=volume_labels)

    def volume_labels(self, name: str) -> dict[str, str] | None:
        """The labels of a volume, None when there is none of that name."""
        with translated(self.host):
            try:
                found = self._client.inspect_volume(name)
            except docker.errors.NotFound:
                return None
            return found["Labels"] or {}

    def volumes(self, label: str) -> list[str]:
        """The names of the volumes that carry a label, sorted."""
        with translated(self.host):
            found = self._client.volumes(filters={"label": label})["Volumes"] or ()
            return sorted(volume["Name"] for volume in found)

    def users(self, volume: str) -> list[str]:
        """The names of the containers, running or not, that have a volume."""
        with translated(self.host):
            found = self._client.containers(all=True, filters={"volume": volume})
            return sorted(summary["Names"][0].removeprefix("/") for summary in found)

    def remove_volume(self, name: str) -> None:
        """Raises: NotFound, EngineError (a container uses it)."""
        with translated(self.host):
            self._client.remove_volume(name)

    def stat_path(self, container: str, path: str) -> PathStat | None:
        """What a container, running or not, has at `path`; None when it, or the container, is not there.

        About 1 ms.
        """
        url, params = self._url(f"/containers/{container}/archive"), {"path": path}
        with translated(self.host):
            answer = self._client.head(url, params=params, timeout=self._timeout_s)
            header = answer.headers.get("X-Docker-Container-Path-Stat")
            if header is not None:
                return replies.path_stat(header)
            if answer.status_code != 404:
                # The answer to a HEAD has no body that would tell what is wrong.
                with self._client.get(url, params=params, timeout=self._timeout_s, stream=True) as answer:
                    _raise_for_status(answer)
            return None

    def archive(self, container: str, path: str) -> Iterator[bytes]:
        """The tar stream of what a container, running or not, has at `path`, in blocks as they come.

        Raises: NotFound.
        """
        with translated(self.host):
            chunks, _ = self._client.get_archive(container, path, chunk_size=_BLOCK)
            with contextlib.closing(chunks):
                yield from chunks

    def read_file(self, container: str, path: str) -> Iterator[bytes]:
        """The content of a regular file of a container, running or not, in blocks as they come.

        Raises: NotFound (no such container or file), EngineError (it is no regular file).
        """
        with translated(self.host):
            chunks, _ = self._client.get_archive(container, path)
            try:
                with tarfile.open(fileobj=_Chunks(chunks), mode="r|") as archive:
                    member = archive.next()
                    content = archive.extractfile(member) if member and member.isfile() else None
                    if content is None:
                        raise EngineError(f"{path} is no regular file", code="container::not_a_file")
                    while block := content.read(_BLOCK):
                        yield block
            finally:
                chunks.close()

    def logs(self, container: str, *, lines: int) -> str:
        """The last lines that a container's first process wrote."""
        with translated(self.host):
            return self._client.logs(container, tail=lines).decode(errors="replace")

    def starter(self) -> Starter:
        """What a container can be started with in a single round trip, by `start_watched`."""
        with translated(self.host):
            return Starter(self.endpoint, self._client.api_version, self._timeout_s)

    def start_watched(
        self, starter: Starter, container: str, *, folders: Sequence[Folder] = (), first: bool
    ) -> tuple[Stream, Container]:
        """As `Starter.start`. Raises: NotFound, EngineError (it cannot be started)."""
        with translated(self.host):
            output, found = starter.start(container, folders=folders, first=first)
            return output, replies.container(found)

    def usage(self, container: str) -> Usage | None:
        """What a container takes of its host, measured for a second or two; None when it does not run."""
        with translated(self.host):
            try:
                return replies.usage(self._get_json(f"/containers/{container}/stats", stream="false"))
            except docker.errors.NotFound:
                return None

    def exec_stream(
        self, container: str, argv: Sequence[str], *, env: Mapping[str, str] | None = None
    ) -> Stream:
        """Run `argv` in a running container, without a terminal, and its standard streams.

        `env` are variables over those of the container. Raises: NotFound, WrongState (it does not run).
        """
        with translated(self.host):
            # Over a link a connection takes a round trip to open: that of the question that comes first.
            connection = dial(self.endpoint, self._timeout_s)
            try:
                made = self._client.exec_create(
                    container, list(argv), stdin=True, environment=dict(env or {})
                )["Id"]
            except BaseException:
                connection.close()
                raise
            path = f"/v{self._client.api_version}/exec/{made}/start"
            upgrade(connection, path, {"Detach": False, "Tty": False})
            return Stream(connection, exit_code=lambda: self._exit_code(made))

    def exec_output(self, container: str, argv: Sequence[str]) -> str:
        """What a short program writes that is run in a running container.

        Raises: NotFound, WrongState (the container does not run), EngineError (the program failed).
        """
        with translated(self.host):
            made = self._client.exec_create(container, list(argv))["Id"]
            output: bytes = self._client.exec_start(made)
        if code := self._exit_code(made):
            raise EngineError(f"`{argv[0]}` failed with the exit code {code}", code="container::exec_failed")
        return output.decode(errors="replace")

    def _exit_code(self, made: str) -> int | None:
        with translated(self.host):
            code: int | None = self._client.exec_inspect(made)["ExitCode"]
            return code

    def _url(self, path: str) -> str:
        return f"{self._client.base_url}/v{self._client.api_version}{path}"

    def _get_json(self, path: str, **params: str) -> dict[str, Any]:
        """A GET that docker-py has no method for, or none with these parameters; raises its errors."""
        answer = self._client.get(self._url(path), params=params, timeout=self._timeout_s)
        _raise_for_status(answer)
        found: dict[str, Any] = answer.json()
        return found


def _raise_for_status(answer: requests.Response) -> None:
    try:
        answer.raise_for_status()
    except requests.exceptions.HTTPError as error:
        docker.errors.create_api_error_from_http_exception(error)


class _Chunks(io.RawIOBase):
    """Blocks of bytes as a file that can be read once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        self._rest = self._rest or memoryview(next(self._chunks, b""))
        count = min(len(target), len(self._rest))
        target[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


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
