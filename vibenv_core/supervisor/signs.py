"""What a program lets its terminal know beside its output, each kind by itself: what that says of it. Pure.

Times are of a monotonic clock, in seconds.

Source: the final-term proposal of semantic prompts, as shells have it (OSC 133); ConEmu's documentation
(OSC 9;4); for notifications, bells and titles what agents' command lines do with them, of 2025 and 2026.
"""

from __future__ import annotations

from .status import Activity

LAPSE_S = 5.0
"""A program that is at work writes now and then; after so long without, what it said of its work is not
believed any more: it may have gone without taking that back."""
ANSWER_S = 0.5
"""What is written so soon after something was typed, or the size changed, is an answer to that."""

_WHEELS = "".join(map(chr, (*range(0x2800, 0x2900), *range(0x25D0, 0x25D4))))
"""What agents turn at the beginning of their title: dots and quarter circles."""
_TITLES = {"✦": "working", "⏲": "working", "✳": "idle", "✱": "idle", "◇": "idle", "✋": "blocked"}
"""Other signs there."""


class Prompt:
    """A shell's marks round its prompts and commands (OSC 133)."""

    def __init__(self) -> None:
        self.activity: Activity | None = None
        """None while there is no telling."""
        self._marks_commands = False
        self._ran = False

    @property
    def is_shown(self) -> bool:
        """Whether the shell waits for a command."""
        return self.activity is not None and self.activity.state != "working"

    def mark(self, mark: str, now: float) -> None:
        """Take note of a mark, by its content as it was written.

        What came of a command is said until something is typed; that it ended counts only if one had begun,
        as many shells say so before their first prompt too.
        """
        kind, _, more = mark.partition(";")
        match kind:
            case "A" | "B":
                if not self.is_shown:
                    self.activity = Activity("idle", now, "prompt")
            case "C":
                self.activity = Activity("working", now, "prompt")
                self._marks_commands = self._ran = True
            case "D":
                self.activity = _finished(more, now) if self._ran else Activity("idle", now, "prompt")
                self._ran = False
            case _:
                pass

    def typed(self, data: bytes, now: float) -> None:
        """Somebody types. Where a shell does not mark its commands, with Enter there is no telling."""
        if self.is_shown and self.activity and self.activity.state != "idle":
            self.activity = Activity("idle", now, "prompt")
        if self.is_shown and not self._marks_commands and b"\r" in data:
            self.activity, self._ran = None, True


def _finished(more: str, now: float) -> Activity:
    code = more.partition(";")[0]
    if not (code.isascii() and code.isdigit() and len(code) < 10):
        return Activity("done", now, "prompt")
    return Activity("error" if int(code) else "done", now, "prompt", exit_code=int(code))


class Progress:
    """A program's progress (OSC 9;4): 1 and 3 are work, 4 is work that has paused, 2 is an error."""

    def __init__(self) -> None:
        self.activity: Activity | None = None

    def report(self, text: str, now: float) -> None:
        """Take note of `STATE;PERCENT`, where -1 is for none."""
        state, _, percent = text.partition(";")
        if state == "0":
            self.activity = None
            return
        name = "error" if state == "2" else "working"
        same = self.activity is not None and self.activity.state == name
        since = self.activity.since if self.activity and same else now
        progress = int(percent) if 0 <= int(percent) <= 100 else None
        self.activity = Activity(name, since, "progress", progress=progress)


class Call:
    """A program calls somebody: by a notification (OSC 9, OSC 777) or the bell.

    Agents send one when they want to be allowed something, ask something, or have ended their turn; others
    when something is ready that takes long: each time somebody is waited for. So that is `blocked`, until
    something is typed or the program says otherwise. A bell as an answer to a key only says that the key
    does nothing.
    """

    def __init__(self) -> None:
        self.activity: Activity | None = None

    def notification(self, text: str, now: float) -> None:
        """It has sent one."""
        self.activity = Activity("blocked", now, "notification", message=text or None)

    def bell(self, now: float, *, answers: bool) -> None:
        """It has rung; a notification, which says more, stays."""
        if not answers and self.activity is None:
            self.activity = Activity("blocked", now, "bell")

    def over(self) -> None:
        """Somebody is there, or it does something else by now."""
        self.activity = None


class Title:
    """What some agents begin their title with: a wheel that turns while they work, or another sign."""

    def __init__(self) -> None:
        self.activity: Activity | None = None
        self.text = ""
        """The title without a wheel, so that it is the same while that turns."""

    def changed(self, text: str, now: float) -> None:
        """It is this one now."""
        rest = text.lstrip(_WHEELS)
        turns = len(rest) < len(text)
        self.text = rest.lstrip(" |") if turns else text
        state = "working" if turns else _TITLES.get(text[:1])
        if state is None:
            self.activity = None
        elif self.activity is None or self.activity.state != state:
            self.activity = Activity(state, now, "title")
