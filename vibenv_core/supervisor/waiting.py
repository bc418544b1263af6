"""Waits for what a session's program writes, shows and does; while nobody waits they cost nothing. Pure.

A text is looked for in all that is written, so that nothing is missed that scrolls by; and on the screen when
the program pauses, or now and then while it does not, for those that paint with the cursor here and there.

Times are of a monotonic clock, in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from .requests import Answer, Refusal, Wait, Waited
from .written import Written

if TYPE_CHECKING:
    from .display import Display
    from .screens import Screens, Shot

Within = Callable[[Callable[[], Any]], Any]
"""Does something that may take too long, and then raises TimeoutError."""

_PIECE = 8 << 10
"""Characters in which a pattern is looked for at a time, and how many of those before them count too."""
_PAUSE_S = 0.01
"""After so long without output what was written is taken to be whole, and the screen is looked at."""
_SCREEN_S = 0.03
"""How often the screen is looked at while there is no pause."""
_LINE = 4 << 10
"""Bytes before a wait of which the last line is looked at, for what is written next may go on with it."""
_MOST = 256


class _Found(NamedTuple):
    """A place in a text that somebody waits for."""

    reason: str
    match: str
    groups: list[str | None] | None
    line: str
    end: int
    """Where it ends in the text."""


class _Waiter:
    """One wait: who waits for what, and what was written last."""

    def __init__(self, wait: Wait, who: object, answer: Callable[[Answer], None], now: float) -> None:
        self.wait = wait
        self.who = who
        self.answer = answer
        self.pattern: re.Pattern[str] | None = None
        self.deadline = None if wait.timeout_s is None else now + wait.timeout_s
        self.open: _Found | None = None
        """What fits unless more is written: a pattern that matches up to the end may then match more."""
        self.before: Shot | None = None
        """What was shown already and so does not count; None: all that is shown does."""
        self._text = ""

    @property
    def looks(self) -> bool:
        """Whether it waits for a text."""
        return self.wait.text is not None or self.pattern is not None

    def written(self, text: str) -> _Found | None:
        """Take what was written; `end` of what is found is a place in it. Raises: TimeoutError."""
        for at in range(0, len(text), _PIECE):
            before = self._text[-_PIECE:]
            if len(before) < len(self._text):
                before = before[before.find("\n") + 1 :]
            self._text = before + text[at : at + _PIECE]
            found = self.find(self._text)
            self.open = found if found and found.groups is not None and found.end == len(self._text) else None
            if found and not self.open:
                return found._replace(end=found.end - len(before) + at)
        return None

    def goes_on(self, line: str) -> None:
        """What is written next goes on with this line."""
        self._text = line

    def find(self, text: str) -> _Found | None:
        """The first place in a text that fits. Raises: TimeoutError."""
        wanted = self.wait.text
        if wanted is not None and (at := text.find(wanted)) >= 0:
            end = at + len(wanted)
            return _Found("text", wanted, None, _line(text, at, end), end)
        if self.pattern and (match := self.pattern.search(text)):
            return _Found("regex", match[0], [*match.groups()], _line(text, *match.span()), match.end())
        return None


class Waiting:
    """Who waits, and for what."""

    def __init__(self, display: Display, screens: Screens, within: Within, now: float) -> None:
        self._display = display
        self._screens = screens
        self._within = within
        self._waiters: list[_Waiter] = []
        self._written = Written()
        self._active_at = self._output_at = self._looked_at = now
        self._look = False
        """Whether the screen may show something that it did not when it was looked at."""

    @property
    def is_asked(self) -> bool:
        """Whether somebody waits for what the program is doing."""
        return any(waiter.wait.states for waiter in self._waiters)

    def ask(self, wait: Wait, who: object, answer: Callable[[Answer], None], now: float) -> None:
        """Wait for `who`, unless it is so already. What comes of it is answered once."""
        waiter = _Waiter(wait, who, answer, now)
        if len(self._waiters) >= _MOST:
            return answer(Refusal(f"{_MOST} others wait for this session", "bad_request"))
        if wait.regex is not None:
            try:
                waiter.pattern = self._within(lambda: re.compile(wait.regex or "", re.MULTILINE))
            except (re.error, ValueError, OverflowError, RecursionError, TimeoutError) as error:
                return answer(_unusable(wait, error))
        self._waiters.append(waiter)
        if waiter.looks:
            self._begin(waiter)
        return self.tick(now)

    def output(self, start: int, now: float) -> None:
        """The program has written what the display has from `start` on."""
        self._active_at = self._output_at = now
        looking = [waiter for waiter in self._waiters if waiter.looks]
        if looking:
            self._look = True
            before = self._written.copy()
            data = self._display.output(start, self._display.end - start)
            text = self._written.feed(data)
            for waiter in looking:
                if found := self._search(waiter, partial(waiter.written, text)):
                    self._over(waiter, found, start + before.length(data, found.end))

    def resized(self) -> None:
        """The terminal has another size: all rows are others, but nothing in them is new."""
        compared = [waiter for waiter in self._waiters if waiter.before]
        shot = self._screens.now() if compared else None
        for waiter in compared:
            waiter.before = shot

    def typed(self, now: float) -> None:
        """Somebody has typed."""
        self._active_at = now

    def leave(self, who: object) -> None:
        """It waits no more."""
        self._waiters = [waiter for waiter in self._waiters if waiter.who is not who]

    def tick(self, now: float, state: str | None = None) -> None:
        """Answer what has come to be so; `state` is what the program is doing."""
        if not self._waiters:
            return
        self._look_at_screen(now)
        end, exit_code = self._display.end, self._display.exit_code
        for waiter in self._waiters[:]:
            wait = waiter.wait
            if exit_code is not None:
                self._answer(waiter, Waited("exit", end, exit_code=exit_code))
            elif wait.states and state in wait.states:
                self._answer(waiter, Waited("state", end, state=state))
            elif wait.idle_s is not None and now >= self._active_at + wait.idle_s:
                self._answer(waiter, Waited("idle", end))
            elif waiter.deadline is not None and now >= waiter.deadline:
                self._answer(waiter, Waited("timeout", end))

    def due(self) -> float | None:
        """When to `tick` though nothing has happened."""
        waiters = self._waiters
        times = [waiter.deadline for waiter in waiters if waiter.deadline is not None]
        times += [self._active_at + each.wait.idle_s for each in waiters if each.wait.idle_s is not None]
        if self._look and waiters:
            times.append(self._look_due)
        return min(times, default=None)

    def _begin(self, waiter: _Waiter) -> None:
        """Look for its text in what there is already."""
        since, display = waiter.wait.since, self._display
        start = max(display.start, display.end - _LINE if since is None else min(since, display.end))
        data = display.output(start, display.end - start)
        before = Written()
        written = before.copy()
        text = written.feed(data)
        if not any(other.looks for other in self._waiters if other is not waiter):
            self._written = written
        if since is None:
            waiter.goes_on(text.rpartition("\n")[2])
            found = self._search(waiter, partial(waiter.find, _page(self._screens.now(), None)))
            position = display.end
        else:
            if since >= display.start:
                waiter.before = self._screens.at(since) or self._screens.now()
            found = self._search(waiter, partial(waiter.written, text))
            position = start + before.length(data, found.end) if found else 0
            self._look = True
        if found:
            self._over(waiter, found, position)

    @property
    def _look_due(self) -> float:
        return min(self._output_at + _PAUSE_S, max(self._looked_at + _SCREEN_S, self._output_at))

    def _look_at_screen(self, now: float) -> None:
        ended = self._display.exit_code is not None
        if not self._look or (now < self._look_due and not ended):
            return
        paused = ended or now >= self._output_at + _PAUSE_S
        self._look, self._looked_at = not paused, now
        shot = self._screens.now()
        for waiter in [waiter for waiter in self._waiters if waiter.looks]:
            found = waiter.open if paused else None
            found = found or self._search(waiter, partial(waiter.find, _page(shot, waiter.before)))
            if found:
                self._over(waiter, found, self._display.end)

    def _search(self, waiter: _Waiter, search: Callable[[], _Found | None]) -> _Found | None:
        if waiter.pattern is None:
            return search()
        try:
            found: _Found | None = self._within(search)
        except (TimeoutError, RecursionError, MemoryError) as error:
            self._answer(waiter, _unusable(waiter.wait, error))
            return None
        return found

    def _over(self, waiter: _Waiter, found: _Found, position: int) -> None:
        self._answer(waiter, Waited(found.reason, position, found.match, found.groups, found.line))

    def _answer(self, waiter: _Waiter, answer: Waited | Refusal) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)
            if isinstance(answer, Waited):
                self._screens.told()
            waiter.answer(answer)


def _unusable(wait: Wait, error: Exception) -> Refusal:
    why = "to look for it takes too long" if isinstance(error, TimeoutError) else error
    return Refusal(f"`{wait.regex}` cannot be used as a regular expression: {why}", "bad_regex")


def _page(shot: Shot, before: Shot | None) -> str:
    """The lines that are shown; if there was something `before`, those of them that have changed."""
    changed = shot.changed(before) if before else None
    if before and changed is None and not shot.alternate:
        return ""  # what was there before the other screen was
    page, line, new = "", "", False
    for number, row in enumerate(shot.rows):
        line += row.text
        new = new or changed is None or number in changed
        if not row.wraps or number == len(shot.rows) - 1:
            page += f"{line}\n" if new else ""
            line, new = "", False
    return page


def _line(text: str, start: int, end: int) -> str:
    """The lines that a place is in."""
    begins = text.rfind("\n", 0, start) + 1
    ends = text.find("\n", end)
    return text[begins : ends if ends >= 0 else None]
