"""The folder where links are: the user's own and nobody else's, and locked while a link is made."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import Interrupted, Unreachable, WrongState
from . import plan

_TICK_S = 0.02


def folder(url: str, env: Mapping[str, str]) -> Path:
    """The folder of what leads to the engine at `url`, which may not be there yet."""
    return folders(env) / plan.folder_name(url)


def folders(env: Mapping[str, str]) -> Path:
    """The folder that those folders are in."""
    given = env.get("XDG_RUNTIME_DIR")
    usable = given if given and Path(given).is_dir() else None
    return plan.runtime_folder(usable, user=os.geteuid())


def make(path: Path) -> None:
    """Make a link's folder where it is missing. Raises: WrongState, where others could reach into it."""
    with told(path):
        for each in (path.parent, path):
            with contextlib.suppress(FileExistsError):
                each.mkdir(mode=0o700)
            _check(each)


@contextlib.contextmanager
def locked(path: Path, *, deadline: float, cancelled: threading.Event) -> Iterator[None]:
    """Nobody else makes or mends the link of this folder in the body.

    Raises: Unreachable (somebody else does, until after `deadline`), Interrupted.
    """
    with told(path):
        descriptor = os.open(path / plan.LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _taken(descriptor):
            if cancelled.wait(_TICK_S):
                raise Interrupted("waiting for the link")
            if time.monotonic() > deadline:
                raise Unreachable(
                    "another vibenv has been connecting to this host for long and is not done",
                    code="ssh::timeout",
                    help="try again; `ssh` to the host tells whether it can be reached",
                    about="host",
                )
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn the system's errors about the folder into vibenv's."""
    try:
        yield
    except OSError as error:
        raise WrongState(
            f"the folder {path.parent}, where links to other hosts are, cannot be used: {error.strerror}",
            code="link::runtime_folder",
            help="make room, or name a folder of your own: `$env.XDG_RUNTIME_DIR = …`",
        ) from error


def _check(path: Path) -> None:
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise WrongState(
            f"{path} is not a folder of yours, and vibenv's sockets would be somebody else's to take",
            code="link::runtime_folder",
            help=f"see who made it: `ls -ld {path}`",
        )
    if found.st_mode & 0o077:
        raise WrongState(
            f"others may reach into {path}, and so use the engines that you may",
            code="link::runtime_folder",
            help=f"chmod 700 {path}",
        )


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
