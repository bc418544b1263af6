"""Every error that vibenv raises on purpose, by whose turn it is to act.

    VibenvError
    ├── UsageError            what was typed cannot be done: a bad name, flags that exclude each other
    ├── NotFound              the engine was asked, and it is not there
    ├── AlreadyExists         the name is taken
    ├── Foreign               something of that name is there and is not vibenv's: never touched
    ├── WrongState            it is there, and not in a state that allows this
    ├── Unreachable           could not ask: nothing is known of what exists
    │   └── NeedsTerminal     ssh has to ask the user something first, and there is no terminal to do so
    ├── EngineError           Docker, the registry or Dagger was asked and said no
    ├── Interrupted           the user, or the reader of the stream, ended it
    └── Bug                   vibenv's own fault

Each error carries a stable `code` (`vibenv::session::not_found`) for scripts, a `message` that says what
happened with the names in it, `help` with the next line to type, and `about`: the name of the parameter at
fault (`"name"`, `"host"`), which a user interface turns into the place where it was typed.
"""

from __future__ import annotations


class VibenvError(Exception):
    """The parent of all of them; never raised itself."""

    def __init__(self, message: str, *, code: str, help: str | None = None, about: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = f"vibenv::{code}"
        self.help = help
        self.about = about


class UsageError(VibenvError):
    """Raised before any I/O, for what can never work as it was typed."""


class NotFound(VibenvError):
    """Raised when the engine answered and the thing is not there."""


class AlreadyExists(VibenvError):
    """Raised when a name is taken by something of vibenv's own."""


class Foreign(VibenvError):
    """Raised when a name is taken by something that vibenv did not make, and so will not touch."""


class WrongState(VibenvError):
    """Raised when the thing is there and its state does not allow what was asked."""


class Unreachable(VibenvError):
    """Raised when an engine or service could not be asked; says nothing of what exists there."""


class NeedsTerminal(Unreachable):
    """Raised when ssh would ask for a password, a code or a new host's key, and it may not ask here."""


class EngineError(VibenvError):
    """Raised when Docker, the registry or Dagger was asked and refused or failed."""


class Interrupted(VibenvError):
    """Raised when ctrl-c, or the end of whoever reads the answer, stopped it; nothing half made is left."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} was interrupted", code="interrupted")


class Bug(VibenvError):
    """Raised where vibenv's own code is at fault."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="bug", help="please report this with the command that gave it")
