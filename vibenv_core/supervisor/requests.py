"""What programs ask of a session, and what they are answered: the JSON of REQUEST and ANSWER. Pure.

A client may ask several things at once; each is answered by its `id`, in whatever order. One that goes gives
up what it waits for. Where nothing came of it, the answer is a `Refusal`.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
_LONGEST_S = 1e9
_LONGEST_TEXT = 4096


class Ask(NamedTuple):
    """`screen`: what the terminal shows now. Answered by a `Shown`."""

    since: int | None = None
    """The `seq` of an earlier answer, whatever client got it: only rows that have changed are wanted."""
    styled: bool = False
    """Whether it is wanted how the text looks."""


class Send(NamedTuple):
    """`send`: type. Answered by a `Sent` once the program's terminal has all of it."""

    at: int
    """The position among what this client typed, as for INPUT: what comes again after a cut is typed once. So
    a client asks for the next only when this is answered."""
    parts: list[dict[str, str]]
    """In their order: `{"text": …}`, `{"key": …}` (a name such as Enter, C-c, M-x, Up, F5; what it sends
    depends on the terminal's modes) or `{"paste": …}` (as one, where the program wants to know). Texts are
    sent as UTF-8; U+DC80 to U+DCFF stand for the bytes 80 to FF."""
    wait_s: float = 0.0
    """For how long to wait while a person types, or the program does not read."""


class Wait(NamedTuple):
    """`wait`: until one of these is so. Answered by a `Waited`."""

    text: str | None = None
    """Shown (lines that were wrapped are whole), or written (without escape sequences)."""
    regex: str | None = None
    """Likewise; Python's, `^` and `$` match at each line. It is searched for in 8,000 characters at a time at
    least, and refused when that takes too long."""
    idle_s: float | None = None
    """There was no output, and nobody typed, for so long."""
    states: list[str] | None = None
    """What the program is doing: of `status.STATES`."""
    exit: bool = False
    """The session's program has ended; so ends any other wait too."""
    timeout_s: float | None = None
    since: int | None = None
    """The `seq` of an earlier answer: what was written since counts, and the rows that changed; None: what is
    shown now counts, and what is written from now on."""


class Shown(NamedTuple):
    """What the terminal shows."""

    rows: int
    cols: int
    cursor: tuple[int, int] | None
    """Row and column, from 0; None where it is not seen."""
    title: str
    alternate: bool
    seq: int
    """The position in the program's output."""
    lines: list[str]
    """All rows from the top, without blanks at their ends; with `since`, those of `changed`."""
    changed: list[int] | None = None
    """The numbers of the rows in `lines`; None: they are all there."""
    cells: list[list[dict[str, Any]]] | None = None
    """If wanted, for each of `lines` its runs of cells that look alike: `text`, and what is set of `fg`,
    `bg`, `underline_color` (`#rrggbb`, or a number of the palette), `bold`, `faint`, `italic`, `underline`
    (its kind), `blink`, `inverse`, `invisible`, `strikethrough`, `overline`, `link`, and `width` (in cells,
    where it is not one for each character)."""
    colors: dict[str, str] | None = None
    """With `cells`: of `foreground`, `background` and `cursor` those that the program has set, `#rrggbb`."""
    cursor_shape: str | None = None
    """With `cells`: block, underline or bar."""


class Sent(NamedTuple):
    """It is typed."""

    typed: int
    """The position among what this client typed after it."""
    seq: int
    """The position in the program's output before it: what the program says to it comes after."""


class Waited(NamedTuple):
    """What ended a wait."""

    reason: str
    """text, regex, idle, state, exit or timeout."""
    seq: int
    match: str | None = None
    """What was found, for regex with its groups in `groups`."""
    groups: list[str | None] | None = None
    line: str | None = None
    """The line that it was found in."""
    state: str | None = None
    exit_code: int | None = None


class Refusal(NamedTuple):
    """Why nothing came of a request."""

    error: str
    """For people."""
    code: str
    """keys_held (a person types: `holder`, for `for_s` more seconds), unread (the program does not read),
    ended (the program is over), bad_key, bad_regex, unknown (a later vibenv's request) or bad_request."""
    holder: str | None = None
    for_s: float | None = None
    typed: int | None = None
    """How far a `send` got, as in `Sent`."""


Answer = Shown | Sent | Waited | Refusal


class Wrong(ValueError):
    """A request that nothing can come of; `refusal` says why."""

    def __init__(self, error: str, code: str = "bad_request") -> None:
        super().__init__(error)
        self.refusal = Refusal(error, code)


def read(said: dict[str, Any]) -> Ask | Send | Wait:
    """What a REQUEST asks for; what is not known of it is passed over. Raises: Wrong."""
    try:
        match said.get("do"):
            case "screen":
                asked: Ask | Send | Wait = _of(Ask, said)
            case "send":
                asked = _of(Send, said)
            case "wait":
                asked = _of(Wait, said)
            case _:
                raise Wrong("the session's supervisor does not know this request", "unknown")
    except TypeError as error:
        raise Wrong(f"a request for {said['do']} that leaves out what it has to say") from error
    if not _is_possible(asked):
        raise Wrong(f"a request for {said['do']} that says something impossible")
    return asked


def _of(kind: type[T], said: dict[str, Any]) -> T:
    return kind(**{name: value for name, value in said.items() if name in kind.__annotations__})


def _is_possible(asked: Ask | Send | Wait) -> bool:
    match asked:
        case Ask(since=int() | None, styled=bool()):
            return True
        case Send(at=int(at), parts=list(parts), wait_s=int() | float() as wait_s):
            return 0 <= at < 1 << 63 and all(map(_is_part, parts)) and 0 <= wait_s <= _LONGEST_S
        case Wait(
            text=str() | None, regex=str() | None, states=list() | None, exit=bool(), since=int() | None
        ):
            times = [at for at in (asked.idle_s, asked.timeout_s) if at is not None]
            texts = [text for text in (asked.text, asked.regex) if text is not None]
            return (
                all(isinstance(at, int | float) and 0 <= at <= _LONGEST_S for at in times)
                and all(0 < len(text) <= _LONGEST_TEXT for text in texts)
                and all(isinstance(state, str) for state in asked.states or ())
            )
        case _:
            return False


def _is_part(part: object) -> bool:
    match part:
        case {"text": str(), **more} | {"key": str(), **more} | {"paste": str(), **more}:
            return not more
        case _:
            return False
