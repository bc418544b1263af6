"""What crosses the pipe to the child process that builds, and what its failures mean."""

import dataclasses
from datetime import timedelta

import pytest

from vibenv_core import build_job
from vibenv_core.build_job import Failed, Job, Kind, Published, Report
from vibenv_core.errors import Bug, EngineError, Unreachable, VibenvError
from vibenv_core.model import Step, StepState
from vibenv_core.recipe import Layers, Run

JOB = Job(
    layers=Layers(title="vibenv", base="docker:28-cli", layers=(Run(script="true"),)),
    images={"docker:28-cli": "localhost:5000/vibenv-base/docker@sha256:00"},
    labels={"vibenv.recipe": "sha256:01"},
    publish="localhost:5000/vibenv-launcher:latest",
    ca_bundle="-----BEGIN CERTIFICATE-----\n",
)


def test_a_job_survives_the_way_through_json() -> None:
    assert build_job.job_from_json(build_job.job_to_json(JOB)) == JOB


@pytest.mark.parametrize(
    "report",
    [
        Step(step="vibenv", state=StepState.RUNNING, detail="Get:1 …\u2028"),
        Step(step="publish", state=StepState.DONE, took=timedelta(seconds=1.5)),
        Published(reference="localhost:5000/vibenv-launcher:latest@sha256:02"),
        Failed(kind=Kind.SCRIPT, message="exit code 1", step="vibenv", output="a\nb"),
    ],
)
def test_a_report_is_one_line_and_survives_it(report: Report) -> None:
    line = build_job.report_to_json(report)
    assert "\n" not in line
    assert build_job.report_from_json(line) == report


@pytest.mark.parametrize(
    "line", ["", "Traceback", "[]", "{}", '{"step": {}}', '{"later": {}}', '{"failed": 1}']
)
def test_a_line_that_is_no_report_is_a_bug_that_shows_it(line: str) -> None:
    with pytest.raises(Bug, match="which is no report") as caught:
        build_job.report_from_json(line)
    assert f"`{line}`" in caught.value.message


def error(kind: Kind, message: str, output: str = "", job: Job = JOB) -> VibenvError:
    return build_job.error_of(Failed(kind=kind, message=message, step="Python packages", output=output), job)


def test_no_session_means_that_the_dagger_engine_was_not_reached() -> None:
    found = error(Kind.CONNECT, "Failed to start Dagger engine session: …")
    assert isinstance(found, Unreachable)
    assert found.code == "vibenv::dagger::unreachable"


def test_a_failed_script_is_told_with_its_step_and_last_lines() -> None:
    found = error(Kind.SCRIPT, "exit code 1", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES")
    assert isinstance(found, EngineError)
    assert found.code == "vibenv::launcher::step_failed"
    assert "`Python packages`" in found.message
    assert found.message.endswith("\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES")


@pytest.mark.parametrize(
    "output",
    [
        "Err:1 http://mirror.example/debian bookworm InRelease\n  Temporary failure resolving 'mirror'",
        "Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)",
        "Failed to establish a new connection: [Errno 111] Connection refused",
    ],
)
def test_a_script_without_network_is_told_as_that(output: str) -> None:
    found = error(Kind.SCRIPT, "exit code 100", output)
    assert isinstance(found, Unreachable)
    assert found.code == "vibenv::launcher::no_network"
    assert "packages of the step `Python packages`" in found.message


def test_an_image_that_cannot_be_pulled_is_named() -> None:
    job = dataclasses.replace(JOB, images={"docker:28-cli": "docker:28-cli"})
    message = (
        'failed to resolve image "docker.io/library/docker:28-cli" (platform: "linux/amd64"): failed to do '
        'request: Head "https://registry.example/v2/library/docker/manifests/28-cli": dial tcp: lookup '
        "registry.example on 10.87.0.1:53: no such host"
    )
    found = error(Kind.QUERY, message, job=job)
    assert found.code == "vibenv::launcher::no_network"
    assert "the image `docker:28-cli`" in found.message


def test_anything_else_is_what_the_dagger_engine_said() -> None:
    found = error(Kind.QUERY, "denied")
    assert isinstance(found, EngineError)
    assert found.code == "vibenv::launcher::build_failed"
    assert found.message.endswith(": denied")
