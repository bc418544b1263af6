"""Takes out of what clients are sent what is for the session's own terminal alone. Pure.

Those are a program's queries, that only the emulator answers, and its reports of its status (OSC 7501), that
are kept, and passed on in another way to whom they are of use.

A client's terminal would answer too, each of them and at the other end of a slow link. So what `ghostty`
answers is taken out; what only other terminals answer, so that a program finds that it has none of them; and
the modes that make a terminal report by itself (2033, 2048).

Source: ECMA-48 and xterm's control sequences (ENQ, DA, DSR, DECRQM, DECREQTPARM, DECRQCRA, DECRQPSR,
DECRQTSR, XTWINOPS, XTVERSION, XTQMODKEYS, XTSMGRAPHICS, DECRQSS, XTGETTCAP, OSC 4 to 19, 50, 52), kitty's
protocols (keyboard, graphics, OSC 21, 99 and 5522), iTerm2's OSC 1337, Ghostty's glyph protocol, OSC 7501.
"""

from __future__ import annotations

import re

_NUMBERS = rb"(?:[45]|1[0-9]|21|50|52|60|61|99|133|1337|5522|7501)"
"""Of the OSC that may ask; and 133, so that it comes whole to who looks for it."""
_QUERY = re.compile(
    rb"""\x1b(?:
        \[ (?=[0-9;]*+[$*&]?[cntxpuwy]) (?:
            [0-9;]*+ (?: [cnx] | \$[puw] | \*y | &u ) | 0*+(?:1[1-9]|2[01])[0-9;]*+ t )
      | \[ (?: (?P<modes> \? [0-9;]*+ h )
          | \? [0-9;]*+ (?: [unmS] | \$[puw] ) | > [0-9;]*+ [cq] | = [0-9;]*+ c )
      | \] (?P<number> %b ) (?: ; (?P<asked> [^\x07\x18\x1a\x1b]{0,4096}+ ) )?+
           (?P<end> \x07 | \x1b\\ | (?=\x1b) )
      | (?: P [0-9;]*+ [$+] q | _25a1; | _G (?= [^\x18\x1a\x1b;]{0,256} \ba=q\b ) )
        [^\x18\x1a\x1b]{0,4096}+ (?: \x1b\\ | (?=[\x18\x1a\x1b]) )
      | Z
    )"""
    % _NUMBERS,
    re.VERBOSE,
)
_BEGUN = re.compile(
    rb"""\x1b(?:
        \[ [?>=]? [0-9;]{0,64} [$*&\x20]?
      | \] (?: [0-9]{0,4} | %b ; [^\x07\x18\x1a\x1b]{0,4096} ) \x1b?
      | P [0-9;]{0,64} (?: [$+] (?: q [^\x18\x1a\x1b]{0,4096} \x1b? )? )?
      | _ (?: (?: 2 | 25 | 25a | 25a1 | (?: 25a1; | G ) [^\x18\x1a\x1b]{0,4096} \x1b? ) )?
    )?\Z"""
    % _NUMBERS,
    re.VERBOSE,
)
"""What may become one. What is longer is none, so that no more than this is ever kept back."""
_NOTHING = b"\x1b\\"
"""Stands for a query: it ends what had begun before it, as the query does, and does nothing else."""
_ENQ = b"\x05"
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
            return data, data.replace(_ENQ, b"")
        self._begun = b""
        if at := _beginning(data):
            data, self._begun = data[:-at], data[-at:]
        return data, _QUERY.sub(_without, data).replace(_ENQ, b"")


def _beginning(data: bytes) -> int:
    """How many bytes at the end may be the beginning of a query."""
    last = data.rfind(b"\x1b")
    if last == len(data) - 1 and (before := data.rfind(b"\x1b", 0, last)) >= 0 and _BEGUN.match(data, before):
        last = before
    return len(data) - last if _BEGUN.match(data, last) else 0


def _without(found: re.Match[bytes]) -> bytes:
    """What is left of a sequence without what is asked."""
    if found["modes"]:
        numbers = found["modes"][1:-1].split(b";")
        others = [number for number in numbers if not number or int(number) not in _REPORTING]
        if len(others) == len(numbers):
            return found[0]
        return b"\x1b[?" + b";".join(others) + b"h" if others else _NOTHING
    if found["number"]:
        sets = _sets(int(found["number"]), (found["asked"] or b"").split(b";"))
        if sets is None:
            return found[0]
        return b"".join(b"\x1b]" + one + (found["end"] or _NOTHING) for one in sets) or _NOTHING
    return _NOTHING


def _sets(number: int, fields: list[bytes]) -> list[bytes] | None:
    """The OSC that set what this one does and ask for nothing; None if it asks for nothing itself."""
    if number == 7501:
        return []
    if number in (4, 5):
        pairs = list(zip(fields[::2], fields[1::2], strict=False))
        sets = [b"%d;%b;%b" % (number, *pair) for pair in pairs if pair[1] != b"?"]
        return sets if len(sets) < len(pairs) else None
    if 10 <= number <= 19:
        numbered = list(enumerate(fields, number))
        sets = [b"%d;%b" % field for field in numbered if field[1] != b"?"]
        return sets if len(sets) < len(numbered) else None
    if number == 21:
        others = [field for field in fields if not field.endswith(b"=?")]
        sets = [b"21;" + b";".join(others)] if others else []
        return sets if len(others) < len(fields) else None
    asks = {
        99: b"p=?" in fields[0].split(b":"),
        1337: fields[0] in (b"ReportCellSize", b"Capabilities") or fields[0].startswith(b"ReportVariable="),
    }.get(number, number in (60, 61, 5522) or fields[-1] == b"?")
    return [] if asks else None
