"""A session that runs as plain processes, reached over a simulated link."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.link import exec_engine
from tests.link.exec_engine import ExecEngine
from tests.link.simulator import Simulator, simulating
from tests.terminal import session
from tests.terminal.session import Session
from vibenv_core.docker_client import Way
from vibenv_core.engine import Engine
from vibenv_core.hosts import Host


@dataclass(frozen=True, slots=True)
class Far:
    """A session on another host: what runs there, the link, and the engine at its near end."""

    session: Session
    there: ExecEngine
    link: Simulator
    engine: Engine

    @classmethod
    def started(cls, program: tuple[str, ...], until: ExitStack) -> Self:
        """One that runs `program`, `until` that is closed."""
        folder = Path(until.enter_context(tempfile.TemporaryDirectory(prefix="link-")))
        runs = until.enter_context(session.running(*program))
        there, address = until.enter_context(exec_engine.serving(runs))
        link = until.enter_context(simulating(folder, address))
        near = Host(name="box", url=f"unix://{folder}/link.sock", tls=None)
        way = Way(near=near, answer_s=2.0, mend=lambda silent, since_ns: None)
        engine = Engine.connect(near, way=way)
        until.callback(engine.kept.close)
        return cls(runs, there, link, engine)
