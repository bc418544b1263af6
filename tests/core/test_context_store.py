"""A context is made whole or not at all, and changed wholly or left as it was."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vibenv_core import context_store, user_files
from vibenv_core.contexts import Endpoint, key
from vibenv_core.errors import NotFound, WrongState

FAR = Endpoint(url="tcp://far:1", description="far away")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"DOCKER_CONFIG": str(tmp_path)}


def files(env: dict[str, str]) -> dict[str, bytes]:
    root = Path(env["DOCKER_CONFIG"])
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_context_that_cannot_be_written_leaves_nothing(env: dict[str, str]) -> None:
    in_the_way = Path(env["DOCKER_CONFIG"]) / "contexts" / "meta"
    in_the_way.parent.mkdir()
    in_the_way.write_text("no folder")
    with pytest.raises(WrongState):
        context_store.create(env, "far", FAR, {"ca.pem": b"ca"}, force=False)
    assert files(env) == {"contexts/meta": b"no folder"}
    assert not context_store.tls_folder(env, "far").exists()


def test_a_change_that_fails_leaves_the_context_and_its_tls_files(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    context_store.create(env, "far", FAR, {"ca.pem": b"old", "cert.pem": b"c", "key.pem": b"k"}, force=False)
    before = files(env)
    replace = user_files.replace

    def replace_all_but_the_last(path: Path, content: bytes, *, new_mode: int = 0o600) -> None:
        if path.name == ".meta.json.new":
            raise WrongState("no space", code="file::refused")
        replace(path, content, new_mode=new_mode)

    monkeypatch.setattr(user_files, "replace", replace_all_but_the_last)
    for tls in ({"ca.pem": b"new"}, {}):
        with pytest.raises(WrongState, match="no space"):
            context_store.create(env, "far", Endpoint(url="tcp://other:1"), tls, force=True)
        assert files(env) == before
    monkeypatch.undo()
    assert context_store.create(env, "far", FAR, {"ca.pem": b"new"}, force=True)
    changed = files(env)
    assert [name for name in changed if name.endswith(".pem")] == [f"contexts/tls/{key('far')}/docker/ca.pem"]


def test_what_a_killed_change_left_is_swept_by_the_next(env: dict[str, str]) -> None:
    place = context_store.tls_folder(env, "far")
    for left in (".docker.new", ".docker.old"):
        (place.parent / left).mkdir(parents=True)
        (place.parent / left / "key.pem").write_text("left")
    context_store.create(env, "far", FAR, {"ca.pem": b"ca"}, force=False)
    assert sorted(path.name for path in place.parent.iterdir()) == ["docker"]
    assert [path.name for path in place.iterdir()] == ["ca.pem"]


@pytest.mark.parametrize("before", [{}, {"ca.pem": b"old", "cert.pem": b"c", "key.pem": b"k"}])
@pytest.mark.parametrize("wanted", [{}, {"ca.pem": b"new"}])
def test_wherever_a_change_is_killed_the_context_is_the_old_one_or_the_new(
    env: dict[str, str], before: dict[str, bytes], wanted: dict[str, bytes]
) -> None:
    new = Endpoint(url="tcp://other:1")

    def change() -> None:
        context_store.create(env, "far", new, wanted, force=True)

    for step in range(1, 100):
        if context_store.one(env, "far"):
            context_store.remove(env, "far")
        context_store.create(env, "far", FAR, before, force=False)
        if not killed_at(step, change):
            break
        for again in range(1, 10):
            if not killed_at(again, lambda: context_store.settle(env, "far")):
                break
        found = context_store.one(env, "far")
        assert found is not None
        assert (found.endpoint, context_store._tls_contents(env, "far")) in ((FAR, before), (new, wanted))
    assert step > 4


def killed_at(step: int, act: Callable[[], object]) -> bool:
    """Have another process do `act`, and end before its `step`th step on the disk: whether it got there."""
    pid = os.fork()
    if pid == 0:
        steps = itertools.count(1)

        def watched(event: str, arguments: tuple[object, ...]) -> None:
            if event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir") and next(steps) == step:
                os._exit(1)

        sys.addaudithook(watched)
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


def test_private_keys_are_their_owners(env: dict[str, str]) -> None:
    context_store.create(env, "far", FAR, {"cert.pem": b"c", "key.pem": b"k"}, force=False)
    place = context_store.tls_folder(env, "far")
    assert (place / "key.pem").stat().st_mode & 0o777 == 0o600
    assert place.stat().st_mode & 0o777 == 0o700


def test_a_context_that_is_not_there_is_neither_used_nor_removed(env: dict[str, str]) -> None:
    for act in (context_store.use, context_store.remove):
        with pytest.raises(NotFound) as raised:
            act(env, "far")
        assert (raised.value.code, raised.value.about) == ("vibenv::host::unknown", "name")
    assert "config.json" not in files(env)
