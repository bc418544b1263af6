"""A session's ports on this machine, as they are typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.nu.shell import Shell, eventually

pytestmark = pytest.mark.one_engine("28")
SERVER = "python3 -m http.server --bind 127.0.0.1 8000"


@pytest.fixture
def web(shell: Shell, tmp_path: Path) -> Iterator[Shell]:
    """A Nushell whose host has the session `web`, which serves files on loopback at its port 8000."""
    shell = replace(shell, variables={**shell.variables, "XDG_RUNTIME_DIR": str(tmp_path)})
    shell.value(f"vibenv launch web --command '{SERVER}' | ignore")
    eventually(lambda: "Serving" in shell.run("-c", LOG).stdout, "the server to listen")
    yield shell
    shell.value("vibenv forwards --end")


LOG = "use vibenv; vibenv forward web 8000 | get detail | default Serving"


def test_a_port_is_forwarded_listed_and_ended(web: Shell) -> None:
    row = web.value("vibenv forward web 8000")
    assert (row["name"], row["port"], row["detail"]) == ("web", 8000, None)
    assert "Directory listing" in web.value("http get --raw (vibenv forward web 8000 | get url)")
    assert web.value("vibenv forwards") == [row]
    assert web.value("vibenv forwards | get 0.since | describe") == "datetime"
    other = web.value("vibenv forward web 9 --local 1")
    assert "somebody does on 8000" in other["detail"]
    assert [
        row["port"] for row in web.value("vibenv forwards | where port == 9 | vibenv forwards --end")
    ] == [9]
    assert web.value("vibenv forwards nope --end") == []
    assert web.value("vibenv forwards web --end | get detail") == ["ended"]
    assert web.value("vibenv forwards") == []


def test_a_forward_goes_on_when_its_session_was_started_again_and_ends_with_it(web: Shell) -> None:
    url = web.value("vibenv forward web 8000 | get url")
    web.value("vibenv stop web --grace 0sec | ignore")
    assert web.value("vibenv forwards | get detail") == ["the session is stopped"]
    assert web.error("vibenv forward web 8000")["code"] == "vibenv::session::not_running"
    web.value("vibenv start web | ignore")
    eventually(lambda: web.run("-c", f"http get --raw {url}").returncode == 0, "the server to answer")
    web.value("vibenv remove web --force | ignore")
    assert web.value("vibenv forwards") == []


def test_what_cannot_be_forwarded_is_shown_where_it_was_typed(web: Shell) -> None:
    for typed, code, label in (
        ("web 0", "vibenv::forward::bad_port", "this port"),
        ("web 80 --local 65536", "vibenv::forward::bad_port", "this local"),
        ("nope 80", "vibenv::session::not_found", "this name"),
        ("Web 80", "vibenv::session::bad_name", "this name"),
    ):
        failed = web.error(f"vibenv forward {typed}")
        assert (failed["code"], failed["labels"][0]["text"]) == (code, label)
