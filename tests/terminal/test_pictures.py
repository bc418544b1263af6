"""A real program's screen as PNG: each cell has the colours, and is as full, as a real terminal shows it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.core.test_picture import HEIGHT, LEFT, TOP, WIDTH, ZOOM, pixels
from tests.terminal.conftest import Played, Start
from tests.terminal.real_terminal import Cell
from vibenv_core import answers, picture, picture_png
from vibenv_core.supervisor.requests import Shown

BACKGROUND = bytes.fromhex("1b1e25")


def cells(png: bytes, rows: int, cols: int) -> list[list[Counter[bytes]]]:
    """How many pixels of each colour are in each cell."""
    _, lines = pixels(png)
    wide, high = WIDTH * ZOOM, HEIGHT * ZOOM
    found = []
    for row in range(rows):
        of = lines[TOP * ZOOM + row * high : TOP * ZOOM + (row + 1) * high]
        starts = [4 * (LEFT * ZOOM + col * wide) for col in range(cols)]
        found.append(
            [
                Counter(line[x : x + 3] for line in of for x in range(start, start + 4 * wide, 4))
                for start in starts
            ]
        )
    return found


def is_empty(cell: Cell) -> bool:
    character, attributes = cell
    return character.isspace() and not any(attribute in ("4", "9", "53") for attribute in attributes)


def test_each_cell_of_a_picture_is_as_in_a_real_terminal(
    start: Start, played: Played, tmp_path: Path
) -> None:
    (tmp_path / "x.py").write_text("def f(x):  # say\n    return 'a string' + str(42)\n\n\nclass C: pass\n")
    setup = "syntax on | set number hlsearch cursorline ruler | /str"
    vim = 'cd "$0" && exec vim -u NONE -n -c "$1" x.py'
    session = start("sh", "-c", vim, str(tmp_path), setup, rows=8, cols=40)
    script = session.attach(rows=0, cols=0, person=False)
    assert script.ask("wait", text="class C", timeout_s=10)["reason"] == "text"
    assert script.ask("wait", idle_s=0.3, timeout_s=10)["reason"] == "idle"
    seen = played(session)
    shown = answers.read("a", Shown, script.ask("screen", styled=True))._replace(cursor=None)
    drawn = cells(picture_png.png(picture.svg(shown)), shown.rows, shown.cols)
    looks: dict[frozenset[str], set[bytes]] = {}
    for row, of in enumerate(seen.rows):
        for col, cell in enumerate(of):
            pixels_of = drawn[row][col]
            most = pixels_of.most_common(1)[0][0]
            assert is_empty(cell) == (len(pixels_of) == 1), (row, col, cell, pixels_of)
            looks.setdefault(cell[1], set()).add(most)
    assert len(looks) > 5
    assert all(len(colors) == 1 for colors in looks.values()), looks
    assert looks[frozenset()] == {BACKGROUND}
