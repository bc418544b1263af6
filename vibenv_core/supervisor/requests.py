"""What programs ask of a session, and what they are answered: the JSON of REQUEST and ANSWER. Pure.

A client may ask several things at once; each is answered by its `id`, in whatever order. One that goes gives
up what it waits for. Where nothing came of it, the answer is a `Refusal`.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Ask(NamedTuple):
    """`screen`: what the terminal shows now. Answered by a `Shown`."""

    since: int | None = None
    """The `seq` of an earlier answer, whatever client got it: only rows that have changed are wanted."""
    styled: bool = False
    """Whether it is wanted how the text looks."""


class Send(NamedTuple):
    """`send`: type. Answered by a `Sent` once the program's terminal has all of it."""

    at: int
    """The position among what this client typed, as for INPUT: what comes again after a cut is typed once."""
    parts: list[dict[str, str]]
    """In their order: `{"text": …}`, `{"key": …}` (a name such as Enter, C-c, M-x, Up, F5; what it sends
    depends on the terminal's modes) or `{"paste": …}` (as one, where the program wants to know)."""
    wait_s: float = 0.0
    """For how long to wait while a person types, or the program does not read."""


class Wait(NamedTuple):
    """`wait`: until one of these is so. Answered by a `Waited`."""

    text: str | None = None
    """Shown, or written since `since`."""
    regex: str | None = None
    idle_s: float | None = None
    """There was no output, and nobody typed, for so long."""
    states: list[str] | None = None
    """What the program is doing: of `status.STATES`."""
    exit: bool = False
    """The session's program has ended; so ends any other wait too."""
    timeout_s: float | None = None
    since: int | None = None
    """The `seq` of an earlier answer; None: what is shown now counts, and what is written from now on."""


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
    """keys_held (a person types; `holder` and `until` say who), unread (the program does not read), bad_key,
    bad_regex, unknown (a later vibenv's request) or bad_request."""
    holder: str | None = None
    typed: int | None = None
    """How far a `send` got, as in `Sent`."""
