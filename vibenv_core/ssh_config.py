"""vibenv's part of the user's ssh configuration: text in, text out.

The part stands at the very start of the file between two marks, because ssh takes the first value it finds;
its last line, `Host *`, hands what follows back to every host, as it was. All else stays byte for byte.

Source: ssh_config(5); AWS Systems Manager's user guide, "Allow and control permissions for SSH connections
through Session Manager", for the ProxyCommand.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from .errors import WrongState

BEGIN = "# >>> vibenv >>>"
END = "# <<< vibenv <<<"

PATTERN = "i-*"
"""The names of EC2 instances."""
SETTINGS = {
    "ProxyCommand": 'sh -c "aws ssm start-session --target %h --document-name AWS-StartSSHSession'
    " --parameters 'portNumber=%p'\"",
    "ControlMaster": "auto",
    "ControlPath": "~/.ssh/control-%C",
    "ControlPersist": "10m",
    "ServerAliveInterval": "15",
    "ServerAliveCountMax": "3",
}
"""ssh gives the ProxyCommand to the login shell of the user, which may be Nushell: hence the `sh -c`."""

_PART = (
    BEGIN,
    "# Written by `vibenv ssh-config`, taken out by `vibenv ssh-config --undo`; changes made here are lost.",
    f"Host {PATTERN}",
    *(f"    {keyword} {value}" for keyword, value in SETTINGS.items()),
    "Host *",
    END,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line that differs; `line` counts from 1, in the new file when `added`, else in the old one."""

    line: int
    added: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A line of the user's own that already says something else about the same hosts."""

    line: int
    text: str


def with_part(content: bytes) -> bytes:
    """The file with vibenv's part in it, once and at its start. Raises: WrongState, as `without_part`."""
    rest = without_part(content)
    first = rest.partition(b"\n")[0]
    newline = "\r\n" if first.endswith(b"\r") else "\n"
    return "".join(f"{line}{newline}" for line in _PART).encode() + rest


def without_part(content: bytes) -> bytes:
    """The file without vibenv's part.

    Raises: WrongState, where the file cannot be understood: a mark without its counterpart, not text.
    """
    kept = []
    begun = None
    for number, line in enumerate(_lines(content), 1):
        mark = line.strip().decode()
        if mark == (BEGIN if begun else END):
            raise _unclear(f"line {number}, `{mark}`, has no counterpart", f"take line {number} out of it")
        if mark == BEGIN:
            begun = number
        elif begun is None:
            kept.append(line)
        elif mark == END:
            begun = None
    if begun is not None:
        raise _unclear(f"line {begun}, `{BEGIN}`, has no counterpart", f"put `{END}` where that part ends")
    return b"".join(kept)


def conflicts(content: bytes) -> list[Conflict]:
    """The user's own lines that give another value to what vibenv sets, for these hosts in particular.

    Only lines of a `Host` whose pattern begins as the names of EC2 instances do: what is said of every host
    is meant to be overridden. Raises: as `without_part`.
    """
    found = []
    ours = {keyword.lower(): value for keyword, value in SETTINGS.items()}
    theirs = False
    inside = False
    for number, raw in enumerate(_lines(content), 1):
        line = raw.decode().strip()
        if line in (BEGIN, END):
            inside, theirs = line == BEGIN, False
        keyword, value = _keyword_and_value(line)
        if keyword in ("host", "match"):
            names = value.replace('"', "").split() if keyword == "host" else []
            theirs = not inside and any(name.startswith("i-") for name in names)
        elif theirs and keyword in ours and value != ours[keyword]:
            found.append(Conflict(line=number, text=line))
    return found


def is_indirect(content: bytes) -> bool:
    """Whether the file alone does not tell what ssh makes of it. Raises: as `without_part`."""
    keywords = {_keyword_and_value(line.decode().strip())[0] for line in _lines(content)}
    return not keywords.isdisjoint(("include", "match"))


def differing(instance: str, other: str, ours: str) -> list[str]:
    """What ssh makes of the user's words about EC2 instances in particular that vibenv would override.

    Each is the answer of `ssh -G`: for an instance, for another host, and for an instance by vibenv's part
    alone.
    """
    keywords = tuple(f"{keyword.lower()} " for keyword in SETTINGS)
    known = {*other.splitlines(), *ours.splitlines()}
    return [line for line in instance.splitlines() if line.startswith(keywords) and line not in known]


def changes(old: bytes, new: bytes) -> list[Change]:
    """The lines that differ, in the order of the file."""
    before, after = ([line.decode().rstrip("\r\n") for line in _lines(content)] for content in (old, new))
    found = []
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            continue
        found += [Change(line=at + 1, added=False, text=before[at]) for at in range(old_from, old_to)]
        found += [Change(line=at + 1, added=True, text=after[at]) for at in range(new_from, new_to)]
    return found


def _lines(content: bytes) -> list[bytes]:
    """The lines with their ends, of what ssh can read as text."""
    lines: list[bytes] = re.findall(rb"[^\n]*\n|[^\n]+", content)
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise _unclear(
                f"line {number} is not UTF-8", "save the file as UTF-8, then type this again"
            ) from None
        if "\0" in text or text.startswith("\ufeff"):
            raise _unclear(f"line {number} holds what ssh cannot read", "save the file as plain text")
    return lines


def _keyword_and_value(line: str) -> tuple[str, str]:
    """A line's keyword in lower case and its value; both are "" for a comment and an empty line."""
    found = re.fullmatch(r'"?([A-Za-z]+)"?(?:\s*=\s*|\s+)(.*)', line)
    return (found[1].lower(), found[2].strip()) if found else ("", "")


def _unclear(why: str, help: str) -> WrongState:
    return WrongState(
        f"the ssh configuration cannot be changed safely: {why}", code="ssh_config::unclear", help=help
    )
