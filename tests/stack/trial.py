"""What try.sh asks of the machine's Docker engine: which images can be pulled, and what has to go again.

What was there before the first run is noted in FOLDER/before.json; only what is not noted there is taken
away.
"""

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.stack import images
from vibenv_core import labels, sessions, stack, tools
from vibenv_core.engine import Engine
from vibenv_core.errors import Unreachable, VibenvError
from vibenv_core.hosts import resolve
from vibenv_core.settings import Settings

SESSION = "my-task"
LAUNCHER = "vibenv-launcher:latest"
OFFERED = "vibenv-base/"
FIRST_BYTES_S = 20.0
"""How long a registry may take until a pull says anything of it."""
NO_ENGINE = 3
"""The exit code of `answers` when no engine listens there."""


@dataclass(frozen=True, slots=True)
class There:
    """What an engine has of the names that a try makes: images, containers."""

    images: frozenset[str]
    containers: frozenset[str]

    def without(self, before: "There") -> "There":
        return There(self.images - before.images, self.containers - before.containers)


def there(engine: Engine, settings: Settings) -> There:
    """What the engine has now."""
    ours = {*wanted(settings), f"{settings.registry_address}/{LAUNCHER}"}
    offered = f"{settings.registry_address}/{OFFERED}"
    names = (
        labels.REGISTRY,
        labels.dagger_container(settings.dagger_version),
        labels.container_name(SESSION),
    )
    return There(
        images=frozenset(name for name in engine.images() if name in ours or name.startswith(offered)),
        containers=frozenset(name for name in names if engine.inspect(name)),
    )


def wanted(settings: Settings) -> list[str]:
    """The images that the stack and the launcher are made of, each once."""
    return list(
        dict.fromkeys(
            [
                settings.base_image,
                settings.environment_image,
                settings.registry_image,
                settings.engine_image,
                settings.docker_cli_image,
                settings.nushell_image,
            ]
        )
    )


def note(engine: Engine, settings: Settings, folder: Path) -> None:
    """Note what is there before a first run; a later one changes nothing."""
    notes = folder / "before.json"
    if not notes.exists():
        before = there(engine, settings)
        half = notes.with_suffix(".half")
        half.write_text(
            json.dumps({"images": sorted(before.images), "containers": sorted(before.containers)})
        )
        half.rename(notes)


def noted(folder: Path) -> There | None:
    """What was there before the first run; None when there was none."""
    try:
        before = json.loads((folder / "before.json").read_text())
    except FileNotFoundError:
        return None
    return There(frozenset(before["images"]), frozenset(before["containers"]))


def pull(engine: Engine, references: Iterable[str]) -> dict[str, str]:
    """Pull images side by side; why each failed that did. A registry that says nothing has failed."""
    failed: dict[str, str] = {}
    began = time.monotonic()
    pulls = [_Pull(engine, reference) for reference in references]
    for each in pulls:
        each.heard.wait(max(0.0, began + FIRST_BYTES_S - time.monotonic()))
        if each.heard.is_set():
            each.join()
        else:
            each.failure = f"its registry said nothing for {FIRST_BYTES_S:.0f} s"
        if each.failure:
            failed[each.reference] = each.failure
    return failed


class _Pull(threading.Thread):
    """One pull; a daemon thread, because an engine that waits for a registry cannot be told to stop."""

    def __init__(self, engine: Engine, reference: str) -> None:
        super().__init__(daemon=True)
        self.reference = reference
        self.failure: str | None = None
        self.heard = threading.Event()
        """Set at the first layer that is known, and at the end."""
        self._engine = engine
        self.start()

    def run(self) -> None:
        try:
            self._engine.pull(
                self.reference, progress=lambda _step: self.heard.set(), cancelled=threading.Event()
            )
        except VibenvError as failure:
            self.failure = str(failure)
        finally:
            self.heard.set()


def get_images(engine: Engine, settings: Settings, folder: Path) -> None:
    """Pull what is missing. FOLDER/to-build then has what must be built: a reason, the socket, the names."""
    note(engine, settings, folder)
    missing = [reference for reference in wanted(settings) if engine.image(reference) is None]
    failed = pull(engine, missing)
    for reference, reason in failed.items():
        if reference not in images.ALL:
            sys.exit(f"{reference} could not be pulled: {reason}")
        if not engine.host.url.startswith("unix://"):
            sys.exit(f"{reference} could not be pulled by {engine.host.url}: {reason}")
    socket = engine.host.url.removeprefix("unix://")
    reason = next(iter(failed.values()), "")
    (folder / "to-build").write_text(f"{reason}\n{socket}\n{' '.join(failed)}\n" if failed else "")


def take_away(engine: Engine, settings: Settings, before: There) -> None:
    """Remove what is there and was not before, and say so line by line."""
    made = there(engine, settings).without(before)
    if labels.container_name(SESSION) in made.containers:
        sessions.remove(engine, SESSION, force=True)
        print(f"removed the session {SESSION}")
    if not before.containers & {labels.REGISTRY, labels.dagger_container(settings.dagger_version)}:
        for component in stack.down(engine, settings, volumes=True):
            print(f"{component.component}: {component.detail or component.state}")
    tools.remove(engine)  # which would keep the launcher
    for name in sorted(made.images):
        try:
            engine.remove_image(name)
            print(f"removed the image {name}")
        except VibenvError as failure:
            print(f"kept the image {name}: {failure}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("answers", "images", "down"))
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    try:
        engine = Engine.connect(resolve(None, os.environ))
        if given.command == "answers":
            engine.ping()
        elif given.command == "images":
            get_images(engine, settings, given.folder)
        elif (before := noted(given.folder)) is not None:
            take_away(engine, settings, before)
    except Unreachable as failure:
        print(f"{failure}\n{failure.help or ''}", file=sys.stderr)
        sys.exit(NO_ENGINE if failure.code.endswith("not_running") else 1)
    except VibenvError as failure:
        sys.exit(f"{failure}\n{failure.help or ''}")


if __name__ == "__main__":
    main()
