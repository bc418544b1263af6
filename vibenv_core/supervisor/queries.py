"""Takes a program's queries out of what clients are sent: only the session's emulator answers them. Pure.

A client's terminal would answer too, each of them and at the other end of a slow link. Just that is taken out
which `ghostty` answers, and with it the modes that make a terminal report by itself (2033, 2048).

Source: ECMA-48 and xterm's control sequences (DA, DSR, DECRQM, XTWINOPS, XTVERSION, DECRQSS, XTGETTCAP, OSC 4
and 10 to 12), kitty's protocols (keyboard, OSC 21, OSC 5522), Ghostty's glyph protocol, OSC 7501.
"""

from __future__ import annotations

import re

_QUERY = re.compile(
    rb"""\x1b(?:
        \[ (?=[?>=]?[0-9;]*+\$?[cnptquh]) (?:
            (?P<modes> \? [0-9;]*+ h )
          | [0-9;]*+ c | 0*+[56];? n | 0*+1[468];? t | [0-9]++;? \$p
          | > [0-9;]*+ [cq] | = [0-9;]*+ c
          | \? [0-9;]*+ u | \? 0*+99[68];? n | \? [0-9]++;? \$p )
      | \] (?P<number> 4 | 1[0-2] | 21 | 5522 | 7501 ) ; (?P<asked> [^\x07\x18\x1a\x1b]{0,4096}+ )
           (?P<end> \x07 | \x1b\\ | (?=\x1b) )
      | (?: P [0-9;]*+ [$+] q | _25a1; ) [^\x18\x1a\x1b]{0,4096}+ (?: \x1b\\ | (?=[\x18\x1a\x1b]) )
      | Z
    )""",
    re.VERBOSE,
)
_BEGUN = re.compile(
    rb"""\x1b(?:
        \[ [?>=]? [0-9;]{0,64} \$?
      | \] (?: [0-9]{0,4} | (?: 4 | 1[0-2] | 21 | 5522 | 7501 ) ; [^\x07\x18\x1a\x1b]{0,4096} \x1b? )
      | P [0-9;]{0,64} (?: [$+] (?: q [^\x18\x1a\x1b]{0,4096} \x1b? )? )?
      | _ (?: 2 (?: 5 (?: a (?: 1 (?: ; [^\x18\x1a\x1b]{0,4096} \x1b? )? )? )? )? )?
    )?\Z""",
    re.VERBOSE,
)
"""What may become one. What is longer is none, so that no more than this is ever kept back."""
_NOTHING = b"\x1b\\"
"""Stands for a query: it ends what had begun before it, as the query does, and does nothing else."""
_REPORTING = (2033, 2048)


class Queries:
    """Reads a program's output."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, output: bytes) -> tuple[bytes, bytes]:
        """What is for the emulator, and what is for clients: the same bytes but for the queries.

        A sequence that has begun and may become a query comes with the output that ends it, to both of them.
        """
        data = self._begun + output if self._begun else output
        if b"\x1b" not in data:
            return data, data
        self._begun = b""
        if at := _beginning(data):
            data, self._begun = data[:-at], data[-at:]
        return data, _QUERY.sub(_without, data)


def _beginning(data: bytes) -> int:
    """How many bytes at the end may be the beginning of a query."""
    last = data.rfind(b"\x1b")
    if last == len(data) - 1 and (before := data.rfind(b"\x1b", 0, last)) >= 0 and _BEGUN.match(data, before):
        last = before
    return len(data) - last if _BEGUN.match(data, last) else 0


def _without(found: re.Match[bytes]) -> bytes:
    """What is left of a sequence without what is answered."""
    if found["modes"]:
        numbers = found["modes"][1:-1].split(b";")
        others = [number for number in numbers if not number or int(number) not in _REPORTING]
        if len(others) == len(numbers):
            return found[0]
        return b"\x1b[?" + b";".join(others) + b"h" if others else _NOTHING
    if found["number"]:
        return _colors(found["number"], found["asked"], found["end"], found[0])
    return _NOTHING


def _colors(number: bytes, asked: bytes, end: bytes, whole: bytes) -> bytes:
    """An OSC that may set some things and ask for others, without the questions."""
    fields = asked.split(b";")
    match number:
        case b"4":
            pairs = list(zip(fields[::2], fields[1::2], strict=False))
            parts = [b"4;%b;%b" % pair for pair in pairs if pair[1] != b"?"]
            queries = len(parts) < len(pairs)
        case b"21":
            others = [field for field in fields if not field.endswith(b"=?")]
            parts = [b"21;" + b";".join(others)] if others else []
            queries = len(others) < len(fields)
        case b"7501":
            parts, queries = [], asked == b"?"
        case b"5522":
            parts, queries = [], True
        case _:
            numbered = list(enumerate(fields, int(number)))
            parts = [b"%d;%b" % field for field in numbered if field[1] != b"?"]
            queries = len(parts) < len(numbered)
    if not queries:
        return whole
    return b"".join(b"\x1b]" + part + (end or _NOTHING) for part in parts) or _NOTHING
