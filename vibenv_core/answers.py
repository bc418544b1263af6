"""What a session's supervisor answers, as vibenv's own: its refusals as errors. Pure.

Source: `supervisor.requests`.
"""

from __future__ import annotations

from typing import Any, TypeVar

from .errors import EngineError, UsageError, VibenvError, WrongState
from .session_plan import NOT_RUNNING

T = TypeVar("T", bound=tuple[Any, ...])


def checked(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of the session `name` that is no refusal. Raises: WrongState, UsageError, EngineError."""
    if "error" in answer:
        raise _refusal(name, str(answer["error"]), answer.get("code"))
    return answer


def read(kind: type[T], answer: dict[str, Any]) -> T:
    """An answer as the tuple that it is of; what a later vibenv says besides is passed over."""
    return kind(**{name: answer[name] for name in kind.__annotations__ if name in answer})


def outdated(name: str) -> WrongState:
    """The error for a session whose supervisor does not know what it is asked."""
    return WrongState(
        f"an older vibenv made `{name}`, which cannot be asked this",
        code="session::outdated",
        help=f"`vibenv attach {name}` shows it; what is launched anew can be asked",
        about="name",
    )


def _refusal(name: str, said: str, code: str | None) -> VibenvError:
    match code:
        case "keys_held":
            return WrongState(
                f"nothing more was typed into `{name}`: {said}",
                code="send::keys_held",
                help="`--wait 10sec` waits for the keys",
            )
        case "unread":
            return WrongState(
                f"not all was typed into `{name}`: {said}",
                code="send::unread",
                help=f"`vibenv screen {name}` shows what the program does",
            )
        case "ended":
            return WrongState(
                f"the program of `{name}` has ended",
                code=NOT_RUNNING,
                help=f"`vibenv start {name}` lets it run again",
                about="name",
            )
        case "bad_key":
            return UsageError(
                said, code="send::bad_key", help="such as Enter, C-c, M-x, Up, F5", about="keys"
            )
        case "bad_regex":
            return UsageError(said, code="wait::bad_regex", about="regex")
        case "unknown" | None:
            return outdated(name)
        case _:
            return EngineError(
                f"`{name}` did not understand what it was asked: {said}", code=f"session::{code}"
            )
