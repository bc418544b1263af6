"""The files of containers, running or not: as tar archives, which is how an engine gives them."""

from __future__ import annotations

import contextlib
import io
import itertools
import tarfile
from collections.abc import Generator, Iterator

from . import replies
from .engine_calls import Calls, raise_for_status, translated
from .errors import EngineError
from .replies import PathStat

_BLOCK = 1 << 20
_HEADERS = 1 << 14
"""More than the headers of one file take."""


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

    def archive(self, container: str, path: str) -> Generator[bytes]:
        """The tar stream of what a container, running or not, has at `path`, in blocks as they come.

        Raises: NotFound.
        """
        with translated(self.host):
            chunks, _ = self._client.get_archive(container, path, chunk_size=_BLOCK)
            with contextlib.closing(chunks):
                yield from chunks

    def put_archive(self, container: str, folder: str, blocks: Iterator[bytes]) -> None:
        """Make what is in a tar stream in a folder of a container. Raises: NotFound, what `blocks` raises."""
        with translated(self.host):
            self._client.put_archive(container, folder, blocks)

    def read_file(self, container: str, path: str) -> Iterator[bytes]:
        """The content of a regular file of a container, running or not, in blocks as they come.

        Raises: NotFound (no such container or file), EngineError (it is no regular file).
        """
        with contextlib.closing(self.archive(container, path)) as blocks:
            begin = b""
            while len(begin) < _HEADERS and (block := next(blocks, b"")):
                begin += block
            with tarfile.open(fileobj=io.BytesIO(begin), mode="r:") as archive:
                file = archive.next()
            if file is None or not file.isreg():
                raise EngineError(f"{path} is no regular file", code="container::not_a_file")
            left = file.size
            for block in itertools.chain((begin[file.offset_data :],), blocks):
                if left:
                    yield block[:left]
                left -= min(len(block), left)
