"""What holds a session's program: its terminal, its signals and its exit status."""

import pytest

from tests.engine.conftest import Launch
from tests.engine.test_sessions import inside
from tests.nu.shell import eventually
from tests.stack.engine import Engine as Docker
from vibenv_core import listing, sessions
from vibenv_core.engine import Engine
from vibenv_core.errors import WrongState
from vibenv_core.model import SessionState


def exit_code(engine: Engine, name: str) -> int | None:
    """The exit code of a session that has ended, or will soon."""

    def ended() -> bool:
        return sessions.find(engine, name).state is SessionState.STOPPED

    eventually(ended, "its end")
    return {each.session.name: each.session.exit_code for each in listing.details(engine)}[name]


def test_the_program_finds_its_window_size_and_default_signals(docker_engine: Docker, launch: Launch) -> None:
    look = "(stty size; grep SigIgn /proc/self/status; ls /proc/self/fd) >/root/found; touch /root/ready; cat"
    launch("a", command=["sh", "-c", look], rows=31, cols=97)
    eventually(lambda: "ready" in inside(docker_engine, "a", "ls", "/root"), "the program to be ready")
    size, ignored, *descriptors = inside(docker_engine, "a", "cat", "/root/found").splitlines()
    assert size == "31 97"
    assert int(ignored.split()[1], 16) & (1 << 31) - 1 == 0
    assert descriptors == ["0", "1", "2", "3"]


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_the_exit_status_of_the_program_is_kept(
    stack: Engine, launch: Launch, script: str, code: int
) -> None:
    launch("a", command=["sh", "-c", f"sleep 0.5; {script}"])
    assert exit_code(stack, "a") == code


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("no-such-program", "not found"),
        ("/root/no-such-program", "not found"),
        ("/root", "Permission denied"),
    ],
)
def test_a_program_that_is_not_there_is_told_of_each_time(launch: Launch, program: str, said: str) -> None:
    for _ in range(3):
        with pytest.raises(WrongState, match=said):
            launch("a", command=[program])
