"""What vibenv's commands have in common: errors that are shown where they belong, and mostly a host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from vibenv_core.errors import NeedsTerminal, UsageError, VibenvError
from vibenv_core.settings import Settings

from . import engines, terminal
from .completions import context_names
from .report import labeled
from .sdk import ByteStream, Call, Command, Flag, WithMetadata

if TYPE_CHECKING:
    from vibenv_core.engine import Engine

    from .sdk import Span

T = TypeVar("T")

_PARAMETERS: dict[str | None, tuple[str, ...]] = {
    "name": ("session", "names", "context"),
    "host": ("host", "target"),
}
"""The parameters that an error's `about` may mean, where they are not called the same."""


class VibenvCommand(Command):
    """A command whose errors are shown at the argument that they are about."""

    category = "vibenv"

    def answer(self, call: Call) -> object:
        """What `run` gives; a VibenvError that it raises, at once or while it is read, is labelled."""
        raise NotImplementedError

    def run(self, call: Call) -> object:
        """Answer one call."""
        try:
            answer = self.answer(call)
        except VibenvError as error:
            raise labeled(error, self.place(call, error.about)) from error
        return self._watched(call, answer)

    def _watched(self, call: Call, answer: object) -> object:
        """`answer`, whose errors are labelled too while it is read."""
        match answer:
            case WithMetadata():
                return WithMetadata(self._watched(call, answer.result), answer.metadata)
            case ByteStream():
                return ByteStream(self._labeled(call, iter(answer.chunks)), answer.type)
            case Iterator():
                return self._labeled(call, answer)
            case _:
                return answer

    def place(self, call: Call, about: str | None) -> Span:
        """Where the parameter `about` was typed, or else the command itself."""
        wanted = _PARAMETERS.get(about, (about,))
        return next((call.span(key) for key in self.parameters() if key.name in wanted), call.head)

    def _labeled(self, call: Call, pieces: Iterator[T]) -> Iterator[T]:
        try:
            yield from pieces
        except VibenvError as error:
            raise labeled(error, self.place(call, error.about)) from error


class HostCommand(VibenvCommand):
    """A command that asks something of one host."""

    host = Flag(
        str,
        "a Docker context's name, or ssh://, unix:// or tcp://…; else as VIBENV_HOST and Docker's own say",
        complete=context_names,
    )
    may_ask = False
    """Whether ssh may ask the user on the terminal for what it needs to reach the host."""

    def engine(self, call: Call) -> Engine:
        """The engine that the call is about."""
        host, env = engines.meant(call.engine, call[self.host])
        try:
            return engines.connected(host, env, cancelled=call.cancelled)
        except NeedsTerminal as needs:
            if not self.may_ask:
                raise
            try:
                with terminal.taken(call) as tty:
                    return engines.connected(host, env, cancelled=call.cancelled, tty=tty)
            except UsageError:  # there is no terminal
                raise needs from None

    def settings(self, call: Call) -> Settings:
        """Where each piece comes from, as the variables of the call say."""
        return Settings.from_environment(call.engine.environment(*Settings.variables()))
