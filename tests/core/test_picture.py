"""A screen as a picture: where everything is, how it looks, and what is drawn."""

import struct
import sys
import zlib
from typing import Any
from unicodedata import name
from xml.etree import ElementTree

import pytest

from vibenv_core import picture, picture_png
from vibenv_core.drawn import shapes
from vibenv_core.errors import NotFound
from vibenv_core.supervisor.ghostty import GhosttyScreen
from vibenv_core.supervisor.requests import Shown

SVG = "{http://www.w3.org/2000/svg}"
WIDTH, HEIGHT, LEFT, TOP = 9, 18, 12, 30
ZOOM = 2


def shown(written: str, *, rows: int = 4, cols: int = 20) -> Shown:
    screen = GhosttyScreen(rows, cols)
    screen.feed(written.encode())
    styles = screen.styles()
    lines = [row.text for row in screen.rows()]
    about = {"title": screen.title, "alternate": False, "seq": 0, "lines": lines, **styles._asdict()}
    cursor = screen.cursor
    screen.close()
    return Shown(rows=rows, cols=cols, cursor=cursor, **about)


def drawn(written: str, **size: int) -> ElementTree.Element:
    return ElementTree.fromstring(picture.svg(shown(written, **size)))


def texts(written: str) -> list[dict[str, Any]]:
    found = drawn(written).find(f"{SVG}g")
    assert found is not None
    return [{"text": text.text, **text.attrib} for text in found.iter(f"{SVG}text")]


def rectangles(written: str) -> list[dict[str, str]]:
    found = drawn(written).find(f"{SVG}g")
    assert found is not None
    return [rect.attrib for rect in found.iter(f"{SVG}rect")]


def test_each_character_is_where_its_cell_is() -> None:
    first, second = texts("ab d\r\n e")
    assert (first["text"], first["x"], first["y"]) == ("ab d", "0 9 18 27", "14")
    assert (second["text"], second["x"], second["y"]) == (" e", "0 9", "32")


def test_what_is_no_single_character_has_a_place_of_its_own() -> None:
    found = [(text["text"], text["x"]) for text in texts("漢字e\u0301\U0001f44dx")]
    assert found == [("漢字", "0 18"), ("e\u0301", "36"), ("\U0001f44d", "45"), ("x", "63")]


def test_a_look_is_drawn() -> None:
    (text,) = texts("\x1b[1;3;2;38;2;1;2;3mx")
    assert (text["font-weight"], text["font-style"], text["opacity"]) == ("bold", "italic", "0.6")
    assert text["fill"] == "#010203"


@pytest.mark.parametrize(
    ("code", "color"), [("38;5;16", "#000000"), ("38;5;208", "#ff8700"), ("38;5;255", "#eeeeee")]
)
def test_the_palette_is_xterms(code: str, color: str) -> None:
    assert texts(f"\x1b[{code}mx")[0]["fill"] == color


def test_a_colour_that_the_program_has_set_counts() -> None:
    background = drawn("\x1b]11;#002b36\x1b\\").find(f"{SVG}rect")
    assert background is not None
    assert background.get("fill") == "#002b36"
    assert texts("\x1b]4;1;#123456\x1b\\\x1b[31mx")[0]["fill"] == "#123456"


def test_inverse_changes_the_colours_round_and_invisible_text_is_not_there() -> None:
    assert rectangles("\x1b[7;31mx\x1b[?25l")[0]["fill"] == texts("\x1b[31mx")[0]["fill"]
    assert not texts("\x1b[8mx")


def test_backgrounds_cover_their_cells() -> None:
    (rect,) = rectangles("\x1b[?25l\r\n  \x1b[48;2;9;9;9mabc")
    assert [rect[name] for name in ("x", "y", "width", "height", "fill")] == [
        "18",
        "18",
        "27",
        "18",
        "#090909",
    ]


@pytest.mark.parametrize(
    ("shape", "x", "width", "height"), [("2", "18", "9", "18"), ("6", "18", "2", "18"), ("4", "18", "9", "2")]
)
def test_the_cursor_has_its_place_and_shape(shape: str, x: str, width: str, height: str) -> None:
    (rect,) = rectangles(f"ab\x1b[{shape} q")
    assert (rect["x"], rect["width"], rect["height"]) == (x, width, height)
    assert not rectangles("ab\x1b[?25l")


@pytest.mark.parametrize("code", ["4", "21", "4:3", "4:4", "4:5", "9", "53"])
def test_lines_go_along_the_text(code: str) -> None:
    plain, ruled = (drawn(f"\x1b[{code}m{text}") for text in ("", "abc"))
    more = len(list(ruled.iter(f"{SVG}path"))) - len(list(plain.iter(f"{SVG}path")))
    assert more == (2 if code == "21" else 1)


def test_whatever_is_written_the_picture_is_xml_and_says_it() -> None:
    hostile = "</text><script>&amp;\"'"
    title = "<b>\u202e]]>"
    whole = drawn(f"\x1b]0;{title}\x1b\\{hostile}", cols=40)
    said = [text.text for text in whole.iter(f"{SVG}text")]
    assert said == ["<b>]]>", hostile]
    assert {element.tag.removeprefix(SVG) for element in whole.iter()} <= {
        *("svg", "g", "rect", "circle", "path", "text")
    }


def test_what_is_no_colour_brings_nothing_into_the_picture() -> None:
    wrong = '"/><script/><rect fill="'
    cells = [[{"text": "a", "fg": wrong, "bg": wrong, "underline": "single", "underline_color": wrong}]]
    forged = shown("a")._replace(cells=cells, colors={"background": wrong, "cursor": wrong})
    assert "script" not in picture.svg(forged)


def test_cells_that_cannot_be_are_drawn_as_far_as_that_goes() -> None:
    odd: list[dict[str, Any]] = [
        {"text": 7},
        {},
        {"text": "a", "width": 10**9, "fg": 999, "bg": None, "underline": "curly"},
    ]
    whole = ElementTree.fromstring(picture.svg(shown("x")._replace(cells=[odd])))
    assert [text.text for text in whole.iter(f"{SVG}text")] == ["a"]


def test_the_same_screen_gives_the_same_picture() -> None:
    assert picture.svg(shown("a \x1b[31mb")) == picture.svg(shown("a \x1b[31mb"))


@pytest.mark.parametrize("code", range(0x2500, 0x25A0))
def test_what_joins_is_drawn_to_the_edge_of_its_cell(code: int) -> None:
    paths = "".join(shape.path for shape in shapes(chr(code), 9, 18) or ())
    called = name(chr(code))
    assert paths
    if "DASH" not in called and "BOX" in called and "DIAGONAL" not in called and "ARC" not in called:
        ends = {"UP": ",0V", "DOWN": "V18", "LEFT": "M0,", "RIGHT": "H9"}
        ends |= {"VERTICAL": "V18", "HORIZONTAL": "H9"}
        assert all(end in paths for side, end in ends.items() if side in called.split())


@pytest.mark.parametrize(
    ("character", "paths"),
    [
        ("╔", ["M3,7V18", "M6,10V18", "M2.5,7.5H9", "M5.5,10.5H9"]),
        ("╬", ["M3,0V8", "M3,10V18", "M6,0V8", "M6,10V18", "M0,7.5H3.5"]),
        ("╟", ["M3,0V9.5", "M6,8.5V18", "M5.5,9H9"]),
        ("╫", ["M3,0V9.5", "M0,9H5", "M4,9H9"]),
        ("┍", ["M4.5,8V18", "M4,9H9"]),
    ],
)
def test_lines_end_where_they_meet_those_across(character: str, paths: list[str]) -> None:
    drawn = [shape.path for shape in shapes(character, 9, 18) or ()]
    assert [path for path in paths if path not in drawn] == [], drawn


def test_dots_and_what_separates_prompts_are_drawn() -> None:
    assert [shape.path[:10] for shape in shapes("\u2881", 9, 18) or ()] == ["M1.25,1.25", "M5.75,14.7"]
    assert [shape.path for shape in shapes("\ue0b0", 9, 18) or ()] == ["M0,0L9,9L0,18z"]


def test_a_font_s_icon_is_text() -> None:
    assert texts("\uf015")[0]["text"] == "\uf015"


def test_letters_are_left_to_the_font() -> None:
    assert [shapes(letter, 9, 18) for letter in "aé漢 "] == [None] * 4


def pixels(png: bytes) -> tuple[int, list[bytes]]:
    """The width, and the rows of RGBA."""
    width, height = struct.unpack(">II", png[16:24])
    data, at = b"", 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        data += png[at + 8 : at + 8 + length] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    raw, before, rows = zlib.decompress(data), bytes(4 * width), []
    for number in range(height):
        at = number * (4 * width + 1)
        before = _unfiltered(raw[at], raw[at + 1 : at + 1 + 4 * width], before)
        rows.append(before)
    return width, rows


def _unfiltered(kind: int, line: bytes, above: bytes) -> bytes:
    done = bytearray(line)
    for index in range(len(line)):
        left = done[index - 4] if index >= 4 else 0
        corner = above[index - 4] if index >= 4 else 0
        up = above[index]
        nearest = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
        done[index] = line[index] + (0, left, up, (left + up) // 2, nearest)[kind] & 255
    return bytes(done)


def coverage(written: str) -> list[list[set[bytes]]]:
    """The colours in each cell of the picture's first rows."""
    _, rows = pixels(picture_png.png(picture.svg(shown(written, rows=2, cols=6))))
    return [
        [
            {
                rows[y][4 * x : 4 * x + 3]
                for y in range((TOP + row * HEIGHT) * ZOOM, (TOP + (row + 1) * HEIGHT) * ZOOM)
                for x in range((LEFT + col * WIDTH) * ZOOM, (LEFT + (col + 1) * WIDTH) * ZOOM)
            }
            for col in range(6)
        ]
        for row in range(2)
    ]


def test_a_png_shows_the_same_cell_by_cell() -> None:
    first, second = coverage("\x1b[?25la \x1b[38;2;255;0;0m█\x1b[m \x1b[48;2;0;0;255m \x1b[m\r\n─")
    background = bytes.fromhex("1b1e25")
    assert len(first[0]) > 2
    assert first[1] == first[3] == first[5] == {background}
    assert (first[2], first[4]) == ({b"\xff\0\0"}, {b"\0\0\xff"})
    assert background in second[0]
    assert len(second[0]) > 1
    assert all(cell == {background} for cell in second[1:])


def test_a_character_that_no_font_has_is_no_error() -> None:
    assert len(coverage("\U000f0000\x1b[?25l")[0]) == 6


def test_without_what_draws_it_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(NotFound, match="not installed") as refused:
        picture_png.png(picture.svg(shown("x")))
    assert "pip install resvg_py fontpkg-jetbrains-mono" in (refused.value.help or "")
