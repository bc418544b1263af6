"""The user's ssh configuration: changed on disk, as `ssh_config` says."""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import ssh_config, user_files
from .errors import AlreadyExists
from .ssh_config import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What was changed in a file, or would be."""

    file: Path
    backup: Path | None
    """What the file was like before; None where nothing was written over."""
    changes: tuple[Change, ...]


def config_file(env: Mapping[str, str]) -> Path:
    """The user's own configuration, as every program but ssh finds it."""
    return Path(env.get("HOME") or Path.home()) / ".ssh" / "config"


def file_that_ssh_reads() -> Path | None:
    """The user's own configuration for ssh, which asks the system where a user is at home, not HOME.

    None where the system does not know the user; ssh refuses to work then.
    """
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh" / "config"
    except KeyError:
        return None


def edit(file: Path, *, undo: bool, force: bool, dry_run: bool) -> Edit:
    """Put vibenv's part into `file`, or with `undo` take it out; with `dry_run`, only say what that changes.

    The file as it was is kept beside it. Raises: AlreadyExists (the user's own words on the same hosts say
    otherwise, and not `force`), WrongState (the file cannot be understood, or not be written); nothing is
    changed then.
    """
    if dry_run:
        old, new = _decided(file, undo=undo, force=force)
        return Edit(file=file, backup=None, changes=tuple(ssh_config.changes(old, new)))
    with user_files.locked(file.parent):
        old, new = _decided(file, undo=undo, force=force)
        backup = file.with_name(f"{file.name}.before-vibenv") if old and old != new else None
        with contextlib.ExitStack() as undo_backup:
            if backup:
                if not backup.exists():
                    undo_backup.callback(backup.unlink, missing_ok=True)
                user_files.replace(backup, old)
            if old != new:
                user_files.replace(file, new)
            undo_backup.pop_all()
        return Edit(file=file, backup=backup, changes=tuple(ssh_config.changes(old, new)))


def _decided(file: Path, *, undo: bool, force: bool) -> tuple[bytes, bytes]:
    """The file's content, and what it is to be."""
    old = user_files.content(file)
    if undo:
        return old, ssh_config.without_part(old)
    new = ssh_config.with_part(old)
    if new != old and not force and (theirs := ssh_config.conflicts(old)):
        first = theirs[0]
        raise AlreadyExists(
            f"line {first.line} of {file} says something else about EC2 instances: `{first.text}`",
            code="ssh_config::taken",
            help="where `ssh i-…` works that may stay; `vibenv ssh-config --force` puts vibenv's before it",
        )
    return old, new
