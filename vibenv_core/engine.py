"""A Docker engine: the calls that vibenv makes, by docker-py.

An Engine may be used from several threads at once. Its errors are those that `engine_calls` translates to.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from time import monotonic

import docker.errors

from . import caller, labels, replies
from .container_body import create_body
from .docker_client import Client, Way
from .engine_calls import translated
from .engine_files import FileCalls
from .engine_images import ImageCalls
from .errors import EngineError
from .following import Following
from .hosts import Host
from .log_tails import Tails
from .model import Container, ContainerSpec, EngineInfo, Folder, Session, Usage, Volume
from .renames import KeptByName, Renames, listening
from .starting import Starter
from .stream import Stream, dial, upgrade


class Engine(ImageCalls, FileCalls):
    """A connection to the Docker engine of `host`; made by `connect`."""

    def __init__(self, host: Host, way: Way | None, client: Client, timeout_s: float) -> None:
        super().__init__(host, client, timeout_s)
        self.endpoint = way.near if way else host
        """Where it is spoken to: `host`, or the near end of the way there."""
        self.way = way
        """What leads to it and is mended when it breaks; None where it is spoken to directly."""
        self._memory: int | None = None
        self._tails = Tails(self.endpoint, client.api_version, way.answer_s if way else timeout_s)
        self.kept = KeptByName(partial(_listen, self.endpoint, client.api_version, way))
        """Connections into its sessions, for the next use."""
        weakref.finalize(self, self.kept.close)

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

    def mend(self, since_ns: int) -> None:
        """Have a way to it that was silent since then (in `time_ns`) looked at, and made anew if need be.

        Raises: what the mending of the way raises.
        """
        if self.way is not None:
            self.way.mend(True, since_ns)
            self._client.close()  # what waits in the pool, and is kept, is of the way as it was
            self.kept.close()

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

    def sessions_saying(self) -> list[tuple[Session, bytes]]:
        """As `sessions`, each with the last line on its first process' standard output, or nothing.

        Over a link that is a round trip more than `sessions` takes, where it has others than the last time.
        """
        with self._tails.ask_again() as asked:
            found = self.sessions()
            ids = [session.id for session in found]
            ask = partial(self._tails.last_lines, ids, asked)
            with translated(self.host):
                lines = ask() if self.way is None else caller.waiting("asking the engine", ask)
        return [(session, lines.get(session.id, b"")) for session in found]

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
            body = create_body(spec)
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

    def volumes(self, label: str) -> list[Volume]:
        """The volumes that carry a label, sorted by their names."""
        with translated(self.host):
            found = self._client.volumes(filters={"label": label})["Volumes"] or ()
            return sorted(map(replies.volume, found), key=lambda volume: volume.name)

    def mounted(self, label: str) -> dict[str, list[str]]:
        """The volumes that containers with a label have, by name, each with the ids of those containers."""
        with translated(self.host):
            found: dict[str, list[str]] = {}
            for container in self._client.containers(all=True, filters={"label": label}):
                for volume in replies.volumes_of(container):
                    found.setdefault(volume, []).append(container["Id"])
            return found

    def remove_volume(self, name: str) -> None:
        """Raises: NotFound, EngineError (a container uses it)."""
        with translated(self.host):
            self._client.remove_volume(name)

    def logs(self, container: str, *, lines: int, stdout: bool = True) -> str:
        """The last lines that a container's first process wrote; unless `stdout`, only of its complaints."""
        with translated(self.host):
            return self._client.logs(container, stdout=stdout, tail=lines).decode(errors="replace")

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

    def following(self) -> Following:
        """What its answers without end are read with; `follow` asks for them."""
        return Following(self.endpoint, self._client.api_version, self._timeout_s)

    def follow(self, following: Following, key: str, path: str) -> None:
        """As `Following.open`. Raises: Unreachable."""
        with translated(self.host):
            following.open(key, path)

    def exec_stream(
        self, container: str, argv: Sequence[str], *, env: Mapping[str, str] | None = None
    ) -> Stream:
        """Run `argv` in a running container, without a terminal, and its standard streams.

        `env` are variables over those of the container. Raises: NotFound, WrongState (it does not run).
        """
        with translated(self.host):
            begun = monotonic()
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
            return Stream(connection, exit_code=lambda: self._exit_code(made), begun=begun)

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


def _listen(endpoint: Host, api_version: str, way: Way | None) -> Renames | None:
    """Over a way that carries few connections, none is kept."""
    return None if way is not None and way.is_narrow() else listening(endpoint, api_version)
