"""How signals reach a plugin, and what its children are given instead."""

from __future__ import annotations

import os

# `signal` turns numbers into enums for 2.5 ms of each start; this is what it wraps.
from _signal import (  # type: ignore[import-not-found]
    SIG_DFL,
    SIG_IGN,
    SIGCONT,
    SIGHUP,
    SIGINT,
    SIGPIPE,
    SIGQUIT,
    SIGTERM,
    SIGTSTP,
    SIGTTIN,
    SIGTTOU,
    SIGXFSZ,
    getsignal,
    signal,
)

from .errors import ConnectionClosed


def prepare() -> None:
    """Set this process up so that a terminal can be taken and given back; to be called from the main thread.

    SIGTTOU is ignored, or taking the terminal back from the background, and a terminal that stops background
    output, would stop the process. The keys' signals get handlers: they reach the plugin too while it is in
    the foreground, and unlike SIG_IGN a handler is gone in whatever the plugin executes.

    SIGTERM and SIGHUP are taken as nu's own going is: what runs is cancelled, and puts right what it has
    changed, such as a terminal.
    """
    for number in (SIGTTOU, SIGTTIN):
        signal(number, SIG_IGN)
    for number in (SIGINT, SIGQUIT):
        signal(number, _nothing)
    signal(SIGTSTP, _go_on)
    for number in (SIGTERM, SIGHUP):
        if getsignal(number) != SIG_IGN:  # as `nohup` has it
            signal(number, _end)


def _end(_number: int, _frame: object) -> None:
    """Interrupt the main thread, which reads what nu says; the next signal ends the process at once."""
    for number in (SIGTERM, SIGHUP):
        signal(number, SIG_DFL)
    raise ConnectionClosed("the plugin was told to end")


def _nothing(_number: int, _frame: object) -> None:
    pass


def _go_on(_number: int, _frame: object) -> None:
    """Undo what ctrl-z did to the program in the foreground: nu waits, and nobody else could wake it."""
    os.killpg(os.getpgrp(), SIGCONT)


def restore() -> None:
    """Give a child the usual dispositions, between fork and exec: pass it as `preexec_fn`.

    nu ignores the signals of job control when it is interactive, and what is ignored is inherited.
    """
    for number in (SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGXFSZ):
        signal(number, SIG_DFL)
