"""The files that TLS takes, looked at before a context is made of them."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import user_files
from .errors import UsageError


def contents(files: Mapping[str, Path | None]) -> dict[str, bytes]:
    """The contents of the files given, by the names that Docker keeps them under.

    `files` may have `ca.pem`, `cert.pem` and `key.pem`; those given belong together and can be used.

    Raises: UsageError (not such files, a key that is not the certificate's or has a password), WrongState.
    """
    given = {name: path for name, path in files.items() if path is not None}
    if ("cert.pem" in given) != ("key.pem" in given):
        raise UsageError(
            "a certificate and its key belong together",
            code="context::tls",
            help="give both `--cert` and `--key`",
            about="cert" if "cert.pem" in given else "key",
        )
    checker = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found = {name: _existing(path, name) for name, path in given.items()}
    if "ca.pem" in given:
        with _usable("ca"):
            checker.load_verify_locations(given["ca.pem"])
    if "cert.pem" in given:
        with _usable("cert"):
            checker.load_cert_chain(given["cert.pem"], given["key.pem"], password=lambda: "")
    return found


def _existing(path: Path, name: str) -> bytes:
    if content := user_files.content(path):
        return content
    raise UsageError(
        f"{path} is not there, or empty", code="context::tls", help="name a PEM file", about=name[:-4]
    )


@contextlib.contextmanager
def _usable(about: str) -> Iterator[None]:
    try:
        yield
    except (ssl.SSLError, ValueError) as error:
        raise UsageError(
            f"these TLS files cannot be used: {error}",
            code="context::tls",
            help="give PEM files; the key without a password, and the one that the certificate is made for",
            about=about,
        ) from error
