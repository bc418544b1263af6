"""Names of sessions, and of their containers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibenv_core import labels
from vibenv_core.errors import UsageError
from vibenv_core.model import session_name

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,62}", fullmatch=True)


@given(NAMES)
def test_a_good_name_is_kept_and_comes_back_from_its_container(name: str) -> None:
    assert session_name(name) == name
    assert labels.session_of(labels.container_name(name)) == name


@pytest.mark.parametrize(
    "name", ["", "A", "-a", ".a", "a b", "a/b", "ä", "a\n", "a" * 64, "a;b", "$(a)", "..", "٣"]
)
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as raised:
        session_name(name)
    assert raised.value.code == "vibenv::session::bad_name"
    assert raised.value.about == "name"


def test_a_session_is_known_by_its_label_and_its_containers_name_together() -> None:
    ours = {labels.SESSION: "a"}
    assert labels.is_session("vibenv-a", ours)
    assert not labels.is_session("vibenv-a", {})
    assert not labels.is_session("other-a", ours)
