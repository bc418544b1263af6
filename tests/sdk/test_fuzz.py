"""Bytes that went wrong, for a few seconds; `python -m tests.sdk.fuzz` goes on for longer."""

import random

import pytest

from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk.codec import ENCODINGS

from . import fuzz

SECONDS = 3.0


def test_whatever_bytes_come_there_are_messages_or_typed_errors_and_little_memory() -> None:
    assert fuzz.run(random.randrange(1 << 32), seconds=SECONDS) > 100


def test_the_same_seed_makes_the_same_attempts() -> None:
    source, again = fuzz.trees(random.Random(7)), fuzz.trees(random.Random(7))
    assert [next(source) for _ in range(20)] == [next(again) for _ in range(20)]


def test_an_attempt_that_goes_wrong_is_told_with_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "KNOWN", (m.Ack,))
    with pytest.raises(AssertionError, match=r"^(json|msgpack) ([0-9a-f]{2})+$"):
        fuzz.run(1, seconds=10.0)


@pytest.mark.parametrize(
    "tree",
    [
        {"Data": [1, {"List": {"Float": {"val": 10**400, "span": fuzz.SPAN}}}]},
        {"Data": [1, {"List": {"CellPath": {"val": {"members": [{"Int": None}]}, "span": fuzz.SPAN}}}]},
        {"Data": [1, {"List": {"CellPath": {"val": "$." + "9" * 5000, "span": fuzz.SPAN}}}]},
        {"Data": [1, {"List": {"Duration": {"val": 10**400, "span": fuzz.SPAN}}}]},
        {"Call": [1, {"CustomValueOp": [{"item": 5, "span": fuzz.SPAN}, "ToBaseValue"]}]},
        {"Call": [1, {"CustomValueOp": [{"item": {}, "span": fuzz.SPAN}, "ToBaseValue"]}]},
    ],
)
def test_what_once_went_wrong_goes_well(tree: object) -> None:
    for seed in range(8):  # whole and in pieces, read at once and when wanted
        fuzz.attempt(ENCODINGS["json"]().pack(tree), "json", random.Random(seed))


def test_a_map_as_the_key_of_a_map_goes_well() -> None:
    fuzz.attempt(b"\x81\x80\x80", "msgpack", random.Random(0))
