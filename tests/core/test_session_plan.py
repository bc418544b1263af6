"""What is done about sessions, from what the engine has."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from vibenv_core import labels, session_plan
from vibenv_core.errors import AlreadyExists, Foreign, NotFound, UsageError, WrongState
from vibenv_core.model import Access, Container, ContainerSpec, Image, SessionState
from vibenv_core.settings import VERSION, Settings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LAUNCHER = Image(
    reference="localhost:5000/vibenv-launcher:latest",
    id="sha256:1",
    digest=None,
    size=1,
    created=NOON,
    labels={labels.VERSION: VERSION},
)
SESSION = Container(
    id="s1",
    name="vibenv-a",
    state=SessionState.RUNNING,
    image=LAUNCHER.reference,
    labels={labels.SESSION: "a"},
    created=NOON,
    started=NOON,
    ended=None,
    exit_code=0,
    network="default",
    address="172.17.0.2",
    mounts={},
    ports={},
    size=None,
    cpus=None,
    memory=None,
)
STATES = list(SessionState)


def launch(**wishes: Any) -> ContainerSpec:
    """The plan for a session `a` that runs bash, with `wishes` instead of what is usual."""
    usual: Mapping[str, Any] = {
        "launcher": LAUNCHER,
        "settings": Settings(),
        "command": ["bash"],
        "env": {},
        "cpus": None,
        "memory": None,
        "access": Access.DOCKER,
        "rows": 24,
        "cols": 80,
    }
    return session_plan.launch("a", **{**usual, **wishes})


def test_a_session_is_a_container_that_says_what_it_is() -> None:
    spec = launch(command=["make", "it so"], cpus=1.5, memory=1024)
    assert spec.name == "vibenv-a"
    assert spec.image == LAUNCHER.reference
    assert spec.hostname == "a"
    assert spec.init
    assert (spec.cpus, spec.memory) == (1.5, 1024)
    assert spec.labels[labels.SESSION] == "a"
    assert spec.labels[labels.VERSION] == VERSION
    assert json.loads(spec.labels[labels.COMMAND]) == ["make", "it so"]
    assert spec.labels[labels.ACCESS] == "docker"


def test_the_images_own_entry_point_never_runs() -> None:
    spec = launch(command=["make", "it so"])
    assert spec.entrypoint is not None
    assert spec.entrypoint[-2:] == ("make", "it so")


def test_without_a_command_the_environments_terminal_is_opened() -> None:
    spec = launch(command=[])
    assert spec.entrypoint is not None
    assert "vibenv remote-launch" in spec.entrypoint[-1]
    assert json.loads(spec.labels[labels.COMMAND]) == []


@pytest.mark.parametrize(
    ("access", "destinations"),
    [
        (Access.DOCKER, ["/run/docker.sock", "/run/dagger"]),
        (Access.DAGGER, ["/run/dagger"]),
        (Access.NONE, []),
    ],
)
def test_a_session_gets_the_sockets_it_was_granted_and_no_other(
    access: Access, destinations: list[str]
) -> None:
    assert [bind.split(":")[1] for bind in launch(access=access).binds] == destinations


def test_the_environments_terminal_without_the_dagger_engine_is_refused() -> None:
    with pytest.raises(UsageError) as raised:
        launch(command=[], access=Access.NONE)
    assert raised.value.code == "vibenv::session::no_environment"
    assert "--command" in (raised.value.help or "")


def test_settings_and_variables_travel_into_the_session_and_the_users_win() -> None:
    settings = Settings(environment_image="ubuntu:24.04", registry_address="localhost:5001")
    env = launch(settings=settings, env={"LANG": "de_DE", "VIBENV_ENVIRONMENT_IMAGE": "mine"}).env
    assert env["VIBENV_SESSION"] == "a"
    assert env["VIBENV_REGISTRY_ADDRESS"] == "localhost:5001"
    assert (env["LANG"], env["VIBENV_ENVIRONMENT_IMAGE"]) == ("de_DE", "mine")


def test_without_a_launcher_the_line_that_makes_it_is_given() -> None:
    with pytest.raises(NotFound) as raised:
        launch(launcher=None)
    assert raised.value.code == "vibenv::launcher::missing"
    assert "vibenv create launcher" in (raised.value.help or "")


@pytest.mark.parametrize("made_by", [{}, {labels.VERSION: "0.0.9"}, {labels.VERSION: "9.9"}])
def test_a_launcher_of_another_version_is_refused(made_by: dict[str, str]) -> None:
    with pytest.raises(WrongState) as raised:
        launch(launcher=replace(LAUNCHER, labels=made_by))
    assert raised.value.code == "vibenv::launcher::outdated"
    assert "vibenv create launcher" in (raised.value.help or "")


def test_a_session_that_is_there_is_found() -> None:
    assert session_plan.find("a", SESSION) is SESSION


def test_one_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound) as raised:
        session_plan.find("a", None)
    assert raised.value.code == "vibenv::session::not_found"
    assert raised.value.about == "name"


def test_somebody_elses_container_is_never_taken_for_a_session() -> None:
    with pytest.raises(Foreign) as raised:
        session_plan.find("a", replace(SESSION, labels={}))
    assert raised.value.code == "vibenv::session::foreign"
    with pytest.raises(Foreign):
        session_plan.reuse("a", replace(SESSION, labels={}), wished=True)


def test_a_taken_name_is_refused_unless_reuse_is_wished() -> None:
    with pytest.raises(AlreadyExists) as raised:
        session_plan.reuse("a", SESSION, wished=False)
    assert raised.value.code == "vibenv::session::taken"
    assert "vibenv attach a" in (raised.value.help or "")
    assert "--reuse" in (raised.value.help or "")
    assert session_plan.reuse("a", SESSION, wished=True) is SESSION


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (SessionState.CREATED, True),
        (SessionState.STOPPED, True),
        (SessionState.RUNNING, False),
        (SessionState.RESTARTING, False),
        (SessionState.PAUSED, "vibenv::session::paused"),
        (SessionState.REMOVING, "vibenv::session::dead"),
        (SessionState.DEAD, "vibenv::session::dead"),
    ],
)
def test_start_starts_what_is_still_and_only_that(state: SessionState, expected: bool | str) -> None:
    found = replace(SESSION, state=state)
    if isinstance(expected, bool):
        assert session_plan.must_start("a", found) is expected
    else:
        with pytest.raises(WrongState) as raised:
            session_plan.must_start("a", found)
        assert raised.value.code == expected


def test_stop_stops_what_runs_and_only_that() -> None:
    stopped = [state for state in STATES if session_plan.must_stop(replace(SESSION, state=state))]
    assert stopped == [SessionState.RUNNING, SessionState.PAUSED, SessionState.RESTARTING]


@pytest.mark.parametrize("state", STATES)
def test_only_force_removes_what_runs(state: SessionState) -> None:
    found = replace(SESSION, state=state)
    session_plan.check_remove("a", found, force=True)
    if session_plan.must_stop(found):
        with pytest.raises(WrongState) as raised:
            session_plan.check_remove("a", found, force=False)
        assert raised.value.code == "vibenv::session::running"
        assert "--force" in (raised.value.help or "")
    else:
        session_plan.check_remove("a", found, force=False)


def test_a_program_that_ended_at_once_is_told_with_its_exit_code_and_last_words() -> None:
    error = session_plan.ended_at_once("a", replace(SESSION, exit_code=127), "nope: not found")
    assert "127" in error.message
    assert "nope: not found" in error.message
    assert error.code == "vibenv::session::ended"
