"""A crash of a command as an error that nu shows: short for a user, with its traceback for a developer."""

from __future__ import annotations

import os

from .errors import LabeledError

BACKTRACE = "NU_PLUGIN_BACKTRACE"
"""The environment variable that, when set and not 0, sends tracebacks of crashes to stderr."""


def labeled(error: BaseException) -> LabeledError:
    """The error that nu shows for an exception: a LabeledError as it is, any other as a bug of the plugin."""
    if isinstance(error, LabeledError):
        return error
    import sys
    import traceback

    if os.environ.get(BACKTRACE, "0") not in ("", "0"):
        traceback.print_exception(error, file=sys.stderr)
        help = None
    else:
        help = f"please report this; with {BACKTRACE}=1 in the environment of nu its traceback is on stderr"
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" ({frame.filename.rpartition('/')[2]}:{frame.lineno})" for frame in last)
    return LabeledError(
        f"the plugin failed: {type(error).__name__}: {error}{where}", code="plugin::bug", help=help
    )
