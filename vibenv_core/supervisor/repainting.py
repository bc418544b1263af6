"""A terminal's state to what makes another terminal the same, whatever that was in before. Pure.

Not carried over: the contents of an alternate screen that is not shown, as programs clear it when they come
to it; images; which text was marked as prompts (OSC 133); the working directory (OSC 7), which means nothing
on the client's host; modes that were saved (XTSAVE).

Source: ECMA-48, DEC STD 070 (DECSC, DECSTBM, DECOM), xterm's control sequences, kitty's keyboard protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .cells import NO_STYLE, TAIL, Row, Run
from .painting import PLAIN, Painter, hyperlink, protection, sgr
from .reading import title
from .snapshot import ALTERNATE, MODES, PRIMARY, Cursor, Pen, Screen, State, Terminal

_FRESH = Cursor(0, 0, False, False, Pen(NO_STYLE, False, 2 << 10))
_PLAIN = '\x1b]8;;\x1b\\\x1b[m\x1bW\x1b[1"q\x1b[0"q\x1b(B\x1b)B\x1b*B\x1b+B\x0f\x1b}'
_FORGET_KEYS = "\x1b[<8u\x1b[=0;1u"
_BEGIN = (
    "\x18\x1b\\"  # ends what has begun
    "\x1b[?2026h"  # shows nothing of this before its end
    f"{_FORGET_KEYS}\x1b[?1049;1047;47l{_FORGET_KEYS}"
    f"\x1b[?6;69l\x1b[r\x1b[2;4;20l\x1b[?7h{_PLAIN}"
    "\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\"
)
_MOUSE_EVENTS = ("", "?9", "?1000", "?1002", "?1003")
_MOUSE_FORMATS = ("", "?1005", "?1006", "?1015", "?1016")
_MOUSE = {*_MOUSE_EVENTS, *_MOUSE_FORMATS} - {""}
_SCREENS = ("?1049", "?1047", "?47")
_APART = {
    *("?3", "?6", "?7", "4", "?12", "?25", "?66", "?69"),
    *("?1048", "?2026", "?2027", "?2033", "?2048", "?5522"),
}
"""Modes that are set by themselves, or never: they would change the terminal's size or make it answer."""
_USERS = {"?8", "?40", "?1007", "?1035", "?1036", "?1039"}
"""Modes that may be as the terminal's user likes them: touched only where the program has changed them."""
_CHARSETS = "BBA0"
_GL, _GR = ("\x0f", "\x0e", "\x1bn", "\x1bo"), ("", "\x1b~", "\x1b}", "\x1b|")
_SINGLE_SHIFT = {3: "\x1bN", 4: "\x1bO"}
_BLOCK = 1
_CURSOR_STYLES = (5, 1, 3, 1)
"""DECSCUSR's number of the blinking bar, block, underline; the steady one's is the next."""


class Scrollback:
    """Paints the end of the primary screen's scrollback, as much as is wanted."""

    def __init__(self, wanted: int) -> None:
        """`wanted` is in bytes."""
        self._left = wanted
        self._lines: list[str] = []
        self._below: Row | None = None

    @property
    def lines(self) -> list[str]:
        """What paints them, from the oldest on."""
        return self._lines[::-1]

    def older(self, state: State, rows: Sequence[Row]) -> bool:
        """Takes the rows above those that it has; tells whether there is room for more."""
        if not rows:
            return True
        primary = state.screens[PRIMARY]
        below, self._below = self._below or primary.rows[0], rows[0]
        painter = Painter(protects_as_iso=primary.protects_as_iso)
        for line in reversed(painter.lines(rows, state.terminal.cols, below)):
            self._left -= len(line.encode("utf-8", "surrogateescape"))
            if self._left < 0:
                return False
            self._lines.append(line)
        return True


def repaint(state: State, above: Iterable[str] = ()) -> bytes:
    """What paints a state, below what paints the end of its scrollback."""
    terminal, primary = state.terminal, state.screens[PRIMARY]
    parts = [_BEGIN, *_stale_screen_modes(terminal), *_tabs(terminal), *_colors(terminal)]
    parts += [f"\x1b]2;{title(terminal.title)}\x1b\\", *_screen(primary, terminal, above)]
    if terminal.active == ALTERNATE:
        parts += [*_to_alternate(primary, terminal), *_screen(state.active, terminal)]
    parts += [*_saved(state.active), *_region(terminal), *modes(terminal), *_previous(state)]
    parts += _cursor(state)
    return "".join(parts).encode("utf-8", "surrogateescape") + state.unfinished


def modes(terminal: Terminal, *, mouse: bool = True) -> Iterator[str]:
    """What sets the modes that change neither the screen nor how it is written; the mouse's if wanted."""
    changed = terminal.modes ^ terminal.default_modes
    usual = set(MODES) - _APART - _MOUSE - {*_SCREENS} - (_USERS - changed)
    yield _set(usual - terminal.modes, "l") + _set(usual & terminal.modes, "h") + _set(_MOUSE, "l")
    if mouse:
        yield from _mouse(terminal, _MOUSE_EVENTS, terminal.mouse_event)
        yield from _mouse(terminal, _MOUSE_FORMATS, terminal.mouse_format)
    yield "\x1b=" if "?66" in terminal.modes else "\x1b>"
    yield "\x1b[>4;2m" if terminal.modify_other_keys else "\x1b[>4;0m"


def _mouse(terminal: Terminal, names: tuple[str, ...], last: int) -> Iterator[str]:
    """Sets modes of which that is in force which was set last, and none once any was reset."""
    on = terminal.modes.intersection(names)
    yield _set(on - {names[last]}, "h")
    if names[last]:
        yield f"\x1b[{names[last]}h"
    elif on and (off := {*names} - {""} - on):
        yield f"\x1b[{min(off)}l"


def _set(names: Iterable[str], final: str) -> str:
    """What sets (h) or resets (l) modes."""
    private = sorted(name[1:] for name in names if name.startswith("?"))
    ansi = sorted(name for name in names if not name.startswith("?"))
    return (f"\x1b[{';'.join(ansi)}{final}" if ansi else "") + (
        f"\x1b[?{';'.join(private)}{final}" if private else ""
    )


def keyboard(screen: Screen) -> str:
    """What makes a screen's stack of kitty's keyboard flags the same."""
    flags = list(screen.keyboard)
    while flags and not flags[0]:
        del flags[0]
    return _FORGET_KEYS + "".join(f"\x1b[>{entry}u" for entry in flags)


def cursor_style(screen: Screen, terminal: Terminal) -> str:
    """What makes a screen's cursor look the same, and be seen or not."""
    blinks = "?12" in terminal.modes
    usual = terminal.cursor_is_default and screen.cursor_style == _BLOCK
    shape = 0 if usual else _CURSOR_STYLES[screen.cursor_style] + (not blinks)
    return f"\x1b[{shape} q\x1b[?12{'h' if blinks else 'l'}\x1b[?25{'h' if '?25' in terminal.modes else 'l'}"


def _stale_screen_modes(terminal: Terminal) -> Iterator[str]:
    """Modes of the alternate screen that are set although it was left, by another of them."""
    if terminal.active == PRIMARY and (on := terminal.modes.intersection(_SCREENS)):
        yield _set(on, "h")
        yield from (f"\x1b[{mode}l" for mode in _SCREENS if mode not in on)
        yield f"\x1b[?6l{_PLAIN}"


def _tabs(terminal: Terminal) -> Iterator[str]:
    yield "\x1b[3g"
    yield from (f"\x1b[{col + 1}G\x1bH" for col in terminal.tabs)


def _colors(terminal: Terminal) -> Iterator[str]:
    for prefix, colors in (("4;", terminal.palette), ("", terminal.colors)):
        yield from (f"\x1b]{prefix}{color.number};rgb:{color.rgb.hex('/')}\x1b\\" for color in colors)


def _screen(screen: Screen, terminal: Terminal, above: Iterable[str] = ()) -> Iterator[str]:
    """A screen from an empty one on, below what paints its scrollback."""
    yield "\x1b[H\x1b[J\x1b[?2027l"
    yield from above
    yield from Painter(protects_as_iso=screen.protects_as_iso).lines(screen.rows, terminal.cols)
    yield keyboard(screen) + cursor_style(screen, terminal)


def _to_alternate(primary: Screen, terminal: Terminal) -> Iterator[str]:
    """From the primary screen to the alternate one; who leaves it finds the cursor where it was."""
    on = [mode for mode in _SCREENS if mode in terminal.modes] or ["?1049"]
    saved = primary.saved or _FRESH
    yield from _placed(saved, primary)
    if on[0] != "?1049":
        yield "\x1b7"
    yield "".join(f"\x1b[{mode}h" for mode in on)
    yield f"\x1b[?6;69l{_PLAIN}"


def _saved(screen: Screen) -> Iterator[str]:
    yield from _placed(screen.saved or _FRESH, screen)
    yield f"\x1b7\x1b[?6;69l{_PLAIN}"


def _placed(cursor: Cursor, screen: Screen) -> Iterator[str]:
    """Puts the cursor where it is to be saved, on a terminal whose scrolling region is the whole screen."""
    if cursor.origin:
        yield "\x1b[?6h"
    if cursor.wraps:
        yield f"\x1b[?69h\x1b[1;{cursor.x + 1}s"  # at a right margin
    yield from _at(cursor, screen, 0, 0)
    yield from _pen(cursor.pen, screen)


def _at(cursor: Cursor, screen: Screen, top: int, left: int) -> Iterator[str]:
    """Moves to a place, counted from there; the way to a line that is full is to write its last character."""
    run = _cell(screen.rows[cursor.y], cursor.x) if cursor.wraps and cursor.y < len(screen.rows) else None
    x = run.start if run else cursor.x
    yield f"\x1b[{max(cursor.y - top, 0) + 1};{max(x - left, 0) + 1}H"
    if run:
        yield from _written(run, screen)


def _written(run: Run, screen: Screen) -> list[str]:
    painter = Painter(protects_as_iso=screen.protects_as_iso)
    painter.row((run._replace(start=0, text=run.text.replace("\0", " ")),), 0)
    painter.become(PLAIN)
    return painter.out


def _cell(row: Row, col: int) -> Run:
    """The character that a column shows, or a blank."""
    for run in row.runs():
        at = col - run.start
        if 0 <= at < len(run.text):
            if run.text[at] == TAIL and at:
                at -= 1
            elif run.text[at] == TAIL:
                return _cell(row, col - 1)
            text = run.text[at : at + 1 + (run.text[at + 1 : at + 2] == TAIL)]
            return Run(run.start + at, text, run.look, run.marks[at : at + 1], run.wide)
    return Run(col, "\0", PLAIN)


def _pen(pen: Pen, screen: Screen) -> Iterator[str]:
    yield sgr(pen.style)
    if pen.protected or screen.protects_as_iso:
        yield protection(True, as_iso=screen.protects_as_iso)
        yield "" if pen.protected else protection(False, as_iso=True)
    sets = pen.charsets
    for slot, final in enumerate("()*+"):
        yield f"\x1b{final}{_CHARSETS[sets >> 2 * slot & 3]}"
    yield _GL[sets >> 8 & 3] + _GR[sets >> 10 & 3]


def _region(terminal: Terminal) -> Iterator[str]:
    top, bottom, left, right = terminal.region
    if "?69" in terminal.modes:
        yield f"\x1b[?69h\x1b[{left + 1};{right + 1}s"
    if (top, bottom) != (0, terminal.rows - 1):
        yield f"\x1b[{top + 1};{bottom + 1}r"


def _previous(state: State) -> Iterator[str]:
    """Makes the character that REP would repeat be the one written last: where it is, or where nothing is."""
    character, rows = state.terminal.previous, state.active.rows
    if not character:
        return
    near = state.active.cursor.y
    for y in sorted(range(len(rows)), key=lambda y: abs(y - near)):
        for run in rows[y].runs():
            at = -1 if run.marks else run.text.find(character)
            if at >= 0:
                yield f"\x1b[{y + 1};{run.start + at + 1}H"
                yield from _written(Run(0, character, run.look), state.active)
                return
    for y, row in enumerate(rows):
        begins = next(iter(row.runs()), Run(0, "\0\0", PLAIN))
        empty = begins.text.startswith("\0\0") and (begins.look.erased or begins.look == PLAIN)
        if empty and not row.wraps:
            yield f"\x1b[{y + 1}H{character}\x1b[{y + 1}H{sgr(begins.look.style)}\x1b[2X\x1b[m"
            return


def _cursor(state: State) -> Iterator[str]:
    """Where and how the next character comes."""
    terminal, screen = state.terminal, state.active
    top = left = 0
    if "?6" in terminal.modes:
        top, _, left, _ = terminal.region
        yield "\x1b[?6h"
    yield from _at(screen.cursor, screen, top, left)
    yield f"\x1b[?2027{'h' if '?2027' in terminal.modes else 'l'}"
    yield from _pen(screen.cursor.pen, screen)
    yield _SINGLE_SHIFT.get(screen.cursor.pen.charsets >> 12 & 7, "")
    yield hyperlink(screen.link) if screen.link else ""
    yield "\x1b[4h" if "4" in terminal.modes else ""
    yield "" if "?7" in terminal.modes else "\x1b[?7l"
    yield "" if "?2026" in terminal.modes else "\x1b[?2026l"
