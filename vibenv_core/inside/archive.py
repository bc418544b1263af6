"""What of a tar stream may be made in a folder, and where: pure decisions, the same on either side.

A stream is of one file or one folder: the name of its first entry is that of all others' first folder.
"""

from __future__ import annotations

FOLDER, FILE, LINK = "folder", "file", "link"
PERMISSIONS = 0o777
"""The bits of a mode that are kept: nobody becomes another user by a file that was copied."""


class Refused(ValueError):
    """Raised for what leads out of the folder that is copied, and for what is no file, folder or link."""


def parts(name: str) -> tuple[str, ...]:
    """The steps from the copied folder to an entry, itself none. Raises: Refused (a way out of it)."""
    steps = tuple(step for step in name.split("/") if step not in ("", "."))
    if name.startswith("/") or ".." in steps or "\0" in name:
        raise Refused(f"the entry `{name}` leads out of its folder")
    return steps


def check_link(place: tuple[str, ...], target: str) -> None:
    """That a symbolic link at `place`, below the copied folder, leads to somewhere in that.

    A way up behind a way down is refused too: what it leads to depends on other links. Raises: Refused.
    """
    steps = [step for step in target.split("/") if step not in ("", ".")]
    up = next((index for index, step in enumerate(steps) if step != ".."), len(steps))
    if target.startswith("/") or up > len(place) - 1 or ".." in steps[up:]:
        raise Refused(f"the link `{'/'.join(place)}` leads out of its folder, to `{target}`")


def destination(to: str, kind: str | None, *, base: str, folder: bool, contents: bool) -> str:
    """Where something called `base` goes that is copied to `to`, where there is a `kind` of thing.

    `folder` says what is copied, `contents` that of it only what is in it. The rules are those of
    `docker cp`. Raises: Refused, FileNotFoundError.
    """
    if kind == FOLDER:
        return to if contents else f"{to.rstrip('/')}/{base}"
    if kind is not None and folder:
        raise Refused(f"`{to}` is a {kind}, and a folder cannot take its place")
    if kind is None and to.endswith("/") and not folder:
        raise FileNotFoundError(2, "No such file or directory", to)
    return to.rstrip("/") or "/"


def check_place(target: str, kind: str | None, *, folder: bool) -> None:
    """That a folder, or else a file, can be made at `target`, or join the `kind` there. Raises: Refused."""
    if kind is not None and (kind == FOLDER) != folder:
        raise Refused(f"`{target}` is there, and is a {kind}")
