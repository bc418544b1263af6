"""The bridge to a session that dtach itself serves: frames in, packets out, and the other way round."""

from __future__ import annotations

import struct

from vibenv_core.inside.bridge import Bridge
from vibenv_core.supervisor import frames
from vibenv_core.supervisor.frames import Frames, Kind

ATTACH = b"\x01\x00" + bytes(8)


def size(kind: int, length: int, rows: int, cols: int) -> bytes:
    return struct.pack("<BB4H", kind, length, rows, cols, 0, 0)


def redraw(rows: int, cols: int) -> bytes:
    return size(4, 3, rows, cols)


def resize(rows: int, cols: int) -> bytes:
    return size(3, 0, rows, cols)


def new(rows: int = 24, *, watching: bool = False) -> Bridge:
    return Bridge(rows, 80, watching=watching, now=10.0)


def settled() -> Bridge:
    """A bridge whose program has painted and has its size."""
    bridge = new()
    bridge.tick(11.0)
    bridge.to_client = bridge.to_terminal = b""
    return bridge


def test_a_client_is_welcomed_with_an_empty_screen_and_nobody_knows_what_was_typed_before() -> None:
    welcome, repaint = Frames().feed(new().to_client)
    said = frames.plain(welcome.payload)
    assert (welcome.kind, repaint.kind) == (Kind.WELCOME, Kind.REPAINT)
    assert (said["version"], said["rows"], said["cols"]) == (frames.VERSION, 24, 80)
    assert said["typed"] == (1 << 64) - 1
    assert frames.position(repaint.payload) == (0, b"\x1b[m\x1b[H\x1b[J")


def test_the_size_is_another_one_first_so_that_every_program_repaints() -> None:
    bridge = new()
    assert bridge.to_terminal == ATTACH + redraw(23, 80)
    bridge.to_terminal = b""
    bridge.painted(b"painted", now=10.001)
    bridge.tick(now=10.002)
    assert bridge.to_terminal == b""
    assert bridge.real_size_at is not None
    assert bridge.real_size_at < 10.1
    bridge.tick(bridge.real_size_at)
    assert bridge.to_terminal == resize(24, 80)
    assert bridge.real_size_at is None


def test_a_program_that_is_slow_to_repaint_gets_time_and_one_that_never_does_its_size() -> None:
    bridge = new()
    bridge.to_terminal = b""
    bridge.tick(10.2)
    assert bridge.to_terminal == b""
    bridge.tick(11.0)
    assert bridge.to_terminal == resize(24, 80)


def test_a_terminal_of_one_row_is_never_given_none() -> None:
    assert new(rows=1).to_terminal.endswith(redraw(2, 80))


def test_keys_are_typed_eight_a_packet_and_acknowledged_however_they_come() -> None:
    bridge = settled()
    for byte in frames.positioned(Kind.INPUT, 5, b"0123456789"):
        bridge.typed(bytes([byte]), now=12.0)
    assert bridge.to_terminal == b"\x00\x0801234567\x00\x0289\0\0\0\0\0\0"
    assert bridge.to_client == frames.positioned(Kind.TYPED, 15)


def test_a_sign_of_life_is_answered_and_types_nothing() -> None:
    bridge = settled()
    bridge.typed(frames.positioned(Kind.INPUT, 5), now=12.0)
    assert (bridge.to_terminal, bridge.to_client) == (b"", frames.positioned(Kind.TYPED, 5))


def test_output_is_numbered() -> None:
    bridge = settled()
    bridge.painted(b"one", now=12.0)
    bridge.painted(b"two", now=12.0)
    assert bridge.to_client == b"".join(
        [frames.positioned(Kind.OUTPUT, 0, b"one"), frames.positioned(Kind.OUTPUT, 3, b"two")]
    )


def test_a_size_is_answered_by_a_repaint() -> None:
    bridge = settled()
    bridge.typed(frames.sized(Kind.SIZE, 40, 132), now=12.0)
    assert [frame.kind for frame in Frames().feed(bridge.to_client)] == [Kind.REPAINT]
    bridge.tick(13.0)
    assert bridge.to_terminal == redraw(39, 132) + resize(40, 132)


def test_who_watches_neither_types_nor_resizes() -> None:
    bridge = new(watching=True)
    bridge.typed(frames.positioned(Kind.INPUT, 0, b"x") + frames.sized(Kind.SIZE, 40, 132), now=12.0)
    bridge.tick(13.0)
    assert bridge.to_terminal == ATTACH
