"""Which sessions a command is about."""

from __future__ import annotations

import pytest

from nu_plugin_vibenv.names import Names, from_arguments, from_pipeline
from vibenv_core.errors import UsageError


def test_arguments_are_names_in_their_order_each_once() -> None:
    assert from_arguments(["b", "a", "b"]) == Names(("b", "a"), one=False)


@pytest.mark.parametrize("value", ["a", {"name": "a"}, {"name": "a", "state": "running"}])
def test_a_string_or_a_row_is_one_name(value: object) -> None:
    assert from_pipeline(value) == Names(("a",), one=True)


def test_a_list_of_one_is_several_names_that_happen_to_be_one() -> None:
    assert from_pipeline([{"name": "a"}]) == Names(("a",), one=False)


def test_strings_and_rows_may_be_mixed() -> None:
    assert from_pipeline(["a", {"name": "b"}]).names == ("a", "b")


def test_an_empty_list_names_nothing_and_is_no_error() -> None:
    assert from_pipeline([]) == Names((), one=False)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (3, "`3` came in"),
        (["a", 3], "`3` came in"),
        ({"id": "a"}, "a row without a `name` came in"),
        ([{"name": None}], "a row without a `name` came in"),
    ],
)
def test_what_is_no_name_is_refused_and_the_error_says_what_it_was(value: object, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        from_pipeline(value)
    assert caught.value.code == "vibenv::usage::not_a_name"
    assert caught.value.help is not None


def test_without_any_name_the_error_says_how_to_give_one() -> None:
    with pytest.raises(UsageError, match="no session was named") as caught:
        from_pipeline(None)
    assert "name one" in str(caught.value.help)


@pytest.mark.parametrize("name", ["", "A", "-a", "a b", "a/b", "a" * 64, "é"])
def test_a_name_that_no_session_may_have_is_refused(name: str) -> None:
    for read in (from_pipeline, lambda value: from_arguments([value])):
        with pytest.raises(UsageError) as caught:
            read(name)
        assert caught.value.code == "vibenv::session::bad_name"
