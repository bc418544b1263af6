"""What crosses the pipe between the one who asks for an image and the child process that builds it.

The job goes in as one JSON object; reports come out as one JSON object a line. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from . import recipe
from .errors import Bug, EngineError, Unreachable, VibenvError
from .model import Step, StepState
from .recipe import Layers


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Build `layers` and publish them under the name `publish`."""

    layers: Layers
    images: Mapping[str, str]
    """Where the Dagger engine pulls each image of the layers from."""
    labels: Mapping[str, str]
    """Put on the image besides those of the layers."""
    publish: str
    package_sources: Mapping[str, str] = field(default_factory=dict)
    """Variables that scripts get; not kept in the image."""
    ca_bundle: str | None = None
    """Certificates that scripts trust; not kept in the image."""
    forced: str = ""
    """Scripts run again, though nothing changed, when this is another than the last time."""


class Kind(StrEnum):
    """Where a build failed."""

    CONNECT = "connect"
    """No session with the Dagger engine came about."""
    SCRIPT = "script"
    """A script ended with a failure; `step` names its layers, `output` has its last lines."""
    QUERY = "query"
    """The Dagger engine refused something else: a pull, a publish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The image is in the registry; `reference` ends in `@sha256:…`."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The build ended without an image."""

    kind: Kind
    message: str
    step: str = ""
    output: str = ""


Report: TypeAlias = Step | Published | Failed


def job_to_json(job: Job) -> str:
    """`job` as `job_from_json` reads it."""
    fields = {name: getattr(job, name) for name in Job.__dataclass_fields__}
    return json.dumps({**fields, "layers": recipe.to_json(job.layers)})


def job_from_json(text: str) -> Job:
    """What `job_to_json` made."""
    fields = json.loads(text)
    return Job(**{**fields, "layers": recipe.from_json(fields["layers"])})


def report_to_json(report: Report) -> str:
    """One line, without its end."""
    fields = asdict(report)
    if isinstance(report, Step) and report.took is not None:
        fields["took"] = report.took.total_seconds()
    return json.dumps({type(report).__name__.lower(): fields})


def report_from_json(line: str) -> Report:
    """What `report_to_json` made.

    Raises: Bug, for any other line.
    """
    try:
        ((kind, fields),) = json.loads(line).items()
        return _REPORTS[kind](fields)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Bug(f"the build wrote `{line}`, which is no report") from error


def _step(fields: dict[str, Any]) -> Step:
    took = None if fields["took"] is None else timedelta(seconds=fields["took"])
    return Step(**{**fields, "state": StepState(fields["state"]), "took": took})


_REPORTS: Mapping[str, Callable[[dict[str, Any]], Report]] = {
    "step": _step,
    "published": lambda fields: Published(**fields),
    "failed": lambda fields: Failed(**{**fields, "kind": Kind(fields["kind"])}),
}

_NO_NETWORK = (
    "no such host",
    "network is unreachable",
    "i/o timeout",
    "Temporary failure resolving",
    "Could not resolve",
    "Could not connect to",
    "Failed to establish a new connection",
    "NameResolutionError",
)
"""What the Dagger engine (Go), apt and pip write when something cannot be reached."""


def error_of(failed: Failed, job: Job) -> VibenvError:
    """What `failed` means to a user who asked for `job`."""
    text = f"{failed.message}\n{failed.output}"
    if failed.kind is Kind.CONNECT:
        return Unreachable(
            f"no session with the Dagger engine came about: {failed.message}",
            code="dagger::unreachable",
            help="look at its state: vibenv status; mend it: vibenv up",
        )
    if any(sign in text for sign in _NO_NETWORK):
        source = next((name for name, pulled in job.images.items() if pulled in text), None)
        what = f"the image `{source}`" if source else f"the packages of the step `{failed.step}`"
        return Unreachable(
            f"the Dagger engine could not fetch {what}: {_last_line(text)}",
            code="launcher::no_network",
            help="give its host a way to the network, or name a source that it reaches: "
            "VIBENV_BASE_IMAGE and its like, VIBENV_APT_MIRROR, VIBENV_PIP_INDEX_URL",
        )
    if failed.kind is Kind.SCRIPT:
        return EngineError(
            f"the step `{failed.step}` of {job.publish} failed ({failed.message}):\n{failed.output}",
            code="launcher::step_failed",
            help="mend what the last lines say, then type the same again: what was done is kept by Dagger",
        )
    return EngineError(
        f"the Dagger engine could not build or publish {job.publish}: {failed.message}",
        code="launcher::build_failed",
        help="look at the host's services: vibenv status",
    )


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1].strip()
