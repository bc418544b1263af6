"""What Docker's files about contexts say, and how they are written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibenv_core import contexts
from vibenv_core.contexts import Endpoint
from vibenv_core.errors import UsageError, WrongState

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_CONFIGS = st.dictionaries(st.text().filter(lambda key: key != "currentContext"), _VALUES, max_size=4)
_INDENTS = st.sampled_from([None, 0, 2, "\t"])
_NAMES = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]+", fullmatch=True).filter(lambda name: name != "default")


@pytest.mark.parametrize("name", ["dagger-ssm", "a1", "A.b_c+d-e", "0x"])
def test_a_context_may_have_the_names_that_docker_lets_it_have(name: str) -> None:
    assert contexts.context_name(name) == name


@pytest.mark.parametrize("name", ["", "a", "default", "-a", "a b", "a/b", "../x", "é1", "a\n"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as raised:
        contexts.context_name(name)
    assert (raised.value.code, raised.value.about) == ("vibenv::context::bad_name", "name")


@given(st.text(), st.booleans())
def test_what_is_written_is_what_is_read(description: str, skip: bool) -> None:
    wanted = Endpoint(url="ssh://i-0", description=description, skip_tls_verify=skip)
    text = contexts.meta_text("box", wanted, {})
    assert json.loads(text)["Name"] == "box"
    assert contexts.endpoint(json.loads(text)) == wanted


def test_what_another_program_keeps_in_a_context_stays() -> None:
    old = {
        "Name": "box",
        "Metadata": {"Description": "old", "StackOrchestrator": "swarm"},
        "Endpoints": {"docker": {"Host": "tcp://old:1"}, "kubernetes": {"Host": "https://k"}},
    }
    new = json.loads(contexts.meta_text("box", Endpoint(url="ssh://new"), old))
    assert new["Metadata"] == {"StackOrchestrator": "swarm"}
    assert new["Endpoints"]["kubernetes"] == {"Host": "https://k"}
    assert new["Endpoints"]["docker"] == {"Host": "ssh://new", "SkipTLSVerify": False}


@pytest.mark.parametrize("meta", [{}, {"Endpoints": None}, {"Endpoints": {"docker": 3}}, {"Endpoints": []}])
def test_a_context_of_another_shape_leads_to_no_engine(meta: dict[str, Any]) -> None:
    assert contexts.endpoint(meta) is None


@given(_CONFIGS, _INDENTS, st.booleans(), _NAMES)
def test_only_the_current_context_is_changed(
    config: dict[str, Any], indent: int | str | None, newline: bool, name: str
) -> None:
    text = (json.dumps(config, indent=indent, ensure_ascii=False) + "\n" * newline).encode(errors="replace")
    config = json.loads(text)
    named = contexts.with_current(text, name, "config.json")
    assert list(json.loads(named).items()) == [*config.items(), ("currentContext", name)]
    assert contexts.with_current(named, name, "config.json") == named
    other = contexts.with_current(named, "other", "config.json")
    assert contexts.with_current(other, name, "config.json") == named
    assert contexts.with_current(text, "default", "config.json") == text
    if config:
        assert contexts.with_current(named, "default", "config.json") == text


@given(_CONFIGS, _CONFIGS, _INDENTS)
def test_the_current_context_stays_where_it_stands(
    before: dict[str, Any], after: dict[str, Any], indent: int | str | None
) -> None:
    text = json.dumps({**before, "currentContext": "old", **after}, indent=indent).encode()
    changed = contexts.with_current(text, "new", "config.json")
    assert changed == text.replace(b'"currentContext": "old"', b'"currentContext": "new"')
    assert json.loads(contexts.with_current(text, "default", "config.json")) == {**before, **after}


def test_a_new_config_file_looks_like_dockers() -> None:
    assert contexts.with_current(b"", "lab", "config.json") == b'{\n\t"currentContext": "lab"\n}'
    assert contexts.with_current(b"", "default", "config.json") == b""
    docker = b'{\n\t"auths": {}\n}'
    assert contexts.with_current(docker, "lab", "x") == b'{\n\t"auths": {},\n\t"currentContext": "lab"\n}'


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b'"x"', b"{} x"])
def test_a_config_file_that_is_broken_is_refused_by_its_path(text: bytes) -> None:
    with pytest.raises(WrongState, match=r"/home/me/\.docker/config\.json") as raised:
        contexts.with_current(text, "lab", "/home/me/.docker/config.json")
    assert raised.value.code == "vibenv::host::bad_config"
