"""What the session's program is doing, decided from what it says and from what is seen of it. Pure.

Of what is known the first of these counts: that it has ended; what it reports itself (OSC 7501); that its
shell waits for a command (OSC 133); its progress; that it calls somebody; its title; what is in the
terminal's foreground, and how that reads its keys; and for how long there was no output.

Times are of a monotonic clock, in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from .records import Records, parse
from .signs import ANSWER_S, LAPSE_S, Call, Progress, Prompt, Title
from .status import Activity

if TYPE_CHECKING:
    from .screen import Event

QUIET_S = 2.0
"""A program that has written nothing for so long is taken to wait."""


class Foreground(NamedTuple):
    """The processes that the terminal belongs to."""

    app: str
    """The program's name."""
    is_shell: bool
    reads_keys: bool
    """Whether it wants each key (the terminal is not in canonical mode): a shell at its prompt, an agent, an
    editor. What only runs leaves that to the kernel."""
    hides_input: bool
    """Whether it wants a line that is not seen: a password."""


class Doing:
    """The program and what it lets know; `activity` says what it is doing."""

    def __init__(self, now: float) -> None:
        self.records = Records()
        self.title = Title()
        self._prompt = Prompt()
        self._progress = Progress()
        self._call = Call()
        self._foreground: Foreground | None = None
        self._foreground_since = self._looked_at = now
        self._look_at: float | None = now + QUIET_S
        self._touched_at = now - ANSWER_S
        self._typed_at = now
        self._wrote_at = now
        self._worked_at: float | None = None
        self._worked_since = now
        self._idle_since = now
        self._exited: Activity | None = None

    def wrote(self, events: Iterable[Event], now: float) -> None:
        """The program has written, and told the terminal this meanwhile."""
        for event in events:
            self._told(event, now)
        self._wrote_at = now
        self._look_at = now + QUIET_S
        if now >= self._touched_at + ANSWER_S:
            if not self._works(now):
                self._worked_since = now
            self._worked_at = self._idle_since = now

    def typed(self, data: bytes, now: float) -> None:
        """Somebody has typed."""
        self._touched_at = self._typed_at = now
        self._call.over()
        self._prompt.typed(data, now)

    def resized(self, now: float) -> None:
        """The terminal has another size, so the program paints itself anew."""
        self._touched_at = now

    def ended(self, exit_code: int, now: float) -> None:
        """The program has ended."""
        self._exited = Activity("exited", now, "exit", exit_code=exit_code)
        self.records.ended()

    def looked(self, seen: Foreground | None, now: float) -> None:
        """The terminal's foreground was looked at; None: there was nothing to be seen."""
        if self.is_to_look(now):
            self._look_at = None
        self._looked_at = now
        if seen != self._foreground:
            self._foreground, self._foreground_since = seen, now
        if seen and seen.is_shell and seen.reads_keys:
            self.title.activity = None  # of an agent that has gone

    def is_to_look(self, now: float) -> bool:
        """Whether the terminal's foreground is to be looked at, as output has paused."""
        return self._look_at is not None and now >= self._look_at

    def activity(self, now: float) -> Activity:
        """What the program is doing."""
        found = (
            self._exited
            or self.records.activity(self._typed_at)
            or (self._prompt.activity if self._prompt.is_shown else None)
            or self._believed(self._progress.activity, now)
            or self._call.activity
            or self._believed(self.title.activity, now)
            or self._seen(now)
        )
        app = self._foreground.app if self._foreground and not self._exited else None
        return found if found.app else found._replace(app=app)

    def due(self, now: float) -> float | None:
        """When that may change though nothing happens, or the foreground is to be looked at."""
        if self._exited:
            return None
        times = [self._wrote_at + LAPSE_S] if self._progress.activity or self.title.activity else []
        if self._worked_at is not None:
            times.append(self._worked_at + QUIET_S)
        times = [at for at in times if at > now]
        return min(times if self._look_at is None else [*times, self._look_at], default=None)

    def _told(self, event: Event, now: float) -> None:
        match event.kind:
            case "report":
                if report := parse(event.text):
                    self.records.take(report, now)
            case "prompt":
                if event.text.partition(";")[0] == "A":
                    self.records.ended()
                self._prompt.mark(event.text, now)
                self._call.over()
                self._progress.activity = self.title.activity = None
            case "progress":
                self._progress.report(event.text, now)
                if self._progress.activity:
                    self._call.over()
            case "notification":
                self._call.notification(event.text, now)
            case "bell":
                self._call.bell(now, answers=now < self._touched_at + ANSWER_S)
            case "title":
                self.title.changed(event.text, now)
            case "reset":
                self.records.reset()
            case _:
                pass

    def _works(self, now: float) -> bool:
        return self._worked_at is not None and now < self._worked_at + QUIET_S

    def _believed(self, activity: Activity | None, now: float) -> Activity | None:
        lapsed = activity and activity.state == "working" and now >= self._wrote_at + LAPSE_S
        return None if lapsed else activity

    def _seen(self, now: float) -> Activity:
        """What there is to be seen of a program that says nothing of itself, but perhaps that it runs."""
        front = self._foreground
        if front and front.hides_input and not self._works(now):
            return Activity("blocked", self._foreground_since, "foreground", kind="auth")
        if (runs := self._prompt.activity) and not (
            # A command takes a moment until it is there and has said how it wants its keys.
            front and front.reads_keys and not self._works(now) and self._looked_at >= runs.since + ANSWER_S
        ):
            return runs
        if self._works(now):
            return Activity("working", self._worked_since, "quiet")
        if front and front.is_shell and front.reads_keys:
            return Activity("idle", self._idle_since, "foreground")
        if front and not front.is_shell and not front.reads_keys:
            return Activity("working", self._foreground_since, "foreground")
        return Activity("idle", self._idle_since, "quiet")
