"""dtach's packets, whole, in pieces and broken."""

import struct

import pytest

from vibenv_core.supervisor.dtach import Kind, Packet, Packets

ATTACH = struct.pack("=BB8s", 1, 0, b"")
REDRAW = struct.pack("=BB4H", 4, 3, 24, 300, 0, 0)
PUSH = struct.pack("=BB8s", 0, 3, b"abcdefgh")
MEANT = [Packet(Kind.ATTACH), Packet(Kind.REDRAW, rows=24, cols=300), Packet(Kind.PUSH, typed=b"abc")]


@pytest.mark.parametrize("step", [1, 3, 10, 11, 30])
def test_packets_are_cut_from_the_stream_wherever_reads_split_it(step: int) -> None:
    packets = Packets()
    data = ATTACH + REDRAW + PUSH
    found = [packet for at in range(0, len(data), step) for packet in packets.feed(data[at : at + step])]
    assert found == MEANT


@pytest.mark.parametrize("broken", [b"\x09" * 10, b"\x00\x09" + bytes(8), b"\xff" * 10])
def test_an_unknown_kind_or_an_impossible_length_is_passed_over(broken: bytes) -> None:
    assert Packets().feed(ATTACH + broken + PUSH) == [MEANT[0], MEANT[2]]


def test_half_a_packet_is_no_packet() -> None:
    packets = Packets()
    assert packets.feed(PUSH[:9]) == []
    assert packets.feed(PUSH[9:]) == [MEANT[2]]
