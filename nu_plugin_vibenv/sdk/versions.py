"""Which versions of nu this package was tested with, and what differs between them.

| since | what                                                              | where it matters  |
|-------|-------------------------------------------------------------------|-------------------|
| 0.109 | nu asks for completions of arguments                               | nothing to do     |
| 0.114 | ranges and cell paths are strings on the wire, structures before  | `wire_values.py`  |
"""

from __future__ import annotations

OLDEST = (0, 114)
"""The first version that takes what this package writes: ranges and cell paths as strings."""

TESTED = ((0, 114), (0, 115))
"""The first and the last version that the tests run with."""


def parse(version: str) -> tuple[int, int] | None:
    """Major and minor of a version, or None for what is none."""
    parts = version.split(".")
    if len(parts) < 2 or not (parts[0].isdecimal() and parts[1].isdecimal()):
        return None
    return int(parts[0]), int(parts[1])


def refusal(version: str) -> str | None:
    """Why a nu of this version cannot be talked to, or None when it can."""
    parsed = parse(version)
    if parsed is None:
        return f"nu calls itself version {version!r}, which is no version"
    if parsed < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return f"nu {version} is too old: {oldest} is the first in which ranges and cell paths are strings"
    return None


def warning(version: str) -> str | None:
    """What to tell once of a version beyond those tested, or None."""
    parsed = parse(version)
    if parsed is not None and parsed > TESTED[1]:
        last = ".".join(map(str, TESTED[1]))
        return f"nu {version} is newer than {last}, the last version that this plugin's SDK was tested with"
    return None
