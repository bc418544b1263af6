"""What a session may take of its host, and what it may do there."""

import time

from tests.engine.conftest import Launch
from tests.engine.test_sessions import inside
from tests.nu.shell import eventually
from tests.stack.engine import Engine as Docker
from vibenv_core import listing, sessions
from vibenv_core.engine import Engine
from vibenv_core.model import Access, SessionState, Usage

FORK_BOMB = "bomb() { bomb | bomb & }; while :; do bomb; done"
MEMORY_HOG = "head -c 300M /dev/zero | tail -c 300M >/dev/null"
"""Keeps 300 MB in memory."""


def usage(engine: Engine, name: str) -> Usage | None:
    """What a session takes, if it runs."""
    return dict(listing.usage(engine)).get(name)


def test_every_session_has_limits_unless_it_is_wished_otherwise(stack: Engine, launch: Launch) -> None:
    launch("usual")
    launch("free", memory=0, pids_limit=0)
    launch("tight", memory=64 << 20, pids_limit=50, cpus=0.5)
    found = {details.session.name: details for details in listing.details(stack)}
    usual, free, tight = (found[name] for name in ("usual", "free", "tight"))
    host = stack.info().memory
    assert usual.memory is not None
    assert 0.7 * host < usual.memory < 0.8 * host
    assert (usual.pids_limit, usual.cpu_shares) == (4096, 512)
    assert (free.memory, free.pids_limit) == (None, None)
    assert (tight.memory, tight.pids_limit, tight.cpus) == (64 << 20, 50, 0.5)


def test_a_fork_bomb_in_a_session_ends_at_its_limit_and_the_engine_answers(
    stack: Engine, launch: Launch
) -> None:
    launch("bomb", command=["bash", "-c", FORK_BOMB], pids_limit=60, cpus=0.5)
    eventually(
        lambda: (found := usage(stack, "bomb")) and found.pids >= 55, "as many processes as it may have"
    )
    begun = time.monotonic()
    assert {session.name for session in sessions.list_sessions(stack)} == {"bomb"}
    assert sessions.stop(stack, "bomb", grace_s=1).state is SessionState.STOPPED
    assert time.monotonic() - begun < 10


def test_what_uses_up_a_sessions_memory_is_ended_and_nothing_else(
    stack: Engine, docker_engine: Docker, launch: Launch
) -> None:
    launch("beside")
    script = f"{MEMORY_HOG}; echo $? >/root/ended; exec cat"
    launch("hog", command=["bash", "-c", script], memory=64 << 20)
    eventually(
        lambda: inside(docker_engine, "hog", "sh", "-c", "cat /root/ended 2>&1 || :") == "137",
        "the program to be killed",
    )
    assert {session.name: session.state for session in sessions.list_sessions(stack)} == {
        "beside": SessionState.RUNNING,
        "hog": SessionState.RUNNING,
    }


def test_stats_tell_what_each_session_takes(stack: Engine, launch: Launch) -> None:
    launch("busy", command=["sh", "-c", "while :; do :; done"], cpus=0.5, memory=64 << 20, pids_limit=50)
    launch("idle")
    launch("stopped")
    sessions.stop(stack, "stopped")
    taken = dict(listing.usage(stack))
    assert [*taken] == ["busy", "idle"]
    busy, idle = taken["busy"], taken["idle"]
    assert idle.cpu < 0.05 < busy.cpu < 0.7
    assert 1 << 20 < busy.memory < busy.memory_limit == 64 << 20
    assert busy.pids_limit == 50
    assert 2 <= busy.pids <= 10


def test_a_session_can_do_as_root_what_packages_need_and_no_more(
    docker_engine: Docker, launch: Launch
) -> None:
    launch("a")
    script = "useradd --create-home joe && su - joe -c 'id -un' && chown joe /root && mknod /tmp/null c 1 3"
    tried = docker_engine.docker("exec", "vibenv-a", "sh", "-c", f"{script} 2>&1 || :").split("\n")
    assert tried[0] == "joe"
    assert "Operation not permitted" in tried[1], "a device file could be made"


def test_a_program_gets_no_more_rights_than_its_user_unless_that_is_wished(
    docker_engine: Docker, launch: Launch
) -> None:
    who = "cp /usr/bin/id /usr/local/bin/id-of-root; chmod 4755 /usr/local/bin/id-of-root; "
    who += "su nobody -s /bin/sh -c id-of-root"
    for name, new_privileges, rooted in (("a", False, False), ("b", True, True)):
        launch(name, new_privileges=new_privileges)
        assert ("euid=0" in inside(docker_engine, name, "sh", "-c", who)) is rooted, name


def test_a_read_only_session_can_write_to_tmp_alone(docker_engine: Docker, launch: Launch) -> None:
    launch("a", read_only=True, access=Access.NONE)
    write = "touch /tmp/mine && touch /root/mine 2>&1 || :"
    assert "Read-only file system" in inside(docker_engine, "a", "sh", "-c", write)
