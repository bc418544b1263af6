"""Runs programs of `inside` for a caller elsewhere, one after the other for as long as it stays.

The first request is in the environment, and its program came with this one; the others come as frames. Each
finds the folder and the variables that the first one found, and BEGUN is said before it does anything.
"""

# ruff: noqa: PTH109
# To import pathlib takes a third of the time that this runs.
from __future__ import annotations

import contextlib
import json
import os
import select
import sys

from . import caller
from .framing import BEGUN, REQUEST, RESULT, frame
from .loader import load

_IDLE_S = 120.0
"""So long a caller may want nothing; longer than it keeps a connection that it has no use for."""


def main(program: str) -> None:
    """Run `program`, and then what else is asked for. Returns when the caller is gone."""
    asked = caller.first_request()
    folder, variables = os.getcwd(), dict(os.environ)
    while True:
        caller.say(frame(BEGUN))
        try:
            said = _said(program, asked)
        except EOFError:
            sys.exit(caller.GONE)
        caller.say(frame(RESULT, json.dumps(said).encode()))
        request = _next_request()
        if request is None:
            return
        os.environ.clear()
        os.environ.update(variables)
        try:
            os.chdir(folder)
        except OSError:  # where nothing can be begun, nothing is: an engine says why better
            return
        load(request["sources"])
        program, asked = request["program"], request["asked"]


def _said(program: str, asked: caller.Request) -> caller.Result:
    """What comes of a request. Raises: EOFError (the caller is gone)."""
    try:
        result: caller.Result = sys.modules[f"{__package__}.{program}"].main(asked)
    except (OSError, ValueError) as error:
        return caller.refusal(error)
    return result


def _next_request() -> caller.Request | None:
    """The next one; what still comes of an earlier one's input is for nobody."""
    with contextlib.suppress(EOFError):
        while select.select([0], [], [], _IDLE_S)[0]:
            for kind, payload in caller.hear():
                if kind == REQUEST:
                    request: caller.Request = json.loads(payload)
                    return request
    return None
