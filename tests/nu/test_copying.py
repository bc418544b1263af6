"""Places of this machine, as `vibenv push` and `vibenv pull` are given them."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from nu_plugin_vibenv.copying import here
from nu_plugin_vibenv.sdk import Call


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("a/b", "/from/here/a/b"),
        ("/a", "/a"),
        ("~/a", str(Path.home() / "a")),
        ("~nobody-is-called-so/a", "/from/here/~nobody-is-called-so/a"),
    ],
)
def test_a_place_is_seen_from_where_the_caller_is(typed: str, place: str) -> None:
    engine = SimpleNamespace(current_directory=lambda: "/from/here")
    assert here(cast("Call", SimpleNamespace(engine=engine)), typed) == place
