"""A call at work, and how it is told to end."""

from __future__ import annotations

import threading

from .data import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from . import messages as m

    Action = Callable[[], object]
    Submit = Callable[[Action], None]


class Cancellation(threading.Event):
    """The event of one call that is set by ctrl-c, when its output is not wanted, and when nu is gone."""

    def __init__(self, submit: Submit) -> None:
        super().__init__()
        self._submit = submit
        self.actions: dict[WhenCancelled, Action] = {}

    def set(self) -> None:
        """Set the event, and have done what is to be done then."""
        super().set()
        for context in list(self.actions):
            action = self.actions.pop(context, None)
            if action is not None:  # or another thread has it done
                self._submit(action)


class WhenCancelled:
    """A context manager; see `Call.when_cancelled`."""

    def __init__(self, cancellation: Cancellation, action: Action) -> None:
        self._cancellation = cancellation
        self._action = action

    def __enter__(self) -> None:
        self._cancellation.actions[self] = self._action
        if self._cancellation.is_set():  # then nobody else may have seen the action
            self._cancellation.set()

    def __exit__(self, *_: object) -> None:
        self._cancellation.actions.pop(self, None)


class Running:
    """One call at work."""

    def __init__(self, call: m.Call, submit: Submit) -> None:
        self.id = call.id
        self.call = call.call
        self.cancelled = Cancellation(submit)
        self.returned = False
        """Its command has come back, and its answer is on the way."""
        self.given_up = False
        """It was answered in its command's stead, which goes on unheard."""
