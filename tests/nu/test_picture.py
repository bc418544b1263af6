"""The README's picture is made by a script in docs/, with `vibenv screen --png`."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from tests.nu.shell import ROOT, Shell

pytestmark = pytest.mark.one_engine("28")

LARGEST = 60 * 1024
"""Bytes of the picture that the README shows."""


def size(png: Path) -> tuple[int, int]:
    """Width and height, of a file that is a whole PNG."""
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_the_readmes_picture_is_made_by_its_script(shell: Shell) -> None:
    made, shown = shell.home / "screen.png", ROOT / "docs" / "screen.png"
    done = shell.run(str(ROOT / "docs" / "screen.nu"), str(made))
    assert (done.returncode, done.stderr) == (0, "")
    assert size(made) == size(shown)
    assert shown.stat().st_size < LARGEST
    assert re.search(r"!\[[^]]{20,}\]\(docs/screen\.png\)", (ROOT / "README.md").read_text())
    assert shell.value("vibenv list") == []


def test_pictures_of_several_sessions_are_refused(shell: Shell) -> None:
    assert shell.error("vibenv screen a --svg --png")["code"] == "vibenv::usage::one_picture"
    assert shell.error("[a b] | vibenv screen --png")["code"] == "vibenv::usage::one_picture"
