"""A host over ssh as a user types it: what fails at once, and what lets ssh ask on the terminal."""

import os
import pty
import select
import time
from pathlib import Path

import pytest

from tests.link.bed import INSTANCE, before
from tests.nu.shell import Shell
from tests.stack.engine import Engine as Docker

HOST = f"--host ssh://{INSTANCE}"


def on_a_terminal(shell: Shell, code: str, answers: dict[bytes, bytes]) -> str:
    """What Nushell shows on a terminal while it runs `code`; each question gets its answer typed once."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(shell.home)
        os.execve(shell.nu, [str(shell.nu), "-c", f"use vibenv; {code}"], shell.env())
    shown, waiting, deadline = b"", dict(answers), time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # the last process has closed it
            break
        for question in [question for question in waiting if question in shown]:
            os.write(terminal, waiting.pop(question))
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    return shown.decode()


@pytest.mark.one_engine("28")
@pytest.mark.usefixtures("launcher")
def test_up_lets_ssh_ask_on_the_terminal_and_a_list_does_not(
    docker_engine: Docker, nu_binary: Path, tmp_path: Path
) -> None:
    with before(docker_engine) as bed:
        shell = Shell(nu=nu_binary, home=tmp_path, variables=bed.env | {"HOME": str(tmp_path)})
        assert shell.install().returncode == 0
        (bed.folder / "known_hosts").write_text("")
        failed = shell.error(f"vibenv list {HOST}")
        assert failed["code"] == "vibenv::ssh::host_key_unknown"
        assert failed["labels"][0]["text"] == "this host"
        shown = on_a_terminal(shell, f"vibenv up {HOST} | get state | to nuon", {b"(yes/no": b"yes\n"})
        assert "[running, running]" in shown
        assert shell.value(f"vibenv list {HOST}") == []
        assert bed.handshakes == 1
