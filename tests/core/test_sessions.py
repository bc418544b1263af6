"""What is done about sessions where an engine is cut off while it does it."""

import contextlib
import socket
import threading
from dataclasses import replace
from typing import cast

import pytest

from tests.core.test_session_plan import SESSION
from vibenv_core import labels, sessions
from vibenv_core.engine import Engine
from vibenv_core.errors import EngineError, Unreachable
from vibenv_core.hosts import Host
from vibenv_core.model import Container, SessionState
from vibenv_core.stream import Stream

FAR = Host(name="far", url="ssh://far", tls=None)
LOG = "vibenv-log-a-12ab"


class CutOff:
    """An engine with one session, whose link breaks at each removal: before that is done, or after."""

    host = FAR

    def __init__(self, *, before: bool, answers: bool = True) -> None:
        self.left = {SESSION.id, LOG}
        self._before, self._answers = before, answers
        self._breaks = {SESSION.id, LOG}

    def inspect(self, _container: str) -> Container | None:
        self._answer()
        found = replace(SESSION, mounts={labels.LOG_MOUNT: LOG})
        return found if SESSION.id in self.left else None

    def volume_labels(self, name: str) -> dict[str, str] | None:
        self._answer()
        return {} if name in self.left else None

    def remove(self, container: str, *, force: bool) -> None:
        assert force
        self._remove(container)

    def remove_volume(self, name: str) -> None:
        self._remove(name)

    def _remove(self, name: str) -> None:
        breaks = name in self._breaks
        self._breaks.discard(name)
        if not (breaks and self._before):
            self.left.remove(name)
        if breaks:
            raise Unreachable("cut off", code="x")

    def _answer(self) -> None:
        if not self._answers and not self._breaks >= {SESSION.id}:
            raise Unreachable("gone", code="x")


@pytest.mark.parametrize("before", [True, False])
def test_a_removal_that_is_cut_off_is_gone_through_with(before: bool) -> None:
    engine = CutOff(before=before)
    assert sessions.remove(cast("Engine", engine), "a", force=True).name == "a"
    assert engine.left == set()


def test_a_removal_whose_host_stays_away_says_so() -> None:
    engine = CutOff(before=True, answers=False)
    with pytest.raises(Unreachable):
        sessions.remove(cast("Engine", engine), "a", force=True)
    assert engine.left == {SESSION.id, LOG}


class Mute:
    """An engine where a session runs on, and the connection to its output has ended."""

    host = FAR

    def __init__(self) -> None:
        self.begun = self.stopped = False
        near, far = socket.socketpair()
        far.close()
        self.output = Stream(near)

    def starter(self) -> contextlib.nullcontext[None]:
        return contextlib.nullcontext()

    def start_watched(self, *_: object, **__: object) -> tuple[Stream, Container]:
        self.begun = True
        return self.output, SESSION

    def inspect(self, _container: str) -> Container:
        return replace(SESSION, state=SessionState.RUNNING if self.begun else SessionState.STOPPED)

    def stop(self, _container: str, *, grace_s: float) -> None:
        self.stopped = grace_s == 0


def test_a_session_that_says_nothing_and_runs_on_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "_ENDING_S", 0.02)
    engine = Mute()
    with engine.output, pytest.raises(EngineError) as raised:
        sessions.start(cast("Engine", engine), "a", cancelled=threading.Event())
    assert raised.value.code == "vibenv::session::not_ready"
    assert engine.stopped
