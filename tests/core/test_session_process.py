"""The container's command, and the packets that dtach takes."""

import ast
import sys

from vibenv_core import session_process


def test_the_program_follows_the_socket_and_the_size() -> None:
    argv = session_process.process_argv(["sleep", "1 0"], rows=30, cols=90)
    assert argv[:4] == ["python3", "-I", "-S", "-c"]
    assert argv[5:] == ["/tmp/vibenv.sock", "30", "90", "sleep", "1 0"]
    assert isinstance(ast.parse(argv[4], feature_version=sys.version_info[:2]), ast.Module)


def test_a_name_that_looks_like_a_number_stays_a_name() -> None:
    assert session_process.default_program("1e3")[-1] == 'use vibenv; vibenv remote-launch "1e3"'


def test_what_is_typed_travels_eight_bytes_a_packet() -> None:
    assert session_process.push(b"") == b""
    assert session_process.push(b"0123456789") == b"\x00\x0801234567\x00\x0289\0\0\0\0\0\0"


def test_a_size_is_rows_columns_and_no_pixels() -> None:
    assert session_process.resize(24, 300) == b"\x03\x00\x18\x00\x2c\x01\0\0\0\0"
    assert session_process.attach() == b"\x01\x00" + bytes(8)
