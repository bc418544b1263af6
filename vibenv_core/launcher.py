"""The launcher's image: found when nothing it is made of has changed, else built, published and pulled.

It is built by the Dagger engine beside the registry, so that no byte of an image passes through here; the tag
on the Docker engine moves last. What only the Docker engine has among the images that it is built from is
first offered in the registry, because the Dagger engine cannot pull from a Docker engine.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from . import build_job, dagger_cli, labels, process, recipe, stack, tools, tools_recipe
from .build_job import Failed, Job, Published
from .errors import Bug, EngineError, UsageError, VibenvError
from .model import Image, Progress, Step, StepState
from .offer import offer
from .settings import Settings

if TYPE_CHECKING:
    from .engine import Engine

_LOCK = Path(__file__).with_name("launcher-requirements.txt")
_TOOLS_LOCK = Path(__file__).with_name("tools-requirements.txt")
_LIBRARY = str(Path(__file__).resolve().parent.parent)
"""What the child process imports this package from: it need not be installed where Python looks."""

_SOURCE_SUFFIXES = (".py", ".nu", ".txt")
"""What vibenv's own packages consist of; a checkout may hold other files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """The launcher's image on an engine; `cached`: it was there already."""

    image: str
    digest: str | None
    size: int
    created: datetime | None
    cached: bool
    took: timedelta


def create(
    engine: Engine,
    settings: Settings,
    *,
    env: Mapping[str, str],
    progress: Progress,
    cancelled: threading.Event,
    force: bool = False,
) -> Launcher:
    """Have the launcher on `engine`, as the settings and the packages of this vibenv make it, and its tools.

    When it is there already nothing is asked but the engine, and Dagger is not imported; a registry that lost
    it gets it from there. `force` builds it all the same, with the newest Debian packages. Until all is done
    the engine keeps the launcher that it had.

    Raises: WrongState (the stack is not up), Unreachable (the Dagger engine, or what is fetched for the
    build), NotFound (a program that is needed here), EngineError (a step of the build, the registry),
    Interrupted.
    """
    started = time.monotonic()
    sources = dict(_sources())
    lock, tools_lock = (path.read_text(encoding="utf-8") for path in (_LOCK, _TOOLS_LOCK))
    in_sessions = tools_recipe.tools(settings, sources=sources, lock=tools_lock)
    layers = recipe.launcher(settings, tools=in_sessions, sources=sources, lock=lock)
    ids = {name: found.id for name in layers.images() if (found := engine.image(name))}
    digest = layers.digest(ids)
    was = image = engine.image(settings.launcher_image)
    cached = not force and image is not None and image.labels.get(labels.RECIPE) == digest
    if image is None or not cached:
        dagger_cli.require_stack(engine, settings)
        forced = str(time.time()) if force else ""
        job = Job(
            layers=layers,
            images=offer(engine, settings, layers.images(), progress=progress, cancelled=cancelled),
            labels={labels.RECIPE: digest, labels.TOOLS: in_sessions.digest(ids, forced=forced)},
            publish=settings.launcher_image,
            package_sources=_package_sources(settings, env),
            ca_bundle=_ca_bundle(settings, env),
            forced=forced,
        )
        published = _build(engine, settings, job, env=env, progress=progress, cancelled=cancelled)
        image = _pull(engine, settings, published, progress=progress, cancelled=cancelled)
    elif _is_lost(engine, settings):
        image = _publish_again(engine, settings, image, progress=progress, cancelled=cancelled)
    _renew_tools(engine, image, was=was, progress=progress, cancelled=cancelled)
    return Launcher(
        image=settings.launcher_image,
        digest=image.digest,
        size=image.size,
        created=image.created,
        cached=cached,
        took=timedelta(seconds=time.monotonic() - started),
    )


def _renew_tools(
    engine: Engine, image: Image, *, was: Image | None, progress: Progress, cancelled: threading.Event
) -> None:
    """Have the tools of `image` and no older ones; with their holder goes what kept the image `was`."""
    tools.make(engine, image, progress=progress, cancelled=cancelled)
    tools.remove(engine, but=tools.holder(image))
    if was is not None and was.id != image.id:
        with contextlib.suppress(VibenvError):  # a session uses it still
            engine.remove_image(was.id)


def _is_lost(engine: Engine, settings: Settings) -> bool:
    """Whether the registry runs and does not have the launcher, as after `vibenv down` and `vibenv up`."""
    try:
        return engine.published(settings.launcher_image) is None
    except EngineError:
        return False  # it is not there to be asked


def _publish_again(
    engine: Engine, settings: Settings, image: Image, *, progress: Progress, cancelled: threading.Event
) -> Image:
    """Push the launcher from the engine, which packs layers otherwise than Dagger: the digest is another."""
    step, started = "publish", time.monotonic()
    progress(Step(step=step, state=StepState.RUNNING))
    try:
        digest = engine.push(settings.launcher_image, cancelled=cancelled)
    except EngineError as error:
        raise stack.registry_trouble(engine) or error from error
    if image.digest not in (None, digest):
        engine.remove_image(f"{settings.launcher_image.rpartition(':')[0]}@{image.digest}")
    progress(Step(step=step, state=StepState.DONE, took=timedelta(seconds=time.monotonic() - started)))
    return replace(image, digest=digest)


def _sources() -> Iterator[tuple[str, str]]:
    """The files of the library, the plugin and the module, by their paths where they are installed."""
    library = Path(__file__).resolve().parent
    yield from _files(library, library.name)
    found = importlib.util.find_spec("nu_plugin_vibenv")
    if found is None or found.origin is None:
        raise Bug("vibenv's plugin is not installed beside its library")
    plugin = Path(found.origin).resolve().parent
    yield from _files(plugin, plugin.name)
    if not (plugin / "nu").is_dir():
        yield from _files(plugin.parent / "nu", f"{plugin.name}/nu")


def _files(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in _SOURCE_SUFFIXES:
            yield f"{name}/{path.relative_to(folder)}", path.read_text(encoding="utf-8")


def _build(
    engine: Engine,
    settings: Settings,
    job: Job,
    *,
    env: Mapping[str, str],
    progress: Progress,
    cancelled: threading.Event,
) -> str:
    """Build in a child process and publish; gives the registry's digest."""
    cli = dagger_cli.for_engine(engine, settings.dagger_version, env=env, cancelled=cancelled)
    client = dagger_cli.environment(env, engine.endpoint, settings.dagger_version)
    ends: list[Published | Failed] = []

    def on_line(line: str) -> None:
        report = build_job.report_from_json(line)
        if isinstance(report, Step):
            progress(report)
        else:
            ends.append(report)

    with tempfile.TemporaryDirectory(prefix="vibenv-build-") as folder:
        finished = process.stream(
            [sys.executable, "-m", "vibenv_core.dagger_build", folder],
            env={**client, "_EXPERIMENTAL_DAGGER_CLI_BIN": cli, "PYTHONPATH": _LIBRARY, "NO_COLOR": "1"},
            stdin=build_job.job_to_json(job).encode(),
            on_line=on_line,
            cancelled=cancelled,
        )
    match ends:
        case [Published(reference=reference)]:
            return reference.rpartition("@")[2]
        case [Failed() as failed]:
            raise stack.registry_trouble(engine) or build_job.error_of(failed, job)
        case _:
            raise Bug(f"the build of the launcher ended with {finished.exit_code}:\n{finished.stderr}")


def _pull(
    engine: Engine,
    settings: Settings,
    digest: str,
    *,
    progress: Progress,
    cancelled: threading.Event,
) -> Image:
    """Pull what was published, and move the tag to it."""
    pinned = f"{settings.launcher_image.rpartition(':')[0]}@{digest}"
    engine.pull(pinned, progress=progress, cancelled=cancelled)
    engine.tag(pinned, settings.launcher_image)
    image = engine.image(settings.launcher_image)
    if image is None or image.digest != digest:
        raise EngineError(
            f"the Docker engine has another {settings.launcher_image} than was published just now",
            code="launcher::digest",
            help="somebody else may have pulled it at the same time: vibenv create launcher",
        )
    return image


def _package_sources(settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    """Where the build's scripts fetch packages from, by the names of their variables."""
    found = {
        "APT_MIRROR": settings.apt_mirror,
        "PIP_INDEX_URL": settings.pip_index_url or env.get("PIP_INDEX_URL"),
    }
    return {name: value for name, value in found.items() if value}


def _ca_bundle(settings: Settings, env: Mapping[str, str]) -> str | None:
    """The certificates that the build's scripts trust; from SSL_CERT_FILE when the settings name none."""
    path = settings.ca_bundle or env.get("SSL_CERT_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the file of CA certificates {path} cannot be read: {error.strerror}",
            code="settings::ca_bundle",
            help="VIBENV_CA_BUNDLE, or else SSL_CERT_FILE, names it",
        ) from error
