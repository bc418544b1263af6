"""A client of the Model Context Protocol, over a program's standard input and output.

Source: the protocol's revision 2025-06-18: JSON-RPC 2.0, one message a line.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

REVISION = "2025-06-18"
PATIENCE_S = 60.0
_GRACE_S = 2.0
"""How long a server may take to end by itself once its input has."""


class Gone(Exception):
    """The server ended before it had answered."""


class Refused(Exception):
    """The server does not know the tool, or what it was called with."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave: `data` is the structured part, None where there is none."""

    failed: bool
    text: str
    data: Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that was made; its result may be waited for, or not."""

    number: int
    answer: Future[dict[str, Any]]

    def result(self, within_s: float = PATIENCE_S) -> Result:
        """Wait for it. Raises: TimeoutError, Gone, Refused."""
        message = self.answer.result(within_s)
        if "error" in message:
            raise Refused(message["error"]["message"])
        said = message["result"]
        text = "".join(part.get("text", "") for part in said["content"])
        return Result(said.get("isError", False), text, said.get("structuredContent"))


class Mcp:
    """A server and its one client; several threads may call at once.

    With the `with` block the server ends, as the protocol says: first its input does, then comes a SIGTERM.
    """

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        # In a session of its own: an agent's server has no terminal, wherever the tests were started.
        self.process = subprocess.Popen(
            argv,
            env=env,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        client = {"name": "vibenv's tests", "version": "1"}
        hello = {"protocolVersion": REVISION, "capabilities": {}, "clientInfo": client}
        self._ask("initialize", hello).answer.result(PATIENCE_S)
        self._tell({"method": "notifications/initialized"})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.terminate()
        self.process.wait(PATIENCE_S)
        self._reader.join()
        self.process.stdout.close()

    def begin(self, tool: str, **arguments: object) -> Asked:
        """Call a tool, and do not wait for what it gives."""
        return self._ask("tools/call", {"name": tool, "arguments": arguments})

    def call(self, tool: str, **arguments: object) -> Result:
        """What a tool gives."""
        return self.begin(tool, **arguments).result()

    def cancel(self, asked: Asked) -> None:
        """Tell the server that nobody waits for a call any more."""
        self._tell({"method": "notifications/cancelled", "params": {"requestId": asked.number}})

    def _ask(self, method: str, params: dict[str, Any]) -> Asked:
        asked = Asked(next(self._numbers), Future())
        with self._lock:
            self._open[asked.number] = asked.answer
        self._tell({"id": asked.number, "method": method, "params": params})
        return asked

    def _tell(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        with self._lock:
            self.process.stdin.write(line)
            self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            with self._lock:
                answer = self._open.pop(message.get("id"), None) if "method" not in message else None
            if answer is not None:
                answer.set_result(message)
        with self._lock:
            left = list(self._open.values())
        for answer in left:
            answer.set_exception(Gone())
