"""An error of the library as Nushell shows it: with code, help, and the place of the argument at fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sdk import Label, LabeledError

if TYPE_CHECKING:
    from vibenv_core.errors import VibenvError

    from .sdk import Span

_LABELS = {
    "name": "this name",
    "new": "this name",
    "host": "this host",
    "words": "no such command",
}


def labeled(error: VibenvError, span: Span) -> LabeledError:
    """`error` with a label at `span`: the argument that `error.about` names, or else the command."""
    text = _LABELS.get(error.about or "", f"this {error.about}" if error.about else "asked here")
    return LabeledError(error.message, code=error.code, help=error.help, labels=[Label(text, span)])
