"""Docker's contexts as rows, and what was changed in the user's files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vibenv_core.hosts import Context
    from vibenv_core.ssh_files import Edit


@dataclass(frozen=True, slots=True)
class ContextRow:
    """One of Docker's contexts; `current` is what a command without `--host` uses."""

    name: str
    current: bool
    host: str | None
    tls: str | None
    description: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ContextRecord:
    """A context after a command about it; `changed` says whether that had anything to do."""

    name: str
    current: bool
    host: str | None
    tls: str | None
    description: str | None
    changed: bool
    detail: str | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line that was `added` to a file or `removed` from it; `line` counts from 1, where the line is."""

    line: int
    change: str
    text: str


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What was changed in a file of the user's, or would be; `backup` is the file as it was."""

    file: str
    changed: bool
    backup: str | None
    diff: list[LineRow]
    detail: str | None


def context_row(context: Context) -> ContextRow:
    """A context as `vibenv context list` shows it."""
    return ContextRow(
        name=context.name,
        current=context.current,
        host=context.url,
        tls=_tls(context),
        description=context.description or None,
        error=None if context.error is None else context.error.message,
    )


def context_record(context: Context, *, changed: bool, detail: str | None = None) -> ContextRecord:
    """A context as the commands show it that make it or use it."""
    return ContextRecord(
        name=context.name,
        current=context.current,
        host=context.url,
        tls=_tls(context),
        description=context.description or None,
        changed=changed,
        detail=detail,
    )


def _tls(context: Context) -> str | None:
    if context.tls is None:
        return None
    return "verified" if context.tls.verify else "unverified"


def file_record(edit: Edit, *, detail: str | None) -> FileRecord:
    """What `vibenv ssh-config` did, or would do."""
    return FileRecord(
        file=str(edit.file),
        changed=bool(edit.changes),
        backup=None if edit.backup is None else str(edit.backup),
        diff=[
            LineRow(line=change.line, change="added" if change.added else "removed", text=change.text)
            for change in edit.changes
        ],
        detail=detail,
    )
