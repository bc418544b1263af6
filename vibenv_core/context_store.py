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
    with user_files.locked(folder(env) / "contexts"):
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
        with _tls_exchanged(tls_folder(env, name), tls):
            text = contexts.meta_text(name, wanted, old.meta if old else {})
            user_files.replace(_meta_file(env, name), text.encode(), new_mode=0o644)
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
    with user_files.locked(folder(env) / "contexts"):
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


@contextlib.contextmanager
def _tls_exchanged(place: Path, tls: Mapping[str, bytes]) -> Iterator[None]:
    """In the body `place` holds just the files `tls`; when the body fails, what it held before is back."""
    new, old = (place.with_name(f".{place.name}.{which}") for which in ("new", "old"))
    with user_files.told(place, "written"), contextlib.ExitStack() as undo:
        for left_over in (new, old):
            shutil.rmtree(left_over, ignore_errors=True)
        undo.callback(shutil.rmtree, new, ignore_errors=True)
        for name, content in tls.items():
            user_files.replace(new / name, content)
        if place.exists():
            place.rename(old)
            undo.callback(old.rename, place)
        if tls:
            new.rename(place)
            undo.callback(shutil.rmtree, place, ignore_errors=True)
        yield
        undo.pop_all()
        shutil.rmtree(old, ignore_errors=True)


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
