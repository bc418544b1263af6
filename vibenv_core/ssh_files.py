"""The user's ssh configuration: changed on disk, as `ssh_config` says."""

from __future__ import annotations

import contextlib
import os
import pwd
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import process, ssh_config, user_files
from .errors import AlreadyExists, EngineError, NotFound
from .ssh_config import Change

_INSTANCE, _NO_INSTANCE = "i-0123456789abcdef0", "vibenv.invalid"
_ASK_S = 10.0
"""How long ssh may take to read its configuration; a `Match exec` runs programs."""


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


def edit(file: Path, *, undo: bool, force: bool, dry_run: bool, env: Mapping[str, str]) -> Edit:
    """Put vibenv's part into `file`, or with `undo` take it out; with `dry_run`, only say what that changes.

    The file as it was is kept beside it. Where it includes others or has a `Match`, ssh is asked what it
    makes of them. Raises: AlreadyExists (the user's own words on the same hosts say otherwise, and not
    `force`), WrongState (the file cannot be understood, or not be written); nothing is changed then.
    """
    if dry_run:
        old, new = _decided(file, undo=undo, force=force, env=env)
        return Edit(file=file, backup=None, changes=tuple(ssh_config.changes(old, new)))
    with user_files.locked(file.parent):
        old, new = _decided(file, undo=undo, force=force, env=env)
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


def _decided(file: Path, *, undo: bool, force: bool, env: Mapping[str, str]) -> tuple[bytes, bytes]:
    """The file's content, and what it is to be."""
    old = user_files.content(file)
    if undo:
        return old, ssh_config.without_part(old)
    new = ssh_config.with_part(old)
    if new == old or force:
        return old, new
    if theirs := ssh_config.conflicts(old):
        raise _taken(f"line {theirs[0].line} of {file} says", theirs[0].text)
    if ssh_config.is_indirect(old) and (said := _said_elsewhere(ssh_config.without_part(old), env)):
        raise _taken(f"a `Match` of {file}, or a file that it includes, says", said[0])
    return old, new


def _taken(where: str, text: str) -> AlreadyExists:
    return AlreadyExists(
        f"{where} something else about EC2 instances: `{text}`",
        code="ssh_config::taken",
        help="where `ssh i-…` works that may stay; `vibenv ssh-config --force` puts vibenv's before it",
    )


def _said_elsewhere(theirs: bytes, env: Mapping[str, str]) -> list[str]:
    """What ssh makes of the user's words about EC2 instances; nothing where it cannot be asked."""
    ours = ssh_config.with_part(b"")
    asked = [(theirs, _INSTANCE), (theirs, _NO_INSTANCE), (ours, _INSTANCE)]
    try:
        instance, other, by_ours = (_understood(content, host, env) for content, host in asked)
    except (NotFound, EngineError):
        return []
    return ssh_config.differing(instance, other, by_ours)


def _understood(content: bytes, host: str, env: Mapping[str, str]) -> str:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        argv = ["ssh", "-G", "-F", file.name, "--", host]
        return process.run(argv, env=env, timeout_s=_ASK_S, cancelled=threading.Event()).stdout
