"""The files of containers, running or not: as tar archives, which is how an engine gives them."""

from __future__ import annotations

import contextlib
import io
import tarfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import replies
from .engine_calls import Calls, raise_for_status, translated
from .errors import EngineError
from .replies import PathStat

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK = 1 << 20


class FileCalls(Calls):
    """The calls about files."""

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
                    raise_for_status(answer)
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
