"""The text forms of ranges and cell paths, as nu writes them: `1..3..9`, `$."a b".3?.c!?`.

Source: `nu-protocol` 0.115.1, `ast/cell_path.rs` and `value/range.rs`.
"""

from __future__ import annotations

from .errors import RemoteProtocolError
from .values import CellPath, PathMember, Range

_ROW_DIGITS = 20
"""What a number of 64 bits has at most; nu takes a longer one for a name."""

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "/": "/", '"': '"'}


def range_from_text(text: str) -> Range:
    """Read `start..end`, `start..next..end`, with `<` before an excluded end and nothing for none.

    All parts are floats when one of them is written as a float.
    """
    parts = text.split("..")
    last = parts[-1].removeprefix("<")
    number = float if any(set(part) & set(".eEnN") for part in parts) else int
    if len(parts) not in (2, 3):
        raise RemoteProtocolError(f"expected a range, got {text!r}")
    try:
        return Range(
            number(parts[0]),
            number(parts[1]) if len(parts) == 3 else None,
            number(last) if last else None,
            not parts[-1].startswith("<"),
        )
    except ValueError:
        raise RemoteProtocolError(f"expected a range, got {text!r}") from None


def range_text(range: Range) -> str:
    """Write a range so that nu reads the same; a float keeps its point.

    An infinite end is written as none: nu cannot read the word that it writes for one itself.
    """
    middle = "" if range.next is None else f"{_number(range.next)}.."
    end = ""
    if range.end is not None and abs(range.end) != float("inf"):
        end = f"{'' if range.inclusive else '<'}{_number(range.end)}"
    return f"{_number(range.start)}..{middle}{end}"


def _number(number: int | float) -> str:
    text = repr(number)
    if "e" in text:
        from decimal import Decimal

        text = format(Decimal(text), "f")
        return text if "." in text else text + ".0"
    return text


def cell_path_from_text(text: str) -> CellPath:
    """Read `$.name.0?."quoted name"!?`; the leading `$.` may be missing."""
    rest = text.removeprefix("$.")
    members = []
    while rest:
        member, rest = _member(rest, text)
        members.append(member)
        if rest and not rest.startswith("."):
            raise RemoteProtocolError(f"expected a cell path, got {text!r}")
        rest = rest[1:]
    return CellPath(tuple(members))


def _member(rest: str, text: str) -> tuple[PathMember, str]:
    name: str | int
    if rest[0] == '"':
        name, rest = _double_quoted(rest[1:], text)
    elif rest[0] in "'`":
        name, quote, rest = rest[1:].partition(rest[0])
        if not quote:
            raise RemoteProtocolError(f"a quote in cell path {text!r} is not closed")
    else:
        length = next((i for i, char in enumerate(rest) if char in ".?!"), len(rest))
        word, rest = rest[:length], rest[length:]
        digits = word.replace("_", "")
        row = digits.isascii() and digits.isdigit() and len(digits) <= _ROW_DIGITS
        name = int(digits) if row else word
    marks = rest[: len(rest) - len(rest.lstrip("?!"))]
    return PathMember(name, "?" in marks, "!" in marks), rest[len(marks) :]


def _double_quoted(rest: str, text: str) -> tuple[str, str]:
    name: list[str] = []
    chars = iter(enumerate(rest))
    for index, char in chars:
        if char == '"':
            return "".join(name), rest[index + 1 :]
        if char == "\\":
            _, escaped = next(chars, (0, ""))
            char = _ESCAPES.get(escaped, "\\" + escaped)
        name.append(char)
    raise RemoteProtocolError(f"a quote in cell path {text!r} is not closed")


def cell_path_text(path: CellPath) -> str:
    """Write a cell path; the empty one is `$.`."""
    return "$." + ".".join(_member_text(member) for member in path.members)


def _member_text(member: PathMember) -> str:
    name = str(member.name) if isinstance(member.name, int) else _quoted_if_needed(member.name)
    return name + ("!" if member.insensitive else "") + ("?" if member.optional else "")


def _quoted_if_needed(name: str) -> str:
    plain = name.isascii() and name.replace("_", "a").replace("-", "a").isalnum()
    return name if plain and name[0].isalpha() else quoted(name)


def quoted(text: str) -> str:
    """A string as nu reads it between double quotes."""
    for letter, char in (("\\", "\\"), ('"', '"'), ("n", "\n"), ("r", "\r"), ("t", "\t")):
        text = text.replace(char, "\\" + letter)
    return f'"{text}"'
