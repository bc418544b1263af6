"""Output such as programs write, and worse, drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

WORDS = (
    *("a", "word ", "longer-word-that-wraps", "x" * 30, "   ", "你好", "宽", "e\u0301", "n\u0303o\u0308"),
    *("👩\u200d🚀", "🇩🇪", "❤\ufe0f", "\u2500\u2502", "\u0e01\u0e33", "ﬁ", "é", "한글", "\uff57"),
)
MODES = (
    *("4", "20", "?1", "?5", "?6", "?7", "?9", "?12", "?25", "?45", "?66", "?67", "?1000", "?1002", "?1003"),
    *("?1004", "?1005", "?1006", "?1015", "?1016", "?2004", "?2026", "?2027", "?2031", "?69"),
)
ATTRIBUTES = (
    *(
        "",
        "0",
        "1",
        "2",
        "3",
        "4",
        "4:3",
        "4:2",
        "5",
        "7",
        "8",
        "9",
        "21",
        "53",
        "22",
        "24",
        "27",
        "31",
        "97",
    ),
    *("44", "104", "38;5;123", "48;5;9", "38;2;1;2;3", "48:2::9:8:7", "58:5:3", "58:2::1:2:3", "39", "49"),
)


class Programs:
    """Draws pieces of output for a screen of a size."""

    def __init__(self, seed: int, rows: int, cols: int) -> None:
        self._random = Random(seed)
        self._rows, self._cols = rows, cols
        self._drawing = False
        self._kinds: list[Callable[[], str]] = [
            *[self._text] * 8,
            *[self._move] * 4,
            *[self._attributes] * 4,
            *[self._erase] * 2,
            *[self._edit] * 2,
            self._region,
            self._mode,
            self._mode,
            self._control,
            self._control,
            self._charset,
            self._link,
            self._color,
            self._keys,
            self._cursor,
        ]

    def output(self, pieces: int, *, screens: bool = True) -> list[bytes]:
        """So many pieces; without `screens` all of them for one screen."""
        kinds = [*self._kinds, self._screen] if screens else self._kinds
        self._drawing = self._drawing and not screens
        return [b"word", *(self._random.choice(kinds)().encode() for _ in range(pieces))]

    def unfinished(self) -> bytes:
        """The beginning of something."""
        begun = (
            "",
            "\x1b",
            "\x1b[",
            "\x1b[3",
            "\x1b[?10",
            "\x1b]2;tit",
            "\x1bP$q",
            "\x1b(",
            "\x1b]8;;http://x",
        )
        return self._random.choice([*(part.encode() for part in begun), b"\x1bN", b"\xe4\xbd", b"\xf0"])

    def _count(self) -> str:
        return self._random.choice(("", "", "1", "2", "3", "7", "999"))

    def _text(self) -> str:
        words = WORDS[:5] if self._drawing else WORDS  # other sets have nothing but one byte's characters
        return "".join(self._random.choices(words, k=self._random.randint(1, 4)))

    def _move(self) -> str:
        row, col = self._random.randint(1, self._rows + 1), self._random.randint(1, self._cols + 1)
        places = (f"\x1b[{row};{col}H", f"\x1b[{col}G", f"\x1b[{row}d", f"\x1b[1;{self._cols}H")
        return self._random.choice((*places, f"\x1b[{self._count()}{self._random.choice('ABCDEFIZ`ae')}"))

    def _attributes(self) -> str:
        return f"\x1b[{';'.join(self._random.choices(ATTRIBUTES, k=self._random.randint(1, 2)))}m"

    def _erase(self) -> str:
        what = self._random.choice(("J", "K", "?J", "?K"))
        return f"\x1b[{what[:-1]}{self._random.choice(('', '1', '2'))}{what[-1]}"

    def _edit(self) -> str:
        return f"\x1b[{self._count()}{self._random.choice('@PLMSTX')}"

    def _region(self) -> str:
        top, left = self._random.randint(1, self._rows - 1), self._random.randint(1, self._cols - 2)
        bottom, right = self._random.randint(top + 1, self._rows), self._random.randint(left + 1, self._cols)
        return self._random.choice((f"\x1b[{top};{bottom}r", f"\x1b[{left};{right}s", "\x1b[r", "\x1b[s"))

    def _mode(self) -> str:
        return f"\x1b[{self._random.choice(MODES)}{self._random.choice('hl')}"

    def _control(self) -> str:
        controls = (
            "\r\n",
            "\r\n",
            "\n",
            "\r",
            "\b",
            "\t",
            "\x1bD",
            "\x1bE",
            "\x1bM",
            "\x1b7",
            "\x1b8",
            "\x1bH",
        )
        return self._random.choice((*controls, "\x1b[g", "\x1b[3g", "\x1b=", "\x1b>", "\x07"))

    def _charset(self) -> str:
        self._drawing = True
        final = self._random.choice(("(0", "(B", ")0", ")B", "*0", "+A", "(A"))
        return self._random.choice((f"\x1b{final}", "\x0e", "\x0f", "\x1bn", "\x1b~", "lqqk"))

    def _link(self) -> str:
        opened = ("\x1b]8;;https://example.org/\x1b\\", "\x1b]8;id=one;https://example.org/1\x1b\\")
        protected = ("\x1bV", "\x1bW", '\x1b[1"q', '\x1b[0"q')
        return self._random.choice((*opened, "\x1b]8;;\x1b\\", *protected))

    def _color(self) -> str:
        changed = ("4;1;rgb:12/34/56", "4;200;#abcdef", "10;#101010", "11;#202020", "12;#303030")
        return f"\x1b]{self._random.choice((*changed, '104', '104;1', '110', '111', '112', '2;title'))}\x07"

    def _keys(self) -> str:
        kitty = ("\x1b[>1u", "\x1b[>5u", "\x1b[<u", "\x1b[<2u", "\x1b[=3;1u", "\x1b[=8;2u")
        return self._random.choice((*kitty, "\x1b[>4;2m", "\x1b[>4;0m"))

    def _cursor(self) -> str:
        return f"\x1b[{self._random.randint(0, 6)} q"

    def _screen(self) -> str:
        modes = ("?1049h", "?1049h", "?1049l", "?1047h", "?1047l", "?47h", "?47l")
        return f"\x1b[{self._random.choice(modes)}"
