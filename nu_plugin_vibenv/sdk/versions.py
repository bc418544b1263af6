"""Which versions of nu this package was tested with, and the one table of what differs between them."""

from __future__ import annotations

from .data import Data

TESTED = ("0.114.0", "0.114.1", "0.115.0", "0.115.1")
"""The releases that the tests run with, oldest first."""


class Change(Data):
    """Something that is so since a version; `needed` where this package cannot do without."""

    since: tuple[int, int]
    what: str
    needed: bool = False


TEXTS = Change((0, 114), "ranges and cell paths are strings on the wire, not structures", needed=True)
BUILTIN_COMPLETIONS = Change((0, 115), "a signature may name one of nu's own completers for an argument")
ASKING_COMPLETIONS = Change((0, 115), "nu can be asked things while it wants completions")

CHANGES = (TEXTS, BUILTIN_COMPLETIONS, ASKING_COMPLETIONS)
"""All that matters to a plugin. Source: the crates `nu-plugin-protocol`, `nu-protocol` and `nu-plugin-engine`
of each version of `TESTED`, which are the same on the wire in all else."""

OLDEST = max(change.since for change in CHANGES if change.needed)


def parse(version: str) -> tuple[int, int] | None:
    """Major and minor of a version, or None for what is none."""
    parts = version.split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts[:2]):
        return None
    return int(parts[0]), int(parts[1])


def has(version: str, change: Change) -> bool:
    """Whether a nu of this version is one since the change."""
    parsed = parse(version)
    return parsed is not None and parsed >= change.since


def refusal(version: str) -> str | None:
    """Why a nu of this version cannot be talked to, or None when it can."""
    if parse(version) is None:
        return f"nu calls itself version {version!r}, which is no version"
    for change in CHANGES:
        if change.needed and not has(version, change):
            since = ".".join(map(str, change.since))
            return f"nu {version} is too old for this plugin, which needs {since}: since then {change.what}"
    return None


def warning(version: str) -> str | None:
    """What to tell once of a version beyond those tested, or None. Patch releases are not told apart."""
    parsed, last = parse(version), parse(TESTED[-1])
    if parsed is not None and last is not None and parsed > last:
        return f"nu {version} is newer than {TESTED[-1]}, the last that this plugin's SDK was tested with"
    return None
