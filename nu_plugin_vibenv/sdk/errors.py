"""Errors: what a command tells the user, and what goes wrong on the wire.

LabeledError             what a command raises, or an engine call answers
└── NoTerminal           there is no terminal that the command could use
ProtocolError
├── LocalProtocolError   this side tried to send what the protocol does not allow: a bug of the plugin
├── RemoteProtocolError  the engine sent what this side cannot read: the connection is over
└── ConnectionClosed     the engine is gone: nothing more can be asked or answered
"""

from __future__ import annotations

from .data import TYPE_CHECKING, Data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .span import Span


class Label(Data):
    """A note under the place in the user's source that `span` names."""

    text: str
    span: Span


class LabeledError(Exception):
    """An error as nu shows it: `help` is what the user may try, `code` is stable (`plugin::went_wrong`)."""

    def __init__(
        self,
        msg: str,
        *,
        labels: Iterable[Label] = (),
        code: str | None = None,
        url: str | None = None,
        help: str | None = None,
        inner: Iterable[LabeledError] = (),
    ) -> None:
        super().__init__(msg)
        self.msg = msg
        self.labels = tuple(labels)
        self.code = code
        self.url = url
        self.help = help
        self.inner = tuple(inner)

    def _key(self) -> tuple[object, ...]:
        return (self.msg, self.labels, self.code, self.url, self.help, self.inner)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LabeledError) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        given = ("labels", "code", "url", "help", "inner")
        rest = "".join(f", {name}={value!r}" for name in given if (value := getattr(self, name)))
        return f"LabeledError({self.msg!r}{rest})"


class NoTerminal(LabeledError):
    """Raised when nu has no terminal, or none to give; `inner` has nu's own reason."""


class ProtocolError(Exception):
    """The parent of what goes wrong on the wire; never raised itself."""


class LocalProtocolError(ProtocolError):
    """Raised when this side was asked to send what the protocol, or the encoding, cannot carry."""


class RemoteProtocolError(ProtocolError):
    """Raised when bytes or messages of the engine make no sense; reading cannot go on after it."""


class ConnectionClosed(ProtocolError):
    """Raised in whoever waits when nu said Goodbye, closed its end or could not be read any longer."""
