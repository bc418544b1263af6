"""A real Nushell with configuration, data and home folders of its own, for tests of what users type."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
DEADLINE_S = 60.0


def eventually(holds: Callable[[], object], what: str, *, within_s: float = DEADLINE_S) -> None:
    """Wait until `holds`; the test fails when it does not in time."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {within_s:g} s"
        time.sleep(0.02)


@dataclass(frozen=True)
class Shell:
    """One installation of Nushell: `home` holds all that it and its user write."""

    nu: Path
    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def on(self, host: str) -> Shell:
        """This shell, with another Docker engine as its current host."""
        return dataclasses.replace(self, variables={**self.variables, "DOCKER_HOST": host})

    @property
    def config(self) -> Path:
        return self.home / "config" / "nushell"

    @property
    def data(self) -> Path:
        return self.home / "data" / "nushell"

    def env(self) -> dict[str, str]:
        """The environment of whatever runs in this shell: nothing of the developer's but PATH
        and what the test run set."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "LANG": "C.UTF-8",
            **{name: value for name, value in os.environ.items() if name.startswith("VIBENV_")},
            **self.variables,
        }

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run this Nushell with `arguments` to its end."""
        return subprocess.run(
            [self.nu, *arguments],
            env={**self.env(), **variables},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    @contextmanager
    def started(self, code: str) -> Iterator[subprocess.Popen[str]]:
        """This Nushell while it runs `code`; ended with the block at the latest."""
        with subprocess.Popen(
            [self.nu, "-c", f"use vibenv; {code}"],
            env=self.env(),
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as nu:
            guard = threading.Timer(DEADLINE_S, nu.kill)
            guard.start()
            try:
                yield nu
            finally:
                guard.cancel()
                nu.kill()

    def value(self, code: str, **variables: str) -> Any:
        """What a pipeline gives, by way of JSON; the test fails when it fails."""
        finished = self.run("-c", f"use vibenv; {code} | to json --raw", **variables)
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout)

    def error(self, code: str, **variables: str) -> Any:
        """The `details` of the error that `code` ends with; the test fails when it does not fail."""
        caught = f"use vibenv; try {{ {code} | collect; null }} catch {{|e| $e.details }} | to json --raw"
        finished = self.run("-c", caught, **variables)
        assert finished.returncode == 0, finished.stderr
        details = json.loads(finished.stdout)
        assert details is not None, f"`{code}` did not fail"
        return details

    def install(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Register vibenv in it, as a user does."""
        return subprocess.run(
            [sys.executable, "-m", "nu_plugin_vibenv", "install", "--nu", str(self.nu), *arguments],
            env=self.env(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def files(self) -> dict[str, bytes]:
        """All that is in its folders, by path: contents, where links lead, and b"" for folders."""
        found = {}
        for path in sorted(self.home.rglob("*")):
            if path.is_symlink():
                found[str(path.relative_to(self.home))] = os.fsencode(path.readlink())
            else:
                found[str(path.relative_to(self.home))] = path.read_bytes() if path.is_file() else b""
        return found
