"""An engine that says which version it is, and thinks about every other question until it is told to fail."""

from __future__ import annotations

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Self


class SlowEngine:
    """Listens at `url` while the `with` block lasts."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self.asked = threading.Event()
        self.fails = threading.Event()
        handler = _handler(self.asked, self.fails)
        self._server = socketserver.ThreadingUnixStreamServer(str(path), handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.fails.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(asked: threading.Event, fails: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.endswith("/version"):
                asked.set()
                fails.wait()
            body = json.dumps({"ApiVersion": "1.41", "MinAPIVersion": "1.12", "message": "no"}).encode()
            self.send_response(500 if fails.is_set() else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "a local socket"  # which has no address to show

        def log_message(self, format: str, *_arguments: object) -> None:
            """Say nothing."""

    return Handler
