"""Looks at what a terminal's foreground is: which program, and how it reads its keys."""

from __future__ import annotations

import os
import termios

from .doing import Foreground

_SHELLS = ("ash", "bash", "csh", "dash", "elvish", "fish", "ksh", "mksh", "nu", "sh", "tcsh", "xonsh", "zsh")
_INTERPRETERS = ("bun", "deno", "node", "perl", "python", "ruby")
"""Which are not what runs, but run it. Their names may end with a version."""
_LONGEST = 64


def foreground(terminal: int) -> Foreground | None:
    """What the terminal, open at its master side, belongs to now; None if that cannot be told."""
    try:
        process = _last_of_group(os.tcgetpgrp(terminal))
        local_modes = termios.tcgetattr(terminal)[3]
        name = _read(f"/proc/{process}/comm").rstrip("\n")
        app = _script(_read(f"/proc/{process}/cmdline")) if name.startswith(_INTERPRETERS) else ""
    except (OSError, termios.error):
        return None
    canonical = bool(local_modes & termios.ICANON)
    return Foreground(
        app=_plain(app or name),
        is_shell=name.lstrip("-") in _SHELLS,
        reads_keys=not canonical,
        hides_input=canonical and not local_modes & termios.ECHO,
    )


def _last_of_group(group: int) -> int:
    """The process that was started last of those that a group's first one waits for, as a script does.

    What a shell at its prompt has started are groups of their own.
    """
    process = child = group
    while child:
        process = child
        children = map(int, _read(f"/proc/{process}/task/{process}/children").split())
        child = max((each for each in children if os.getpgid(each) == group), default=0)
    return process


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 (pathlib is slow to import)
        return file.read(4096)


def _script(command: str) -> str:
    """What an interpreter runs, by its command line; empty if that is no file."""
    words = command.split("\0")[1:]
    script = next((word for word in words if not word.startswith("-")), "")
    return os.path.splitext(os.path.basename(script))[0]  # noqa: PTH119, PTH122


def _plain(name: str) -> str:
    return "".join(character for character in name if character.isprintable())[:_LONGEST]
