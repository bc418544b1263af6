"""Makes vibenv known to a user's Nushell, and takes that away again.

    <data>/vibenv/nu_plugin_vibenv    the plugin's launcher: this Python without site, its own import path
    <data>/vibenv/made.json           the folders and files that were not there before
    <config>/scripts/vibenv           a link to the module: only from here `use vibenv` works everywhere
    <data>/vendor/autoload/vibenv.nu  `use vibenv`, for the REPL and `nu --mcp`; scripts and `nu -c` type it
    <config>/plugin.msgpackz          the plugin's signatures, written by nu's own `plugin add`

Where <data> and <config> are, nu is asked. A second run changes nothing; what somebody else put in one of
these places is refused before anything is written; undoing removes only what carries the mark below, or is
such a link.
"""

from __future__ import annotations

import argparse
import enum
import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vibenv_core.errors import Foreign, VibenvError
from vibenv_core.settings import VERSION

from .nushell import Nushell, add_plugin, ask, plugins, remove_plugin

MARK = "# Written by `python -m nu_plugin_vibenv install`; `install --undo` removes it."
LONGEST_SHEBANG = 127
"""Bytes of a `#!` line that Linux before 5.1 reads (BINPRM_BUF_SIZE, execve(2))."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of ours, known by MARK."""

    label: str
    path: Path
    text: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link to the module's folder, known by where it leads."""

    label: str
    path: Path
    target: Path


class Found(enum.Enum):
    """What is in a place that an item is to have."""

    ABSENT = enum.auto()
    CURRENT = enum.auto()
    OLDER = enum.auto()
    """Ours, and not as it is to be."""
    FOREIGN = enum.auto()


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the report: an item, where it is, and what was done about it."""

    label: str
    path: Path
    done: str


# What is to be where


def items(nushell: Nushell, *, python: Path, roots: Sequence[str], module: Path) -> list[File | Link]:
    """What an installation consists of besides nu's own registry, in the order in which it is made."""
    return [
        File("launcher", launcher_path(nushell), launcher_text(python, roots), 0o755),
        Link("module", nushell.config / "scripts" / "vibenv", module),
        File("autoload", nushell.data / "vendor" / "autoload" / "vibenv.nu", f"{MARK}\nuse vibenv\n"),
    ]


def launcher_path(nushell: Nushell) -> Path:
    """The file that nu starts: the name gives the plugin's, and without a suffix nu heeds its first line."""
    return nushell.data / "vibenv" / "nu_plugin_vibenv"


def launcher_text(python: Path, roots: Sequence[str]) -> str:
    """A script that starts the plugin with `python`, isolated (-I) and without the import of `site` (-S).

    `roots` are the import folders, written out because `-S` reads no .pth file. Where the first line would be
    longer than every kernel reads, or the path has a blank, `sh` starts the same file: what it executes is a
    string to Python.
    """
    program = (
        f"{MARK}\n"
        "import sys\n"
        f"sys.path[:0] = {list(roots)!r}\n"
        "from nu_plugin_vibenv.__main__ import main\n"
        "sys.exit(main())\n"
    )
    shebang = f"#!{python} -IS\n"
    if len(os.fsencode(shebang)) <= LONGEST_SHEBANG and " " not in str(python):
        return shebang + program
    return f"#!/bin/sh\n'''exec' {shlex.quote(str(python))} -IS \"$0\" \"$@\"\n' '''\n{program}"


def import_roots() -> list[str]:
    """The folders that hold vibenv and the packages it needs, in the order of this interpreter's own path."""
    own = str(Path(__file__).resolve().parent.parent)
    packages = (entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages"))
    return list(dict.fromkeys([own, *packages]))


def module_folder() -> Path:
    """The folder of the Nushell module: inside this package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    folders = (root / "nu" / "vibenv" for root in (package, package.parent))
    return next(folder for folder in folders if folder.is_dir())


# What is there


def found(item: File | Link) -> Found:
    """What is in the place of `item`, without following a link that is not there to be followed."""
    path = item.path
    match item:
        case File() if path.is_file() and not path.is_symlink():
            text = path.read_text(encoding="utf-8", errors="replace")
            current = text == item.text and path.stat().st_mode & 0o777 == item.mode
            return Found.CURRENT if current else Found.OLDER if MARK in text else Found.FOREIGN
        case Link() if path.is_symlink():
            target = path.readlink()
            current = target == item.target
            ours = target.parts[-2:] == ("nu", "vibenv")
            return Found.CURRENT if current else Found.OLDER if ours else Found.FOREIGN
        case _:
            return Found.FOREIGN if os.path.lexists(path) else Found.ABSENT


# Doing it


def install(nushell: Nushell, wanted: Sequence[File | Link]) -> list[Change]:
    """Bring every item and the registry to what is wanted; gives one line for each.

    A first installation that fails leaves nothing.
    Raises: Foreign (somebody else's file is in a place; nothing was written), NushellError (nu failed).
    """
    before = [found(item) for item in wanted]
    for item, there in zip(wanted, before, strict=True):
        if there is Found.FOREIGN:
            raise Foreign(
                f"{item.path} is there, and vibenv did not make it",
                code="install::foreign",
                help=f"look at it, then move it away: mv {item.path} {item.path}.before-vibenv",
            )
    try:
        changes = [_make(nushell, item, there) for item, there in zip(wanted, before, strict=True)]
        return [*changes, _register(nushell)]
    except BaseException:
        if all(there is Found.ABSENT for there in before):
            _remove(nushell, wanted)
        raise


def undo(nushell: Nushell, wanted: Sequence[File | Link]) -> list[Change]:
    """Take away what `install` made, and nothing else; a second time there is nothing to do."""
    return [_unregister(nushell), *_remove(nushell, wanted)]


def _remove(nushell: Nushell, wanted: Sequence[File | Link]) -> list[Change]:
    """Take away the items that are ours, and then what was made for them and is empty."""
    changes = []
    for item in reversed(wanted):
        ours = found(item) in (Found.CURRENT, Found.OLDER)
        if ours:
            item.path.unlink()
        changes.append(Change(item.label, item.path, "removed" if ours else "not there, or not ours"))
    made = _made(nushell)
    _record(nushell).unlink(missing_ok=True)
    if nushell.registry in made and nushell.registry.exists() and not plugins(nushell):
        nushell.registry.unlink()
    for folder in sorted((path for path in made if path.is_dir()), key=lambda path: -len(path.parts)):
        if not any(folder.iterdir()):
            folder.rmdir()
    return changes


def _make(nushell: Nushell, item: File | Link, there: Found) -> Change:
    if there is Found.CURRENT:
        return Change(item.label, item.path, "unchanged")
    _remember(nushell, _make_folders(item.path.parent))
    if there is Found.OLDER:
        item.path.unlink()
    match item:
        case File():
            item.path.write_text(item.text, encoding="utf-8")
            item.path.chmod(item.mode)
        case Link():
            item.path.symlink_to(item.target)
    return Change(item.label, item.path, "made" if there is Found.ABSENT else "brought up to date")


def _make_folders(folder: Path) -> list[Path]:
    """Make `folder` and its parents; gives those that were not there."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _register(nushell: Nushell) -> Change:
    registry = nushell.registry
    before = registry.read_bytes() if registry.exists() else None
    folders = _make_folders(registry.parent)
    _remember(nushell, folders if before is not None else [*folders, registry])
    add_plugin(nushell, launcher_path(nushell))
    if before is None:
        return Change("plugin", registry, "made")
    return Change(
        "plugin", registry, "unchanged" if registry.read_bytes() == before else "brought up to date"
    )


def _unregister(nushell: Nushell) -> Change:
    ours = launcher_path(nushell) in plugins(nushell)
    if ours:
        remove_plugin(nushell, launcher_path(nushell))
    return Change("plugin", nushell.registry, "removed" if ours else "not there, or not ours")


def _record(nushell: Nushell) -> Path:
    return nushell.data / "vibenv" / "made.json"


def _made(nushell: Nushell) -> list[Path]:
    record = _record(nushell)
    return [Path(path) for path in json.loads(record.read_text(encoding="utf-8"))] if record.exists() else []


def _remember(nushell: Nushell, paths: Iterable[Path]) -> None:
    known = _made(nushell)
    new = [path for path in paths if path not in known]
    if new or not known:
        new += _make_folders(_record(nushell).parent)
        text = json.dumps([*map(str, known), *map(str, new)], indent=1)
        _record(nushell).write_text(text + "\n", encoding="utf-8")


def report(changes: Iterable[Change]) -> Iterator[str]:
    """The lines that tell a person what was done where."""
    for change in changes:
        yield f"  {change.label:<9} {change.done:<22} {change.path}"


def main(arguments: Sequence[str]) -> int:
    """`install [--nu PATH] [--undo]` as a person types it; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nu_plugin_vibenv install", description="Make vibenv known to your Nushell."
    )
    parser.add_argument("--nu", metavar="PATH", help="the Nushell to ask; default: the one in PATH")
    parser.add_argument("--undo", action="store_true", help="take away what an installation made")
    given = parser.parse_args(arguments)
    try:
        nushell = ask(given.nu)
        wanted = items(nushell, python=Path(sys.executable), roots=import_roots(), module=module_folder())
        changes = undo(nushell, wanted) if given.undo else install(nushell, wanted)
    except OSError as error:
        print(f"vibenv: {error}", file=sys.stderr)
        return 1
    except VibenvError as error:
        print(f"vibenv: {error.message}\n  {error.help or error.code}", file=sys.stderr)
        return 1
    print(f"vibenv {VERSION} in Nushell {nushell.version}", *report(changes), sep="\n")
    if not given.undo:
        print("Open a new Nushell and type: vibenv")
    return 0
