"""Feeds the codec and the connection with messages that went wrong: `python -m tests.sdk.fuzz --seconds 60`.

Whole messages of every kind are cut, spliced, changed in a byte or in a part, and fed at once or in pieces.
The one thing that may happen is a RemoteProtocolError, which then stays; memory must keep to what was fed.

With `--atheris`, and that package installed, libFuzzer chooses the bytes by what code they reach.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nu_plugin_vibenv.sdk import messages as m
from nu_plugin_vibenv.sdk import pipelines as p
from nu_plugin_vibenv.sdk.codec import ENCODINGS, NEED_DATA, Codec
from nu_plugin_vibenv.sdk.connection import Connection
from nu_plugin_vibenv.sdk.convert import to_python
from nu_plugin_vibenv.sdk.errors import LocalProtocolError, RemoteProtocolError
from nu_plugin_vibenv.sdk.plain import plain_value
from nu_plugin_vibenv.sdk.wire import PLUGIN_INPUT, UNREAD_PLUGIN_INPUT
from nu_plugin_vibenv.sdk.wire_values import decode_value

SEEDS: dict[str, Any] = json.loads((Path(__file__).parent / "messages.json").read_text())
HELLO = {"Hello": {"protocol": "nu-plugin", "version": "0.115.1", "features": []}}
PARTS: list[Any] = [
    None, True, -1, 1 << 63, 10**400, -(1 << 63), 2.5, "", "Int", "Run", "\u2028", [], {}, [[]], {"Int": {}},
    {"": None}, {"List": {"vals": [], "span": {"start": -1, "end": "x"}}},
    {"Raw": {"Ok": [256]}}, {"a": 1, "b": 2},
]  # fmt: skip
BYTES = [b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xdc\xff\xff", b"\xdf\x7f\xff\xff\xff", b"\xdb\x3f\xff\xff\xff"]
BYTES += [
    b"\xc6\xff\xff\xff\xff",
    b"\xc9\x10\x00\x00\x00\x01",
    b"\x91" * 1200,
    b"[" * 1200,
    b"\n",
    b"\xff\xfe",
]
BYTES += [b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", b"1e999", b'"\\ud800"', b"9" * 5000, b"\x00", b"NaN", b"}"]

SPAN = {"start": 0, "end": 9}
MORE_VALUES = [
    {"Date": {"val": "2024-05-01T12:00:00.123456789+02:00", "span": SPAN}},
    {"Date": {"val": "+262142-12-31T23:59:59Z", "span": SPAN}},
    {"Duration": {"val": -(1 << 63), "span": SPAN}},
    {"Filesize": {"val": 1, "span": SPAN}},
    {"Float": {"val": None, "span": SPAN}},
    {"Range": {"val": "1.0..<9.5", "span": SPAN}},
    {"Range": {"val": {"IntRange": {"start": 1, "step": 1, "end": {"Included": 3}}}, "span": SPAN}},
    {"CellPath": {"val": '$."a b".3?.c!?', "span": SPAN}},
    {"CellPath": {"val": {"members": [{"Int": {"val": 3, "span": SPAN, "optional": False}}]}, "span": SPAN}},
    {"Error": {"error": {"msg": "m", "labels": [{"text": "t", "span": SPAN}], "inner": []}, "span": SPAN}},
    {"Closure": {"val": {"block_id": 5, "captures": [[7, {"Nothing": {"span": SPAN}}]]}, "span": SPAN}},
    {"Glob": {"val": "*", "no_expand": True, "span": SPAN}},
    {"Binary": {"val": [0, 255], "span": SPAN}},
]

KNOWN = (
    m.Hello, m.Call, m.EngineCallResponse, m.StreamMessage, m.End, m.Drop, m.Ack, m.Signal, m.Goodbye,
    m.UnknownMessage,
)  # fmt: skip
BYTES_PER_BYTE = 400
"""Memory that a byte on the wire may cost: an empty map is one byte there and an object here."""

BYTES_AT_REST = 8_000_000
"""Memory that the encodings take for themselves, whatever they are fed."""


def trees(choose: random.Random) -> Iterator[Any]:
    """Messages as trees, some of them with one of their parts exchanged; without end."""
    seeds = [HELLO, *(tree for name, tree in SEEDS.items() if name.startswith("Plugin"))]
    seeds += [{"Data": [5, {"List": tree}]} for name, tree in SEEDS.items() if name.startswith("Value/")]
    seeds += [{"Data": [5, {"List": tree}]} for tree in MORE_VALUES]
    while True:
        tree = choose.choice(seeds)
        for _ in range(choose.randrange(3)):
            tree = _exchanged(tree, choose)
        yield tree


def _exchanged(tree: Any, choose: random.Random) -> Any:
    if choose.random() < 0.2 or not isinstance(tree, (dict, list)) or not tree:
        return choose.choice(PARTS)
    if isinstance(tree, list):
        at = choose.randrange(len(tree))
        return [*tree[:at], _exchanged(tree[at], choose), *tree[at + 1 :]]
    key = choose.choice(list(tree))
    if choose.random() < 0.2:
        return {("" if name == key else name): part for name, part in tree.items()}
    return {**tree, key: _exchanged(tree[key], choose)}


def spoiled(data: bytes, choose: random.Random) -> bytes:
    """The same bytes with something cut, changed, repeated or put in; or as they are."""
    at, end = sorted(choose.randrange(len(data) + 1) for _ in range(2))
    match choose.randrange(6):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:at] + bytes([choose.randrange(256)]) + data[at + 1 :]
        case 3:
            return data[:at] + choose.choice(BYTES) + data[at:]
        case 4:
            return data[:end] + data[at:]
        case _:
            return data


def fed(data: bytes, choose: random.Random) -> Iterator[bytes]:
    """The bytes at once, one by one, or in pieces."""
    size = choose.choice([len(data) or 1, 1, 7, 100])
    for start in range(0, len(data), size):
        yield data[start : start + size]


def drain(feed: Callable[[bytes], None], take: Callable[[], Any], pieces: Iterator[bytes]) -> None:
    """Feed all pieces and take what comes, until there is an error.

    Raises AssertionError for what is no known message, and whatever else must not be raised.
    """
    try:
        for piece in pieces:
            feed(piece)
            while (event := take()) is not NEED_DATA:
                assert isinstance(event, KNOWN), event
                for tree in unread(event):
                    read(tree)
    except RemoteProtocolError:
        pass


def unread(event: object) -> Iterator[Any]:
    """The values that an event carries as they were on the wire."""
    match event:
        case m.StreamMessage(_, p.UnreadItem(tree)):
            yield tree
        case m.Call(_, m.Run(_, _, p.UnreadValue(tree))):
            yield tree
        case m.EngineCallResponse(_, m.PipelineData(p.UnreadValue(tree))):
            yield tree
        case _:
            pass


def read(tree: Any) -> None:
    """Read a value in both ways. What the typed one takes, the plain one takes for the same."""
    try:
        plain = plain_value(tree)
    except RemoteProtocolError as error:
        plain = error
    try:
        typed = to_python(decode_value(tree))
    except RemoteProtocolError:
        return
    assert repr(plain) == repr(typed)


def attempt(data: bytes, encoding: str, choose: random.Random) -> None:
    """Feed a codec and a connection that has been greeted."""
    codec = Codec(ENCODINGS[encoding](), reads=choose.choice([PLUGIN_INPUT, UNREAD_PLUGIN_INPUT]))
    drain(codec.feed, codec.next_message, fed(data, choose))
    connection = Connection(encoding, reads=UNREAD_PLUGIN_INPUT)
    connection.feed(ENCODINGS[encoding]().pack(HELLO))
    assert isinstance(connection.next_event(), m.Hello)
    drain(connection.feed, connection.next_event, fed(data, choose))
    outcomes: list[object] = []
    for _ in range(2):
        try:
            outcomes.append(connection.next_event())
        except RemoteProtocolError as error:
            outcomes.append(error)
    assert outcomes[0] is outcomes[1], "a broken connection went on"


def run(seed: int, *, seconds: float, attempts: int | None = None) -> int:
    """Make attempts until the time is over, and give their number; `seed` makes them the same again.

    Raises AssertionError, with the bytes, for one that goes wrong.
    """
    choose = random.Random(seed)
    source = trees(choose)
    deadline = time.monotonic() + seconds
    made = 0
    while time.monotonic() < deadline and (attempts is None or made < attempts):
        encoding = choose.choice(sorted(ENCODINGS))
        whole = b"".join(packed(next(source), encoding) for _ in range(choose.randrange(1, 6)))
        data = spoiled(whole, choose)
        tracemalloc.start()
        try:
            attempt(data, encoding, choose)
            peak = tracemalloc.get_traced_memory()[1]
            assert peak < BYTES_AT_REST + BYTES_PER_BYTE * len(data), f"{peak} bytes of memory"
        except Exception as error:
            raise AssertionError(f"{encoding} {data.hex()}") from error
        finally:
            tracemalloc.stop()
        made += 1
    return made


def packed(tree: Any, encoding: str) -> bytes:
    """A message as bytes; none when the encoding has no word for a part of it."""
    try:
        return ENCODINGS[encoding]().pack(tree)
    except LocalProtocolError:
        return b""


def with_atheris(argv: list[str]) -> None:
    """Fuzz for ever, with libFuzzer's own options."""
    atheris = importlib.import_module("atheris")  # not a dependency: for use by hand

    def one(data: bytes) -> None:
        for encoding in ENCODINGS:
            attempt(data, encoding, random.Random(0))

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], *argv], one)
    atheris.Fuzz()


def main(argv: list[str]) -> int:
    """Fuzz by hand; says how many attempts were made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="makes the same attempts again")
    parser.add_argument("--atheris", action="store_true", help="further arguments are libFuzzer's")
    options, rest = parser.parse_known_args(argv)
    if options.atheris:
        with_atheris(rest)
    seed = random.randrange(1 << 32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    print(f"{run(seed, seconds=options.seconds)} attempts, and nothing but typed errors")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
