"""What the overview says is to be typed next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nu_plugin_vibenv.commands.overview import overview
from vibenv_core.model import Component, ComponentState, Session, SessionState

RUNNING, MISSING = ComponentState.RUNNING, ComponentState.MISSING


def parts(**states: ComponentState) -> list[Component]:
    return [
        Component(
            component=name,
            state=states.get(name, RUNNING),
            version="1",
            address=None,
            since=None,
            detail=None,
        )
        for name in ("docker", "registry", "dagger", "launcher")
    ]


def session(name: str, state: SessionState) -> Session:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return Session(
        name=name,
        id=name,
        state=state,
        created=made,
        uptime=None,
        image="i",
        command=(),
        version="1",
        host="h",
    )


STOPPED = session("old", SessionState.STOPPED)
RUNS = session("new", SessionState.RUNNING)


@pytest.mark.parametrize(
    ("states", "known", "line"),
    [
        ({"registry": MISSING, "dagger": MISSING, "launcher": MISSING}, [], "vibenv up"),
        ({"dagger": ComponentState.STALE}, [RUNS], "vibenv up"),
        ({"registry": ComponentState.FOREIGN}, [], "vibenv doctor"),
        ({"launcher": MISSING}, [], "vibenv create launcher"),
        ({}, [], "vibenv launch my-task"),
        ({}, [STOPPED], "vibenv start old"),
        ({}, [RUNS, STOPPED], "vibenv attach new"),
    ],
)
def test_the_next_line_brings_one_step_further(
    states: dict[str, ComponentState], known: list[Session], line: str
) -> None:
    assert overview("here", parts(**states), known).next == line


def test_the_overview_counts_sessions_and_names_what_is_missing() -> None:
    seen = overview("here", parts(launcher=MISSING), [RUNS, STOPPED])
    assert (seen.sessions, seen.running) == (2, 1)
    assert (seen.docker, seen.registry, seen.launcher) == ("1", "running", "missing")
