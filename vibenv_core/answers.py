"""What a session's supervisor answers, as vibenv's own: its refusals as errors. Pure.

Source: `supervisor.requests`.
"""

from __future__ import annotations

import builtins
import types
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from .errors import EngineError, UsageError, VibenvError, WrongState
from .session_plan import NOT_RUNNING

T = TypeVar("T", bound=tuple[Any, ...])


def checked(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of the session `name` that is no refusal. Raises: WrongState, UsageError, EngineError."""
    if "error" in answer:
        raise _refusal(name, str(answer["error"]), answer.get("code"))
    return answer


def read(name: str, kind: type[T], answer: dict[str, Any]) -> T:
    """An answer of the session `name` as the tuple that it is of; what a later vibenv says besides is passed
    over.

    Raises: EngineError (it is none: who is root in a session can answer in its supervisor's place).
    """
    wanted = get_type_hints(kind)
    given = {field: answer[field] for field in wanted if field in answer}
    try:
        if all(_fits(value, wanted[field]) for field, value in given.items()):
            return kind(**given)
    except TypeError:  # something is missing
        pass
    raise EngineError(
        f"the terminal of `{name}` answered something impossible",
        code="session::not_understood",
        help="`vibenv list --long` shows which vibenv made it",
    )


def _fits(value: object, wanted: Any) -> bool:
    """Whether a value out of JSON, where tuples are lists, is of a type."""
    inner = get_args(wanted)
    match get_origin(wanted):
        case types.UnionType:
            return any(_fits(value, each) for each in inner)
        case builtins.list:
            return isinstance(value, list) and all(_fits(each, inner[0]) for each in value)
        case builtins.tuple:
            return isinstance(value, list) and len(value) == len(inner) and all(map(_fits, value, inner))
        case builtins.dict:
            return isinstance(value, dict) and all(_fits(each, inner[1]) for each in value.values())
        case _:
            return wanted is Any or type(value) is wanted


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
