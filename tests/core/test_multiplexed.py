"""A program's standard streams, as an engine sends them over one connection."""

import struct

import pytest

from vibenv_core.multiplexed import Multiplexed


def frame(content: bytes, kind: int = 1) -> bytes:
    """1 is standard output, 2 standard error."""
    return struct.pack(">BxxxI", kind, len(content)) + content


@pytest.mark.parametrize("size", [1, 9, 1000])
def test_the_streams_are_told_apart_wherever_they_are_split(size: int) -> None:
    whole = frame(b"one") + frame(b"", 2) + frame(b"two") + frame(b"not a word", 2) + frame(b"three")
    streams = Multiplexed()
    output = b"".join(streams.feed(whole[at : at + size]) for at in range(0, len(whole), size))
    assert (output, streams.stderr) == (b"onetwothree", b"not a word")


@pytest.mark.parametrize("said", [frame(b"OCI runtime: no python3", 2), b"OCI runtime: no python3"])
def test_an_engine_that_cannot_start_the_program_is_heard(said: bytes) -> None:
    streams = Multiplexed()
    assert streams.feed(said) == b""
    assert streams.stderr == b"OCI runtime: no python3"
