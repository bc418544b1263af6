"""Builds and publishes an image with Dagger; the only importer of dagger, and the only async code.

A program that `launcher` starts as a child process: `python -m vibenv_core.dagger_build FOLDER` reads a Job
from its standard input and writes reports to its standard output; the caller removes FOLDER.
So ending it ends the build, the variables that choose the Dagger engine are its own, and dagger's second of
imports is nobody else's. It exits with 0 when it has said what became of the build, be it good or bad.
"""

from __future__ import annotations

import hashlib
import io
import re
import sys
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import anyio
import dagger
from dagger import Container, Directory, ImageLayerCompression, dag

from .build_job import Failed, Job, Kind, Published, Report, job_from_json, report_to_json
from .model import Step, StepState
from .recipe import Configure, Files, Layer, Layers, Run, Take

_CA_BUNDLE = "/run/ca-bundle.crt"
_CA_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE")
_OUTPUT_LINES = 20
"""Of a failed script's output, how many lines are reported."""
_LOGGED = re.compile(r"\d+ +: (?:┆ )*\[[\d.]+s\] \| (?P<text>.*\S)")
"""A line of a script's output in what `dagger session` logs: `12  : ┆ [1.6s] | Reading package lists...`"""

_stdout = threading.Lock()


def main() -> None:
    """Do the job that standard input names."""
    job = job_from_json(sys.stdin.read())
    try:
        report(Published(reference=anyio.run(_build, job)))
    except* dagger.DaggerError as errors:
        report(_failed(_first(errors)))


def report(what: Report) -> None:
    """Write one report; from any thread."""
    with _stdout:
        print(report_to_json(what), flush=True)


async def _build(job: Job) -> str:
    async with dagger.connection(dagger.Config(log_output=_Log())):
        parts = {id(part): part for part in job.layers.parts()}
        async with anyio.create_task_group() as group:
            for part in parts.values():
                group.start_soon(_sync, part.title, _container(part, job))
        image = _container(job.layers, job)
        for name, value in {**job.labels, **await _base_labels(job)}.items():
            image = image.with_label(name, value)
        started = _started("publish")
        # The registry is next door: to compress the layers takes twice as long as to write them.
        reference = await image.publish(job.publish, forced_compression=ImageLayerCompression.Uncompressed)
        _done("publish", started)
        return reference


async def _sync(title: str, container: Container) -> None:
    started = _started(title)
    await container.sync()
    _done(title, started)


async def _base_labels(job: Job) -> dict[str, str]:
    """The image that all is built on, as the standard annotations name it."""
    name = job.layers.images()[0]
    reference = await dag.container().from_(job.images[name]).image_ref()
    prefix = "org.opencontainers.image.base"
    return {f"{prefix}.name": name, f"{prefix}.digest": reference.rpartition("@")[2]}


def _container(layers: Layers, job: Job) -> Container:
    """The query that builds `layers`; nothing is built yet."""
    base = layers.base
    container = _container(base, job) if isinstance(base, Layers) else dag.container().from_(job.images[base])
    for layer in layers.layers:
        container = _with(container, layer, layers.title, job)
    return container


def _with(container: Container, layer: Layer, title: str, job: Job) -> Container:
    match layer:
        case Run(script=script):
            return _with_run(container, script, title, job)
        case Files(folder=folder, files=files):
            return container.with_directory(folder, _directory(files))
        case Take(source=source, path=path) if path.endswith("/"):
            return container.with_directory(path, _container(source, job).directory(path))
        case Take(source=source, path=path):
            return container.with_file(path, _container(source, job).file(path))
        case Configure(environment=environment, labels=labels, command=command):
            for name, value in environment.items():
                container = container.with_env_variable(name, value)
            for name, value in labels.items():
                container = container.with_label(name, value)
            return container.with_default_args(list(command))


def _with_run(container: Container, script: str, title: str, job: Job) -> Container:
    """The script with what it may need to fetch packages; of that nothing stays in the image."""
    variables = dict(job.package_sources)
    if job.ca_bundle is not None:
        certificates = _directory({"ca": job.ca_bundle}).file("ca")
        container = container.with_mounted_file(_CA_BUNDLE, certificates)
        variables |= dict.fromkeys(_CA_VARIABLES, _CA_BUNDLE)
    # As secrets they are neither logged nor part of what Dagger's cache goes by.
    for name, value in variables.items():
        container = container.with_secret_variable(name, dag.set_secret(name, value))
    container = container.with_exec(["env", f"VIBENV_FORCED={job.forced}", "sh", "-euc", script, title])
    for name in variables:
        container = container.without_secret_variable(name)
    return container if job.ca_bundle is None else container.without_mount(_CA_BUNDLE)


def _directory(files: Mapping[str, str]) -> Directory:
    """The files, handed over as files: as text they would be part of every question asked about the image."""
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    folder = Path(sys.argv[1]) / digest[:16]
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return dag.host().directory(str(folder))


def _failed(error: dagger.DaggerError) -> Failed:
    if not isinstance(error, dagger.ExecError):
        kind = Kind.QUERY if isinstance(error, dagger.QueryError) else Kind.CONNECT
        return Failed(kind=kind, message=str(error))
    output = f"{error.stdout}\n{error.stderr}".strip().splitlines()[-_OUTPUT_LINES:]
    return Failed(
        kind=Kind.SCRIPT,
        step=error.command[-1],
        message=f"exit code {error.exit_code}",
        output="\n".join(output),
    )


def _first(errors: ExceptionGroup[dagger.DaggerError]) -> dagger.DaggerError:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error


def _started(title: str) -> float:
    report(Step(step=title, state=StepState.RUNNING))
    return time.monotonic()


def _done(title: str, started: float) -> None:
    took = timedelta(seconds=time.monotonic() - started)
    report(Step(step=title, state=StepState.DONE, took=took))


class _Log(io.StringIO):
    """What Dagger's client logs: the output of scripts is reported, the rest is not."""

    def write(self, line: str) -> int:
        """Called with whole lines, in the client's thread."""
        if found := _LOGGED.fullmatch(line.strip()):
            report(Step(step="build", state=StepState.RUNNING, detail=found["text"]))
        return len(line)


if __name__ == "__main__":
    main()
