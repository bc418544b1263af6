"""How signals reach a plugin, and what its children are given instead."""

from __future__ import annotations

# `signal` turns numbers into enums for 2.5 ms of each start; this is what it wraps.
from _signal import (  # type: ignore[import-not-found]
    SIG_DFL,
    SIG_IGN,
    SIGINT,
    SIGQUIT,
    SIGTSTP,
    SIGTTIN,
    SIGTTOU,
    signal,
)


def prepare() -> None:
    """Set this process up so that a terminal can be taken and given back; to be called from the main thread.

    SIGTTOU is ignored, or taking the terminal back from the background, and a terminal that stops background
    output, would stop the process. The keys' signals get handlers that do nothing: they reach the plugin too
    while it is in the foreground, and unlike SIG_IGN a handler is gone in whatever the plugin executes.
    """
    for number in (SIGTTOU, SIGTTIN):
        signal(number, SIG_IGN)
    for number in (SIGINT, SIGQUIT, SIGTSTP):
        signal(number, _nothing)


def _nothing(_number: int, _frame: object) -> None:
    pass


def restore() -> None:
    """Give a child the usual dispositions, between fork and exec: pass it as `preexec_fn`.

    nu ignores the signals of job control when it is interactive, and what is ignored is inherited.
    """
    for number in (SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU):
        signal(number, SIG_DFL)
