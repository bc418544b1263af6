"""Docker's contexts in the user's files: read, made, changed, removed; `contexts` knows what they say."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import contexts, user_files
from .contexts import DEFAULT, Endpoint, Json
from .errors import AlreadyExists, NotFound, WrongState

_TLS_FILES = ("ca.pem", "cert.pem", "key.pem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A context as its file has it."""

    name: str
    """Where the file cannot be read, the name of its folder."""
    meta: Json
    endpoint: Endpoint | None
    """None when it is about something other than Docker, and with `error`."""
    error: WrongState | None = None


def folder(env: Mapping[str, str]) -> Path:
    """Where Docker's command line keeps its files."""
    if configured := env.get("DOCKER_CONFIG"):
        return Path(configured)
    return Path(env.get("HOME") or Path.home()) / ".docker"


def stored(env: Mapping[str, str]) -> list[Stored]:
    """All contexts that lead to a Docker engine, or whose file cannot be read, by name."""
    found = (_read(path) for path in (folder(env) / "contexts" / "meta").glob("*/meta.json"))
    return sorted((each for each in found if each.endpoint or each.error), key=lambda each: each.name)


def one(env: Mapping[str, str], name: str) -> Stored | None:
    """The context of that name, when there is one and it leads to a Docker engine.

    Raises: WrongState (its file cannot be read).
    """
    path = _meta_file(env, name)
    if not path.is_file():
        return None
    found = _read(path)
    if found.error:
        raise found.error
    return found if found.endpoint else None


def tls_folder(env: Mapping[str, str], name: str) -> Path:
    """Where the context's TLS files are, when it has any."""
    return folder(env) / "contexts" / "tls" / contexts.key(name) / "docker"


def current(env: Mapping[str, str]) -> str:
    """The context that Docker's files say is in use. Raises: WrongState."""
    path = _config_file(env)
    content = user_files.content(path)
    name = contexts.parsed(content, path).get("currentContext") if content.strip() else None
    return name or DEFAULT


def create(
    env: Mapping[str, str], name: str, wanted: Endpoint, tls: Mapping[str, bytes], *, force: bool
) -> bool:
    """Make a context, or with `force` change it; False when it is there and the same already.

    `tls` is as `tls_files.contents` gives it. Raises: AlreadyExists, WrongState.
    """
    with _changed(env, name):
        old = one(env, name)
        if old and old.endpoint == wanted and _tls_contents(env, name) == tls:
            return False
        if old and not force:
            assert old.endpoint is not None
            raise AlreadyExists(
                f"there is a context `{name}` already, for {old.endpoint.url}",
                code="context::exists",
                help=f"change it with `--force`, or look at it: docker context inspect {name}",
                about="name",
            )
        try:
            _write(_Change.of(env, name), contexts.meta_text(name, wanted, old.meta if old else {}), tls)
        except BaseException:
            _settle(_Change.of(env, name))
            raise
        return True


def use(env: Mapping[str, str], name: str) -> bool:
    """Make a context the current one; False when it is already. Raises: NotFound, WrongState."""
    if name != DEFAULT and one(env, name) is None:
        raise unknown(env, name, about="name")
    path = _config_file(env)
    with user_files.locked(path.parent):
        old = user_files.content(path)
        new = contexts.with_current(old, name, path)
        if new == old:
            return False
        user_files.replace(path, new)
        return True


def remove(env: Mapping[str, str], name: str) -> Stored:
    """Take a context away, and what it was. Raises: NotFound, WrongState."""
    with _changed(env, name):
        old = one(env, name)
        if old is None:
            raise unknown(env, name, about="name")
        meta = _meta_file(env, name)
        with user_files.told(meta, "removed"):
            meta.unlink()  # without it there is no context, whatever happens next
            for folder_of_it in (meta.parent, tls_folder(env, name).parent):
                shutil.rmtree(folder_of_it, ignore_errors=True)
        return old


def unknown(env: Mapping[str, str], name: str, *, about: str) -> NotFound:
    """What is said where no context has that name."""
    names = ", ".join([DEFAULT, *(each.name for each in stored(env) if each.endpoint)])
    return NotFound(
        f"Docker has no context named `{name}`",
        code="host::unknown",
        help=f"known are: {names}; `vibenv context create {name} TARGET` makes one, "
        "and an address works too: ssh://USER@HOST, unix:///PATH or tcp://HOST:PORT",
        about=about,
    )


def settle(env: Mapping[str, str], name: str) -> None:
    """Where a change of a context was broken off, have it as it was before. Raises: WrongState."""
    if _Change.of(env, name).staged.exists():
        with _changed(env, name):
            pass


@dataclass(frozen=True, slots=True)
class _Change:
    """The files of a context while it is changed.

    Its last rename, of `staged` to `meta`, decides: while `staged` is there, all is to be as it was, and then
    `new` tells where the new TLS files are: in it, or, when it is not there, in `place` already.
    """

    meta: Path
    staged: Path
    place: Path
    new: Path
    old: Path

    @classmethod
    def of(cls, env: Mapping[str, str], name: str) -> _Change:
        meta, place = _meta_file(env, name).resolve(), tls_folder(env, name)
        new, old = (place.with_name(f".{place.name}.{which}") for which in ("new", "old"))
        return cls(meta, meta.with_name(f".{meta.name}.new"), place, new, old)


@contextlib.contextmanager
def _changed(env: Mapping[str, str], name: str) -> Iterator[None]:
    """Nobody else changes contexts in the body, and what somebody left half done is undone."""
    with user_files.locked(folder(env) / "contexts"):
        _settle(_Change.of(env, name))
        yield


def _write(change: _Change, text: str, tls: Mapping[str, bytes]) -> None:
    with user_files.told(change.place, "written"):
        change.new.mkdir(mode=0o700, parents=True)
        for name, content in tls.items():
            user_files.replace(change.new / name, content)
        mode = change.meta.stat().st_mode & 0o777 if change.meta.exists() else 0o644
        user_files.replace(change.staged, text.encode(), new_mode=mode)
        if change.place.exists():
            change.place.rename(change.old)
        if tls:
            change.new.rename(change.place)
        else:
            change.new.rmdir()
        change.staged.rename(change.meta)
        shutil.rmtree(change.old, ignore_errors=True)


def _settle(change: _Change) -> None:
    """Undo a change that was not decided, and sweep up after one that was; may be broken off itself."""
    with user_files.told(change.place, "written"):
        if change.staged.exists():
            if change.place.exists() and not change.new.exists():
                change.place.rename(change.new)
            change.new.mkdir(mode=0o700, exist_ok=True)
            if change.old.exists():
                change.old.rename(change.place)
            change.staged.unlink()
        for left_over in (change.new, change.old):
            shutil.rmtree(left_over, ignore_errors=True)


def _tls_contents(env: Mapping[str, str], name: str) -> dict[str, bytes]:
    there = tls_folder(env, name)
    return {file: (there / file).read_bytes() for file in _TLS_FILES if (there / file).is_file()}


def _read(path: Path) -> Stored:
    try:
        meta = contexts.parsed(user_files.content(path), path)
        return Stored(name=str(meta.get("Name")), meta=meta, endpoint=contexts.endpoint(meta))
    except WrongState as error:
        return Stored(name=path.parent.name, meta={}, endpoint=None, error=error)


def _meta_file(env: Mapping[str, str], name: str) -> Path:
    return folder(env) / "contexts" / "meta" / contexts.key(name) / "meta.json"


def _config_file(env: Mapping[str, str]) -> Path:
    return folder(env) / "config.json"
