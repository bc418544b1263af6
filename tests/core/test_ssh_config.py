"""vibenv's part of the ssh configuration: put in, taken out, and what it does to what was there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibenv_core import ssh_config
from vibenv_core.errors import WrongState
from vibenv_core.ssh_config import BEGIN, END, Change, Conflict

_LINE_ENDS = st.sampled_from(["\n", "\r\n", "\n\n", ""])
_LINES = st.sampled_from(
    [
        "Host *",
        "Host i-*",
        "  User me",
        "Match all",
        "Include x",
        "# é",
        "\t",
        "\x0c",
        " ",
        "\u2028x",
        "\rx",
        "é=ü",
    ]
)
_FILES = st.lists(st.tuples(_LINES | st.text(), _LINE_ENDS)).map(
    lambda pairs: "".join(line + end for line, end in pairs).encode(errors="replace")
)
"""Files that have none of our marks, nor what ssh cannot read."""


def plain(content: bytes) -> bool:
    text = content.decode()
    return "vibenv" not in text and "\0" not in text and "\ufeff" not in text


@given(_FILES.filter(plain))
def test_all_that_was_there_follows_byte_for_byte(content: bytes) -> None:
    assert ssh_config.with_part(content).endswith(content)


@given(_FILES.filter(plain))
def test_put_in_twice_is_as_once(content: bytes) -> None:
    once = ssh_config.with_part(content)
    assert ssh_config.with_part(once) == once


@given(_FILES.filter(plain))
def test_taken_out_the_file_is_as_it_was(content: bytes) -> None:
    assert ssh_config.without_part(ssh_config.with_part(content)) == content


@given(_FILES.filter(plain), _FILES.filter(plain))
def test_from_wherever_it_was_moved_to_it_comes_back_to_the_start(before: bytes, after: bytes) -> None:
    before += b"\n"
    moved = before + ssh_config.with_part(b"") + after
    assert ssh_config.without_part(moved) == before + after
    assert ssh_config.with_part(moved) == ssh_config.with_part(before + after)


@given(_FILES.filter(plain))
def test_the_changes_are_what_makes_the_one_file_of_the_other(content: bytes) -> None:
    new = ssh_config.with_part(content)
    shown = ssh_config.changes(content, new)
    assert all(change.added for change in shown)
    lines = new.decode().split("\n")
    assert [lines[change.line - 1].rstrip("\r") for change in shown] == [change.text for change in shown]
    assert ssh_config.changes(new, new) == []


def test_an_older_part_is_replaced_and_the_changes_show_both() -> None:
    old = f"{BEGIN}\nHost i-*\n{END}\nUser me\n".encode()
    new = ssh_config.with_part(old)
    assert new == ssh_config.with_part(b"User me\n")
    assert Change(line=2, added=False, text="Host i-*") not in ssh_config.changes(old, new)
    assert [change for change in ssh_config.changes(new, old) if change.added] == []


def test_the_part_has_the_files_own_line_ends() -> None:
    made = ssh_config.with_part(b"User me\r\nPort 22\r\n")
    assert made.count(b"\n") == made.count(b"\r\n")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"User me\n{BEGIN}\nHost i-*\n".encode(), "line 2"),
        (f"Host i-*\n{END}\n".encode(), "line 2"),
        (f"{BEGIN}\n{BEGIN}\n{END}\n".encode(), "line 2"),
        (f"{BEGIN}\n{END}\n{END}\n".encode(), "line 3"),
        (b"User me\n# caf\xe9\n", "line 2 is not UTF-8"),
        (b"User me\0\n", "line 1"),
        (b"\xef\xbb\xbfUser me\n", "line 1"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_with_the_line(content: bytes, why: str) -> None:
    for change in (ssh_config.with_part, ssh_config.without_part):
        with pytest.raises(WrongState, match=why) as raised:
            change(content)
        assert raised.value.code == "vibenv::ssh_config::unclear"
        assert raised.value.help


def test_the_users_own_words_on_the_same_hosts_are_found() -> None:
    theirs = (
        b"Host *\n  ControlMaster no\nHost web i-*\n  User me\n  ProxyCommand=other %h\n controlpersist 10m\n"
    )
    assert ssh_config.conflicts(theirs) == [Conflict(line=5, text="ProxyCommand=other %h")]
    assert ssh_config.conflicts(ssh_config.with_part(b"Host *\n  ControlMaster no\n")) == []
    assert ssh_config.conflicts(b"Match host i-*\n ControlMaster no\nHost web\n ControlMaster no\n") == []
    assert ssh_config.conflicts(ssh_config.with_part(theirs))[0].text == "ProxyCommand=other %h"
