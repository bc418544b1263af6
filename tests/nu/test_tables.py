"""What rows show of what others wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nu_plugin_vibenv.tables import shown
from nu_plugin_vibenv.tables.sessions import session_details_row, session_row
from vibenv_core.model import Access, Session, SessionDetails, SessionState

HOSTILE = "\x1b]0;mine\x07\x9b2J\u202e"
SESSION = Session(
    name="a",
    id="1",
    state=SessionState.RUNNING,
    created=datetime(2026, 1, 1, tzinfo=UTC),
    uptime=None,
    image=f"image{HOSTILE}",
    command=("sh", f"echo {HOSTILE}"),
    version=HOSTILE,
    host="here",
)
DETAILS = SessionDetails(
    session=SESSION,
    access=Access.NONE,
    started=None,
    ended=None,
    size=0,
    cpus=None,
    memory=None,
    cpu_shares=None,
    pids_limit=None,
    log=None,
)


def test_labels_of_others_cannot_steer_the_terminal() -> None:
    row = session_details_row(DETAILS)
    for text in (session_row(SESSION).image, row.image, *row.command, row.version):
        assert text.isprintable(), text
    assert row.command[1] == r"echo \x1b]0;mine\x07\x9b2J\u202e"


@pytest.mark.parametrize("text", ["bash -l", "été 日本 🙂", "if true\nthen\techo it\nfi"])
def test_what_steers_no_terminal_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text
    assert session_details_row(replace(DETAILS, session=replace(SESSION, command=(text,)))).command == [text]
