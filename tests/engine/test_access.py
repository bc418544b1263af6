"""vibenv as typed in a session, which sees what the session's access allows."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.engine.conftest import Launch
from vibenv_core import exec as core
from vibenv_core.engine import Engine
from vibenv_core.model import Access

pytestmark = pytest.mark.one_engine("28")

LINES = ("vibenv", "vibenv list", "vibenv exec other true", "vibenv launch new", "[other] | vibenv stop")


def typed(engine: Engine, session: str, line: str) -> Any:
    """What a line of Nushell gives in a session; of an error, its `details`."""
    caught = f"use vibenv; try {{ {line} | collect }} catch {{|e| $e.details }} | to json --raw"
    wish = core.Exec(argv=["nu", "-c", caught], env={})
    done = core.finished(engine, session, wish, cancelled=threading.Event())
    assert done.exit_code == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_a_session_with_the_docker_engine_uses_every_session_of_the_host(
    stack: Engine, launch: Launch
) -> None:
    launch("inside")
    launch("other", access=Access.NONE)
    assert typed(stack, "inside", "vibenv list | get name | sort") == ["inside", "other"]
    assert typed(stack, "inside", "vibenv exec other hostname | get stdout") == "other\n"
    assert typed(stack, "inside", "vibenv exec $env.VIBENV_SESSION hostname | get stdout") == "inside\n"
    assert typed(stack, "inside", "vibenv launch new --command bash --access none | get 0.state") == "running"
    assert typed(stack, "inside", "vibenv remove new --force | get 0.name") == "new"


@pytest.mark.parametrize("access", [Access.DAGGER, Access.NONE])
def test_without_the_docker_engine_each_command_says_that_it_is_the_session_that_has_none(
    stack: Engine, launch: Launch, access: Access
) -> None:
    launch("inside", access=access)
    launch("other", access=Access.NONE)
    for line in LINES:
        error = typed(stack, "inside", line)
        assert error["code"] == "vibenv::engine::no_access", line
        assert "`inside`" in error["msg"]
        assert "--access docker" in error["help"]
    docker = typed(stack, "inside", "vibenv doctor | where check == docker | first")
    assert (docker["ok"], "no access" in docker["detail"]) == (False, True)


def test_an_engine_that_is_named_in_a_session_is_asked_whatever_the_access(
    stack: Engine, launch: Launch
) -> None:
    launch("inside", access=Access.NONE)
    elsewhere = typed(stack, "inside", "vibenv list --host tcp://127.0.0.1:9")
    assert elsewhere["code"] == "vibenv::engine::not_running"
