"""What a program reports of itself comes to a person's own terminal, below the session's name."""

from __future__ import annotations

import select
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.terminal.session import Session, running
from vibenv_core.attachment import Attachment
from vibenv_core.detach_key import DetachKey
from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import Kind
from vibenv_core.supervisor.ghostty import GhosttyScreen

PATIENCE_S = 10.0
QUERY = r"modes=$(stty -g); stty raw -echo; printf '\033]7501;?\033\\'; "
QUERY += r"""dd bs=1 count=10 2>/dev/null | tr -c '[:print:]' .; stty "$modes"; """
PROGRAM = r"""
report() { printf '\033]7501;%s\033\\' "$1"; }
report state=working:app=agent:progress=5
read line
report state=blocked:id=ask:kind=permission:msg=cm0geD8=; echo asked
read line
printf '\033['; sleep 0.3; report state=done; echo end
read line
"""


class Person:
    """A terminal that takes reports, with a session shown on it."""

    def __init__(self, session: socket.socket) -> None:
        self.terminal = GhosttyScreen(24, 80)
        self.painted = b""
        self.attachment = Attachment(24, 80, client=uuid.uuid4().hex, session="task", key=DetachKey())
        self._session = session
        session.sendall(frames.said(Kind.HELLO, self.attachment.hello()._asdict()))
        self.attachment.opened(time.monotonic())

    def until(self, holds: Callable[[], bool]) -> None:
        """Go on until something holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, self.painted
            if select.select([self._session], [], [], 0.02)[0]:
                self.attachment.received(self._session.recv(1 << 16), time.monotonic())
            self.go_on()

    def go_on(self) -> None:
        """Paint what there is, type what the terminal answers, send what is to be sent."""
        painted = bytes(self.attachment.to_screen)
        self.painted += painted
        for answer in self.terminal.feed(painted):
            self.attachment.typed(bytes([answer]), time.monotonic())
        self.attachment.painted(len(painted))
        self.attachment.tick(time.monotonic())
        self._session.sendall(self.attachment.to_session)
        self.attachment.to_session.clear()

    def reports(self) -> list[str]:
        """What the terminal was told since this was asked last."""
        return [event.text for event in self.terminal.events() if event.kind == "report"]


@pytest.fixture
def start() -> Iterator[Callable[..., Session]]:
    """Sessions that end with the test."""
    with ExitStack() as stack:
        yield lambda *program: stack.enter_context(running(*program))


@contextmanager
def attached(session: Session) -> Iterator[Person]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(session.control_socket))
        person = Person(connection)
        yield person
        person.terminal.close()


def test_a_program_finds_support_and_its_reports_come_to_the_persons_terminal(
    start: Callable[..., Session],
) -> None:
    session = start("sh", "-c", QUERY + PROGRAM)
    with attached(session) as person:
        told: list[str] = []

        def is_told(report: str) -> Callable[[], bool]:
            return lambda: report in (told.extend(person.reports()) or told)  # type: ignore[func-returns-value]

        person.until(is_told("state=working:id=task:progress=5:app=agent"))
        person.attachment.typed(b"\r", time.monotonic())
        person.until(is_told("state=blocked:id=task/ask:kind=permission:app=agent:msg=cm0geD8="))
        person.attachment.typed(b"\r", time.monotonic())
        person.until(is_told("state=done:id=task"))
        person.until(lambda: "end" in [row.text for row in person.terminal.rows()])
        assert told[0] == "state=clear:id=task"
        person.attachment.leave()
        person.go_on()
        assert person.reports() == ["state=clear:id=task"]
    printed = session.recording.output
    assert b".]7501;?.\\" in printed, "the emulator's answer"
    assert printed.count(b"7501;?") == 2, "no answer of the person's terminal was typed and echoed"


def test_clients_that_do_not_ask_get_none_of_it(start: Callable[..., Session]) -> None:
    session = start("sh", "-c", PROGRAM)
    client = session.attach()
    client.type(b"\r")
    client.until_painted(b"asked")
    assert b"7501" not in client.painted
    assert not [frame for frame in client.frames if frame.kind == Kind.RECORD]
