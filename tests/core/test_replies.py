"""Docker's JSON, recorded from engines of both versions (tests/data/docker), read."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vibenv_core import labels, replies
from vibenv_core.model import Access, SessionState

DATA = Path(__file__).parents[1] / "data" / "docker"
VERSIONS = ("20.10.24", "28.5.2")


def recorded(name: str, version: str) -> Any:
    return json.loads((DATA / f"{name}-{version}.json").read_text())


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_list_gives_the_sessions_and_nothing_else(version: str) -> None:
    listed = [replies.session(summary, host="here") for summary in recorded("list", version)]
    sessions = {session.name: session for session in listed if session}
    assert len(listed) == 5, "vibenv-foreign, the registry and the Dagger engine are in the list too"
    assert set(sessions) == {"my-task", "done"}
    mine = sessions["my-task"]
    assert mine.state is SessionState.RUNNING
    assert mine.uptime == timedelta(seconds=1)
    assert mine.command == ("bash", "-l")
    assert mine.image == "localhost:5000/vibenv-launcher:latest"
    assert mine.version == "0.1.0"
    assert mine.host == "here"
    assert mine.created.tzinfo is UTC
    assert len(mine.id) == 64
    assert (sessions["done"].state, sessions["done"].uptime) == (SessionState.STOPPED, None)


@pytest.mark.parametrize("text", ["", "no JSON", "5", '{"a": 1}', "[1]", "null"])
def test_a_session_with_a_broken_label_is_listed_with_it(version: str, text: str) -> None:
    summary = next(each for each in recorded("list", version) if each["Names"] == ["/vibenv-my-task"])
    broken = {**summary, "Labels": {**summary["Labels"], labels.COMMAND: text}}
    session = replies.session(broken, host="here")
    assert session is not None
    assert session.command == (text,)


def test_a_session_with_an_unknown_access_has_none_that_vibenv_gave_it(version: str) -> None:
    found = replies.container(recorded("inspect-session", version))
    odd = replace(found, labels=found.labels | {labels.ACCESS: "all of it"})
    assert replies.session_details(odd, host="here", now=datetime.now(UTC)).access is Access.NONE


def test_a_renamed_session_goes_by_its_containers_name(version: str) -> None:
    summary = next(each for each in recorded("list", version) if each["Names"] == ["/vibenv-my-task"])
    session = replies.session({**summary, "Names": ["/vibenv-other"]}, host="here")
    assert session is not None
    assert session.name == "other"


@pytest.mark.parametrize(
    ("status", "uptime"),
    [
        ("Up Less than a second", timedelta(0)),
        ("Up 1 second", timedelta(seconds=1)),
        ("Up 59 seconds", timedelta(seconds=59)),
        ("Up About a minute", timedelta(minutes=1)),
        ("Up 2 minutes (healthy)", timedelta(minutes=2)),
        ("Up 46 minutes (Paused)", timedelta(minutes=46)),
        ("Up About an hour", timedelta(hours=1)),
        ("Up 47 hours", timedelta(hours=47)),
        ("Up 2 days (health: starting)", timedelta(days=2)),
        ("Up 3 weeks", timedelta(weeks=3)),
        ("Up 2 months", timedelta(days=60)),
        ("Up 2 years", timedelta(days=730)),
        ("Exited (0) 5 minutes ago", None),
        ("Restarting (1) 3 seconds ago", None),
        ("Created", None),
        ("Dead", None),
        ("", None),
    ],
)
def test_uptime_is_read_from_every_text_that_an_engine_writes(status: str, uptime: timedelta | None) -> None:
    code, passed = replies.status(status)
    assert (passed if code is None else None) == uptime


@pytest.mark.parametrize(
    ("status", "code", "downtime"),
    [
        ("Exited (0) 5 minutes ago", 0, timedelta(minutes=5)),
        ("Exited (137) About an hour ago", 137, timedelta(hours=1)),
        ("Exited (2) Less than a second ago", 2, timedelta(0)),
    ],
)
def test_the_list_tells_how_and_when_a_session_ended(status: str, code: int, downtime: timedelta) -> None:
    assert replies.status(status) == (code, downtime)


def test_a_running_session_is_read_whole(version: str) -> None:
    container = replies.container(recorded("inspect-session", version))
    started = container.started
    assert started is not None
    details = replies.session_details(container, host="here", now=started + timedelta(seconds=7))
    assert details.session.name == "my-task"
    assert details.session.uptime == timedelta(seconds=7)
    assert details.access is Access.DOCKER
    assert (details.ended, details.session.exit_code) == (None, None)
    assert (details.cpus, details.memory) == (1.5, 268435456)
    assert details.size >= 0


def test_a_stopped_session_tells_its_end_and_exit_code(version: str) -> None:
    container = replies.container(recorded("inspect-stopped", version))
    details = replies.session_details(container, host="here", now=datetime.now(UTC))
    assert details.session.state is SessionState.STOPPED
    assert details.session.uptime is None
    assert details.session.exit_code == container.exit_code
    assert details.started is not None
    assert details.ended is not None
    assert details.started < details.ended


def test_a_container_that_never_ran_has_no_times_of_running(version: str) -> None:
    container = replies.container(recorded("inspect-created", version))
    assert container.state is SessionState.CREATED
    assert (container.started, container.ended) == (None, None)
    assert not labels.is_session(container.name, container.labels)


def test_the_stacks_containers_tell_their_ports_mounts_and_network(version: str) -> None:
    registry = replies.container(recorded("inspect-registry", version))
    dagger = replies.container(recorded("inspect-dagger", version))
    assert registry.ports == {"5000/tcp": "127.0.0.1:5000"}
    assert registry.image == "registry:2"
    assert dagger.network == f"container:{registry.id}"
    assert dagger.mounts["/var/lib/dagger"] == "dagger-cache"
    assert dagger.mounts["/run/dagger"].endswith("/run/dagger")
    assert dagger.ports == {}


def test_an_image_from_a_registry_has_the_digest_of_its_repository(version: str) -> None:
    reply = recorded("image", version)
    image = replies.image(reply, reference="localhost:5000/sample:x")
    assert image.digest is not None
    assert image.digest.startswith("sha256:")
    assert image.created is not None
    assert image.labels[labels.VERSION] == "0.1.0"
    assert replies.image(reply, reference="localhost:5000/other:x").digest is None


def test_an_image_that_does_not_say_when_it_was_made_has_no_date(version: str) -> None:
    image = replies.image(recorded("image-undated", version), reference="registry:2")
    assert (image.created, image.digest) == (None, None)


def test_an_engine_tells_its_version_and_whether_containers_outlive_it(version: str) -> None:
    info = replies.engine_info(recorded("info", version), api_version="1.41")
    assert info.version.startswith(version)
    assert info.live_restore is True
    assert info.storage_driver == "overlay2"
    assert (info.time.hour, info.time.minute, info.time.utcoffset()) == (19, 25, timedelta())


def test_a_socket_in_a_container_is_seen_with_its_time(version: str) -> None:
    stat = replies.path_stat(recorded("path-stat", version))
    assert stat.modified.year == 2026
    assert stat.modified.tzinfo is UTC


def test_a_pull_goes_from_none_to_all_and_never_back(version: str) -> None:
    layers: dict[str, float] = {}
    reached = [replies.pulled(layers, event) for event in recorded("pull", version)]
    fractions = [fraction for fraction in reached if fraction is not None]
    assert reached[0] is None
    assert fractions[-1] == 1.0
    with_all_layers_known = fractions[2:]
    assert with_all_layers_known == sorted(with_all_layers_known)
    assert len(set(fractions)) > 5


def test_an_image_tells_what_it_runs_and_as_whom(version: str) -> None:
    reply = recorded("image", version)
    config = reply["Config"] | {"Entrypoint": ["/in"], "Cmd": ["a", "b"], "User": "7:8", "Env": ["A=b=c"]}
    image = replies.image(reply | {"Config": config}, reference="i")
    assert (image.entrypoint, image.command, image.user) == (("/in",), ("a", "b"), "7:8")
    assert image.env == {"A": "b=c"}


def test_what_a_container_takes_is_told_as_docker_stats_tells_it(version: str) -> None:
    reply = recorded("stats", version)
    usage = replies.usage(reply)
    assert usage is not None
    assert 0.5 < usage.cpu < 1.5, "a loop of one thread was recorded, on two processors"
    memory = reply["memory_stats"]
    assert usage.memory == memory["usage"] - memory["stats"]["total_inactive_file"]
    assert (usage.memory_limit, usage.pids, usage.pids_limit) == (256 << 20, 1, 100)
    assert usage.network_in == reply["networks"]["eth0"]["rx_bytes"]
    assert usage.network_out == reply["networks"]["eth0"]["tx_bytes"]


def test_what_a_container_takes_is_told_by_the_second_version_of_control_groups_too(version: str) -> None:
    reply = recorded("stats", version)
    memory = {"usage": 5000, "limit": 9000, "stats": {"inactive_file": 1000, "file": 3000}}
    usage = replies.usage(
        reply | {"memory_stats": memory, "pids_stats": {"current": 3, "limit": (1 << 64) - 1}}
    )
    assert usage is not None
    assert (usage.memory, usage.pids, usage.pids_limit) == (4000, 3, None)


def test_a_container_that_does_not_run_takes_nothing(version: str) -> None:
    still = {"memory_stats": {}, "cpu_stats": {"cpu_usage": {"total_usage": 0}}, "pids_stats": {}}
    assert replies.usage(recorded("stats", version) | still) is None


def test_a_container_tells_its_limits(version: str) -> None:
    reply = recorded("inspect-session", version)
    bounds = {"CpuShares": 512, "PidsLimit": 100, "ReadonlyRootfs": True, "VolumesFrom": ["h:ro"]}
    bounded = replies.container(reply | {"HostConfig": reply["HostConfig"] | bounds})
    assert (bounded.cpu_shares, bounded.pids_limit, bounded.read_only) == (512, 100, True)
    assert bounded.volumes_from == ("h:ro",)
    free = replies.container(reply | {"HostConfig": reply["HostConfig"] | {"PidsLimit": -1}})
    assert (free.cpu_shares, free.pids_limit) == (None, None)


@pytest.mark.parametrize("reply", [{}, {"Names": ["/vibenv-a"], "Labels": None}, {"Names": []}])
def test_an_answer_of_another_shape_is_an_error(reply: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, IndexError)):
        replies.session(reply, host="here")
