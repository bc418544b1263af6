"""The check of messages against nu's own types: what passes, and what it must not let pass."""

import json
from pathlib import Path

import pytest

from nu_plugin_vibenv.sdk.codec import ENCODINGS
from nu_plugin_vibenv.sdk.conformance import main

SPAN = {"start": 1, "end": 2}
INT = {"Int": {"val": 42, "span": SPAN}}
MESSAGES: dict[str, object] = json.loads((Path(__file__).parent / "messages.json").read_text())


def line(name: str, tree: object, packed: object = None) -> str:
    msgpack = ENCODINGS["msgpack"]().pack(tree if packed is None else packed).hex()
    return json.dumps({"name": name, "json": tree, "msgpack": msgpack}) + "\n"


def test_messages_of_every_kind_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text("".join(line(name, tree) for name, tree in MESSAGES.items()))
    assert (main([str(file)]), capsys.readouterr().out) == (0, f"{len(MESSAGES)} of {len(MESSAGES)}\n")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (line("Value/matrix", {"Matrix": {"val": 1, "span": SPAN}}), "not typed: UnknownValue"),
        (line("PluginInput/Dance", {"Dance": 1}), "not typed: UnknownMessage"),
        (line("Span/short", {"start": 1}), "expected a span"),
        (line("Span/more", {**SPAN, "middle": 3}), "wrote"),
        (line("Value/differs", INT, {"Int": {"val": 43, "span": SPAN}}), "json and msgpack differ"),
        (line("Sonata/first", 1), "no such type"),
        ("{\n", "line 2: not a line of such a file"),
        ('{"name": "Value/int", "json": 1, "msgpack": "zz"}\n', "Value/int: not a line of such a file"),
        (line("PluginInput/Data/tensor", {"Data": [1, {"Tensor": 1}]}), "wrote"),
    ],
)
def test_a_message_that_is_not_understood_fails_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str, said: str
) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text(line("Value/int", INT) + bad)
    assert main([str(file)]) == 1
    failed, count = capsys.readouterr().out.splitlines()
    assert said in failed
    assert count == "1 of 2"


def test_json_s_null_for_nan_is_read(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    nan = {"Float": {"val": float("nan"), "span": SPAN}}
    file.write_text(line("Value/nan", {"Float": {"val": None, "span": SPAN}}, nan))
    assert main([str(file)]) == 0


def test_a_string_may_hold_what_ends_lines_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    text = {"String": {"val": "a\u2028b\x85c", "span": SPAN}}
    message = {"name": "Value/text", "json": text, "msgpack": ENCODINGS["msgpack"]().pack(text).hex()}
    file.write_text(json.dumps(message, ensure_ascii=False))
    assert main([str(file)]) == 0


def test_maps_may_come_in_any_order_and_records_may_not(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    one, two = {"a": INT, "b": INT}, {"b": INT, "a": INT}
    file.write_text(line("EngineCallResponse/map", {"ValueMap": one}, {"ValueMap": two}))
    assert main([str(file)]) == 0
    records = ({"Record": {"val": val, "span": SPAN}} for val in (one, two))
    file.write_text(line("Value/record", *records))
    assert main([str(file)]) == 1
