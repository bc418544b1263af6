"""Docker's contexts as its command line keeps them in files: what the files say, and what they are to say.

Text in, text out: `context_store` reads and writes. A context NAME is `contexts/meta/SHA256(NAME)/meta.json`
and, with TLS, `contexts/tls/SHA256(NAME)/docker/{ca,cert,key}.pem`; the one in use is `currentContext` in
`config.json`.

Source: docker/cli 20.10 and 28: cli/context/store, cli/command/context, cli/config/configfile.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from .errors import UsageError, WrongState

Json = dict[str, Any]
"""A file of Docker's, as it is."""

DEFAULT = "default"
"""The context that is always there: DOCKER_HOST, or the local socket."""
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]+")
_CURRENT = "currentContext"
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What a context says of its engine, but for the contents of its TLS files."""

    url: str
    description: str = ""
    skip_tls_verify: bool = False


def context_name(text: str) -> str:
    """`text`, when Docker lets a context have that name. Raises: UsageError."""
    if text == DEFAULT:
        raise UsageError(
            "`default` is Docker's own context, for DOCKER_HOST or the local socket",
            code="context::bad_name",
            help="give it another name",
            about="name",
        )
    if not _NAME.fullmatch(text):
        raise UsageError(
            f"`{text}` cannot name a context",
            code="context::bad_name",
            help="a name is two or more of letters, digits, `_`, `.`, `+` and `-`, and begins with a letter "
            "or a digit",
            about="name",
        )
    return text


def key(name: str) -> str:
    """The name of the folders that hold a context's files."""
    return hashlib.sha256(name.encode()).hexdigest()


def endpoint(meta: Json) -> Endpoint | None:
    """What a `meta.json` says; None when the context is about something other than Docker."""
    docker = _object(_object(meta, "Endpoints"), "docker")
    if "Host" not in docker:
        return None
    return Endpoint(
        url=str(docker["Host"]),
        description=str(_object(meta, "Metadata").get("Description", "")),
        skip_tls_verify=docker.get("SkipTLSVerify") is True,
    )


def meta_text(name: str, wanted: Endpoint, old: Json) -> str:
    """The text of a `meta.json`, as Docker itself writes it; what `old` has beside `wanted` is kept."""
    metadata = {key: value for key, value in _object(old, "Metadata").items() if key != "Description"}
    if wanted.description:
        metadata["Description"] = wanted.description
    docker = {"Host": wanted.url, "SkipTLSVerify": wanted.skip_tls_verify}
    endpoints = {**_object(old, "Endpoints"), "docker": docker}
    text = json.dumps(
        {"Name": name, "Metadata": metadata, "Endpoints": endpoints},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    # Go writes these as escapes, for the sake of web pages.
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _object(parent: Json, name: str) -> Json:
    found = parent.get(name)
    return found if isinstance(found, dict) else {}


def parsed(text: bytes, path: object) -> Json:
    """A JSON object of Docker's. Raises: WrongState, naming `path`."""
    try:
        found = json.loads(text.decode())
    except ValueError as error:
        raise _unclear(path, str(error)) from error
    if not isinstance(found, dict):
        raise _unclear(path, "it holds no JSON object")
    return found


def with_current(config: bytes, name: str, path: object) -> bytes:
    """`config.json` with another current context, and else byte for byte as it was; `path` is for errors.

    `default` is written as Docker does: by no such member. Raises: WrongState.
    """
    if not config.strip():
        return b"" if name == DEFAULT else f'{{\n\t"{_CURRENT}": {json.dumps(name)}\n}}'.encode()
    parsed(config, path)
    text = config.decode()
    members = _members(text)
    own = [member for member in members if member.key == _CURRENT]
    if name == DEFAULT:
        for member in reversed(own):
            text = _without(text, members, members.index(member))
            members = _members(text)
        return text.encode()
    if own:
        value = own[-1].value
        return f"{text[: value.start]}{json.dumps(name)}{text[value.stop :]}".encode()
    return _appended(text, members, f'"{_CURRENT}": {json.dumps(name)}').encode()


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of a JSON object and where it stands in the text; `value` is within it."""

    key: str
    start: int
    value: slice


def _members(text: str) -> list[_Member]:
    """The members of the object that `text`, which is known to be valid, consists of."""
    decoder = json.JSONDecoder()
    at = _skip(text, _skip(text, 0) + 1)
    found = []
    while text[at] != "}":
        start = at
        name, at = decoder.raw_decode(text, at)
        value_start = _skip(text, _skip(text, at) + 1)
        _, at = decoder.raw_decode(text, value_start)
        found.append(_Member(name, start, slice(value_start, at)))
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _without(text: str, members: list[_Member], index: int) -> str:
    """Take out a member with the comma and the space that part it from its neighbour."""
    if index:
        return text[: members[index - 1].value.stop] + text[members[index].value.stop :]
    if len(members) > 1:
        return text[: members[0].start] + text[members[1].start :]
    return text[: members[0].start].rstrip() + text[members[0].value.stop :].lstrip()


def _appended(text: str, members: list[_Member], member: str) -> str:
    """Put in a member behind the last one, spaced as that one is."""
    if not members:
        at = text.index("{") + 1
        return f"{text[:at]}\n\t{member}\n{text[at:].lstrip()}"
    end = members[-1].value.stop
    before = members[-2].value.stop if len(members) > 1 else text.index("{") + 1
    space = text[before : members[-1].start].rpartition(",")[2]
    return f"{text[:end]},{space}{member}{text[end:]}"


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _unclear(path: object, why: str) -> WrongState:
    return WrongState(
        f"Docker's file {path} cannot be read: {why}",
        code="host::bad_config",
        help="mend or remove it, or name an address: `--host unix:///var/run/docker.sock`",
        about="host",
    )
