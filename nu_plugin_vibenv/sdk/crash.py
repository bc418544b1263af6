"""A crash of a command as an error that nu shows: short for a user, with its traceback for a developer."""

from __future__ import annotations

import os

from . import messages as m
from . import pipelines as p
from .convert import row_fields
from .data import TYPE_CHECKING
from .errors import Label, LabeledError, ProtocolError
from .values import ListValue, RecordValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .running import Running
    from .runtime import Runtime
    from .span import Span

BACKTRACE = "NU_PLUGIN_BACKTRACE"
"""The environment variable that, when set and not 0, sends tracebacks of crashes to stderr."""

LONGEST_TEXT = 400
"""Characters of an exception's own text that are shown: some carry a whole document."""


def labeled(error: BaseException, runtime: Runtime, running: Running | None) -> LabeledError:
    """The error that nu shows for an exception of a call: a LabeledError as it is, any other as a bug.

    Asks nu whether the caller wants a traceback, and writes it to stderr then.
    """
    if isinstance(error, LabeledError):
        return error
    span = None if running is None else _place(running.call)
    if isinstance(error, KeyboardInterrupt):
        return LabeledError("interrupted", labels=_labels("ctrl-c", span), code="plugin::interrupted")
    help = f"please report this; $env.{BACKTRACE} = 1 shows the traceback"
    if _wants_traceback(runtime, running):
        import sys
        import traceback

        traceback.print_exception(error, file=sys.stderr)
        help = "please report this with the traceback on stderr"
    return LabeledError(
        f"the plugin failed: {text(error)}", labels=_labels("here", span), code="plugin::bug", help=help
    )


def text(error: BaseException) -> str:
    """One line for an exception: its class, its own text as far as nu can be sent it, and where it arose."""
    try:
        said = " ".join(" ".join([str(error), *getattr(error, "__notes__", ())]).split())
    except Exception:  # a class may do anything in its __str__
        said = ""
    if len(said) > LONGEST_TEXT:
        said = said[:LONGEST_TEXT] + "…"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" ({_file(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})"
    name = type(error).__name__
    return f"{name}: {said}{where}".encode(errors="backslashreplace").decode() if said else f"{name}{where}"


def note_place(error: Exception, value: object, fits: Callable[[Any], object]) -> None:
    """Note in an error where in a value it arose: at the first innermost part that `fits` raises it for too.

    `value` is a Python value or a Nushell one.
    """
    path = _misfit(value, fits, type(error))
    if path:
        error.add_note(f"at {'.'.join(path)}")


def _misfit(value: object, fits: Callable[[Any], object], kind: type[Exception]) -> tuple[str, ...]:
    for name, part in _parts(value):
        try:
            fits(part)
        except kind:
            return (str(name), *_misfit(part, fits, kind))
    return ()


def _parts(value: Any) -> Iterable[tuple[object, object]]:
    """The fields or elements of a Python or a Nushell value; none of anything else."""
    if isinstance(value, (RecordValue, ListValue)):
        value = getattr(value, "val", None) or getattr(value, "vals", ())
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, (list, tuple)):
        return enumerate(value)
    return [(name, getattr(value, name)) for name in row_fields(type(value)) or ()]


def _file(path: str) -> str:
    return path.rpartition("/")[2]


def _labels(note: str, span: Span | None) -> list[Label]:
    return [] if span is None else [Label(note, span)]


def _place(call: m.PluginCall) -> Span | None:
    match call:
        case m.Run(_, evaluated):
            return evaluated.head
        case m.CustomValueCall(p.Spanned(_, span)):
            return span
        case _:
            return None


def _wants_traceback(runtime: Runtime, running: Running | None) -> bool:
    """Whether the variable is set where nu was started, or where the call was made if that can be asked."""
    if os.environ.get(BACKTRACE, "0") not in ("", "0"):
        return True
    if running is None or not isinstance(running.call, (m.Run, m.GetCompletion)):
        return False
    from .engine import Engine

    try:
        value = Engine(runtime, running).env_var(BACKTRACE)
    except (LabeledError, ProtocolError):  # the call is over, or nu is
        return False
    return value not in (None, "", "0", 0)
