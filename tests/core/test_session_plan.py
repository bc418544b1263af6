"""What is done about sessions, from what the engine has."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from vibenv_core import labels, session_plan
from vibenv_core.errors import AlreadyExists, Foreign, NotFound, UsageError, WrongState
from vibenv_core.model import Access, Container, ContainerSpec, Image, SessionState, Wish
from vibenv_core.session_plan import Basis
from vibenv_core.settings import VERSION, Settings
from vibenv_core.supervisor import LOG_FOLDER

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


BASIS = Basis(settings=Settings(), launcher=LAUNCHER, image=LAUNCHER, holder="tools", host_memory=1000)
OTHER = replace(LAUNCHER, reference="other:1", labels={}, entrypoint=("/in",), command=("it",))


def launch(basis: Basis = BASIS, **wishes: Any) -> ContainerSpec:
    """The plan for a session `a` that runs bash, with `wishes` instead of what is usual."""
    return session_plan.launch("a", Wish(**{"command": ("bash",), **wishes}), basis, token="12ab")


def in_other(other: Image = OTHER, **wishes: Any) -> ContainerSpec:
    """The plan for a session in `other`, which runs what that runs by itself."""
    return launch(replace(BASIS, image=other), **{"image": other.reference, "command": (), **wishes})


def program(spec: ContainerSpec) -> tuple[str, ...]:
    """What runs on the session's terminal."""
    assert spec.entrypoint is not None
    return spec.entrypoint[spec.entrypoint.index("--") + 1 :]


def test_a_session_is_a_container_that_says_what_it_is() -> None:
    spec = launch(command=("make", "it so"), cpus=1.5)
    assert spec.name == "vibenv-a"
    assert spec.image == LAUNCHER.reference
    assert spec.hostname == "a"
    assert spec.init
    assert spec.cpus == 1.5
    assert spec.labels[labels.SESSION] == "a"
    assert spec.labels[labels.VERSION] == VERSION
    assert json.loads(spec.labels[labels.COMMAND]) == ["make", "it so"]
    assert spec.labels[labels.ACCESS] == "docker"


def test_the_images_own_entry_point_never_swallows_the_supervisor() -> None:
    spec = launch(command=("make", "it so"), rows=40, cols=133)
    assert spec.entrypoint is not None
    assert spec.entrypoint[0].startswith("/.vibenv/bin/")
    assert {"40", "133"} <= set(spec.entrypoint)
    assert program(spec) == ("make", "it so")


def test_without_a_command_the_environments_terminal_is_opened() -> None:
    spec = launch(command=())
    assert "vibenv remote-launch" in program(spec)[-1]
    assert json.loads(spec.labels[labels.COMMAND]) == []


def test_another_image_runs_what_it_runs_by_itself_unless_something_else_is_wished() -> None:
    spec = in_other()
    assert (spec.image, spec.labels[labels.IMAGE]) == ("other:1", "other:1")
    assert program(spec) == ("/in", "it")
    assert program(in_other(command=("sh", "-l"))) == ("sh", "-l")


def test_an_image_that_names_no_program_runs_a_shell() -> None:
    assert program(in_other(replace(OTHER, entrypoint=(), command=()))) == ("/bin/sh",)


def test_an_image_made_of_a_session_runs_what_that_ran_under_a_supervisor_of_its_own() -> None:
    before = in_other(replace(OTHER, env={"LD_PRELOAD": "/x.so"}))
    assert before.entrypoint is not None
    committed = replace(OTHER, entrypoint=before.entrypoint, command=(), env=before.env)
    after = in_other(committed)
    assert (program(after), after.entrypoint, after.env) == (("/in", "it"), before.entrypoint, before.env)


def test_every_session_has_the_tools_and_a_volume_for_its_recording() -> None:
    for spec in (launch(), in_other()):
        (log,) = spec.volumes
        assert spec.volumes_from == ("tools:ro",)
        assert (log.volume, log.labels[labels.LOG]) == ("vibenv-log-a-12ab", "a")
        assert LOG_FOLDER.startswith(f"{log.destination}/")


def test_libraries_that_an_image_preloads_are_for_its_program_only() -> None:
    spec = in_other(replace(OTHER, env={"LD_PRELOAD": "/x.so", "PATH": "/bin"}))
    assert spec.entrypoint is not None
    assert spec.env["LD_PRELOAD"] == ""
    assert spec.entrypoint[spec.entrypoint.index("--env") + 1] == "LD_PRELOAD=/x.so"
    assert "LD_LIBRARY_PATH" not in spec.env
    assert launch(env={"LD_LIBRARY_PATH": "/l"}).env["LD_LIBRARY_PATH"] == ""


@pytest.mark.parametrize("user", ["", "0", "root", "0:0", "root:root"])
def test_root_makes_its_folders_itself(user: str) -> None:
    assert session_plan.folders(replace(OTHER, user=user), read_only=False) == ()


@pytest.mark.parametrize("user", ["node", "1000", "1000:0"])
def test_any_other_user_is_given_the_folders_that_the_session_needs(user: str) -> None:
    given = session_plan.folders(replace(OTHER, user=user), read_only=False)
    assert {str(folder.path): folder.mode for folder in given} == {LOG_FOLDER: 0o1777, "/tmp": 0o1777}
    (log,) = session_plan.folders(replace(OTHER, user=user), read_only=True)
    assert str(log.path) == LOG_FOLDER


def test_read_only_means_all_but_a_tmp_in_memory() -> None:
    spec = launch(read_only=True)
    assert spec.read_only
    assert spec.tmpfs.keys() == {"/tmp"}
    assert (launch().read_only, launch().tmpfs) == (False, {})


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
    for spec in (launch(access=access), in_other(access=access)):
        assert [bind.split(":")[1] for bind in spec.binds] == destinations
        assert spec.labels[labels.ACCESS] == access


def test_a_session_in_another_image_has_no_access_unless_it_is_wished() -> None:
    assert (in_other().binds, in_other().labels[labels.ACCESS]) == ((), "none")


def test_the_environments_terminal_without_the_dagger_engine_is_refused() -> None:
    with pytest.raises(UsageError) as raised:
        launch(command=(), access=Access.NONE)
    assert raised.value.code == "vibenv::session::no_environment"
    assert "--command" in (raised.value.help or "")


def test_one_session_cannot_take_the_host_down() -> None:
    spec = launch()
    assert (spec.memory, spec.pids_limit, spec.cpu_shares) == (750, 4096, 512)
    assert spec.oom_score_adj > 0
    assert spec.security_opt == ("no-new-privileges",)
    assert "MKNOD" in spec.cap_drop
    needed = {"CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID", "SETFCAP", "NET_RAW", "NET_BIND_SERVICE"}
    assert not needed & set(spec.cap_drop), "apt, ping and web servers need these"


def test_new_privileges_are_those_that_docker_gives() -> None:
    spec = launch(new_privileges=True)
    assert (spec.cap_drop, spec.security_opt) == ((), ())


@pytest.mark.parametrize(
    ("wished", "setting", "memory"),
    [
        (None, None, 750),
        (100, None, 100),
        (None, "2k", 2000),
        (100, "2k", 100),
        (0, "2k", None),
        (None, "0", None),
    ],
)
def test_the_memory_is_as_wished_or_as_set_or_most_of_the_hosts(
    wished: int | None, setting: str | None, memory: int | None
) -> None:
    assert launch(replace(BASIS, settings=Settings(session_memory=setting)), memory=wished).memory == memory


def test_the_number_of_processes_can_be_without_a_limit() -> None:
    assert launch(pids_limit=0).pids_limit is None


def test_settings_and_variables_travel_into_the_session_and_the_users_win() -> None:
    settings = Settings(environment_image="ubuntu:24.04", registry_address="localhost:5001")
    given = {"LANG": "de_DE", "VIBENV_ENVIRONMENT_IMAGE": "mine"}
    env = launch(replace(BASIS, settings=settings), env=given).env
    assert env["VIBENV_SESSION"] == "a"
    assert env["VIBENV_REGISTRY_ADDRESS"] == "localhost:5001"
    assert (env["LANG"], env["VIBENV_ENVIRONMENT_IMAGE"]) == ("de_DE", "mine")


def test_another_image_keeps_its_own_language_and_is_told_nothing_of_the_stack() -> None:
    image = replace(OTHER, env={"LANG": "ja_JP.UTF-8"})
    settings = Settings(registry_address="localhost:5001")
    env = launch(replace(BASIS, image=image, settings=settings), image="other:1").env
    assert env == {"LANG": "ja_JP.UTF-8", "VIBENV_SESSION": "a"}


def test_without_a_launcher_the_line_that_makes_it_is_given() -> None:
    with pytest.raises(NotFound) as raised:
        session_plan.launcher(None, Settings())
    assert raised.value.code == "vibenv::launcher::missing"
    assert "vibenv create launcher" in (raised.value.help or "")


@pytest.mark.parametrize("made_by", [{}, {labels.VERSION: "0.0.9"}, {labels.VERSION: "9.9"}])
def test_a_launcher_of_another_version_is_refused(made_by: dict[str, str]) -> None:
    with pytest.raises(WrongState) as raised:
        session_plan.launcher(replace(LAUNCHER, labels=made_by), Settings())
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
    error = session_plan.ended_at_once("a", replace(SESSION, exit_code=127, image="i:1"), "nope: not found")
    assert "127" in error.message
    assert "nope: not found" in error.message
    assert error.code == "vibenv::session::ended"
    assert "i:1 has no such program" in (error.help or "")


def test_an_image_with_neither_a_program_nor_a_shell_is_told_so() -> None:
    error = session_plan.ended_at_once("a", replace(SESSION, exit_code=127), "/bin/sh: not found")
    assert "no shell" in (error.help or "")
    assert "--command" in (error.help or "")


@pytest.mark.parametrize("state", [state for state in STATES if state is not SessionState.RUNNING])
def test_in_a_session_that_does_not_run_nothing_can_be_run(state: SessionState) -> None:
    with pytest.raises(WrongState) as raised:
        session_plan.must_run("a", replace(SESSION, state=state))
    assert raised.value.code == "vibenv::session::not_running"
    assert "vibenv start a" in str(raised.value.help)
