"""The line in which the supervisor says how a session is."""

import json

import pytest

from vibenv_core.supervisor.status import Activity, Keys, Present, Status, line, parse

BLOCKED = Status(
    at=1_700_000_000.25,
    activity=Activity("blocked", 1_700_000_000.0, "program", app="claude", kind="permission", message="rm?"),
    title="claude: fix\n",
    clients=(Present("anna", True, "frames", 24, 80, False, True),),
    keys=Keys("anna", True, 1_700_000_003.0),
)


def test_a_line_says_all_and_is_one_line() -> None:
    said = line(BLOCKED)
    assert said.count(b"\n") == 1
    assert parse(said) == BLOCKED


def test_a_session_that_nobody_is_at_says_so() -> None:
    alone = Status(1.0, Activity("idle", 1.0, "quiet"))
    assert parse(line(alone)) == alone


def test_what_a_later_vibenv_says_besides_is_passed_over() -> None:
    said = json.loads(line(BLOCKED)) | {"weather": "fine"}
    said["activity"]["mood"] = "good"
    assert parse(json.dumps(said).encode()) == BLOCKED


@pytest.mark.parametrize(
    "other", [b"READY\n", b"", b"{}", b"[1]", b'{"at":1,"activity":{},"title":""}', b"\xff"]
)
def test_another_line_says_nothing(other: bytes) -> None:
    assert parse(other) is None


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("activity", {"state": 5}),
        ("activity", {"since": 1e30}),
        ("activity", {"since": "now"}),
        ("activity", {"progress": 1 << 80}),
        ("activity", {"message": ["a"]}),
        ("keys", {"until": float("nan")}),
        ("keys", {"author": None}),
    ],
)
def test_a_line_that_a_program_has_forged_says_nothing(part: str, wrong: dict[str, object]) -> None:
    said = json.loads(line(BLOCKED))
    said[part] |= wrong
    assert parse(json.dumps(said).encode()) is None


@pytest.mark.parametrize("wrong", [{"at": float("inf")}, {"at": None}, {"clients": [{"author": "anna"}]}])
def test_a_forged_line_says_nothing_whatever_it_is_that_is_wrong(wrong: dict[str, object]) -> None:
    assert parse(json.dumps(json.loads(line(BLOCKED)) | wrong).encode()) is None


def test_a_client_with_an_impossible_size_says_nothing() -> None:
    said = json.loads(line(BLOCKED))
    said["clients"][0]["rows"] = "24"
    assert parse(json.dumps(said).encode()) is None
