"""What is done about sessions where an engine is cut off while it does it."""

from dataclasses import replace
from typing import cast

import pytest

from tests.core.test_session_plan import SESSION
from vibenv_core import labels, sessions
from vibenv_core.engine import Engine
from vibenv_core.errors import Unreachable
from vibenv_core.hosts import Host
from vibenv_core.model import Container

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
