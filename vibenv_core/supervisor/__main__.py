"""The command line: `supervise` holds a session's terminal, `relay` joins a client to one.

supervise --rows R --cols C [--env NAME=VALUE]… [--dtach-socket PATH] [--control-socket PATH]
          [--log-folder PATH] [--log-limit BYTES] -- PROGRAM [ARGUMENT…]
relay [--control-socket PATH] [--requests VARIABLE] HELLO
"""

# What is not needed for the program to start, or for a relay, is imported after that.
from __future__ import annotations

import os
import sys

from . import CONTROL_SOCKET, DTACH_SOCKET, LOG_FOLDER, LOG_LIMIT

_CANNOT_SERVE = 1
_WRONG_USE = 2
_OPTIONS = {
    "--rows": "",
    "--cols": "",
    "--dtach-socket": DTACH_SOCKET,
    "--control-socket": CONTROL_SOCKET,
    "--log-folder": LOG_FOLDER,
    "--log-limit": str(LOG_LIMIT),
    "--requests": "",
}
_KILL = 9


def main() -> None:
    """Do what the command line says, and exit as it ends."""
    try:
        sys.exit(_run(sys.argv[1:]))
    except ValueError as error:
        sys.stderr.write(f"{error}\n\n{__doc__}")
        sys.exit(_WRONG_USE)


def _run(arguments: list[str]) -> int:
    match arguments:
        case ["supervise", *rest] if "--" in rest[:-1]:
            end = rest.index("--")
            return _supervise(rest[:end], rest[end + 1 :])
        case ["relay", *rest, hello]:
            from .relay import relay

            options, _ = _options(rest)
            requests = os.environ.get(options["--requests"], "")
            return relay(options["--control-socket"], hello, requests)
        case _:
            raise ValueError("neither a program to supervise nor a HELLO to relay")


def _supervise(arguments: list[str], argv: list[str]) -> int:
    from .program import CannotStart, Program, environment_for

    options, given = _options(arguments)
    rows, cols = int(options["--rows"]), int(options["--cols"])
    environment = environment_for(dict(os.environ), given)
    try:
        program = Program(argv, environment, rows=rows, cols=cols)
    except CannotStart as error:
        why, status = error.args
        sys.stderr.write(f"{why}\n")
        return int(status)

    from .ghostty_library import Unusable
    from .serving import Places, serve

    places = Places(
        dtach_socket=options["--dtach-socket"],
        control_socket=options["--control-socket"],
        log_folder=options["--log-folder"],
        log_limit=int(options["--log-limit"]),
    )
    try:
        return serve(program, places, rows=rows, cols=cols, term=environment["TERM"])
    except (OSError, Unusable) as error:
        sys.stderr.write(f"the session cannot be served: {error}\n")
        program.signal(_KILL)
        return _CANNOT_SERVE


def _options(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options' values, and each `--env`. Raises: ValueError."""
    pairs = list(zip(arguments[::2], arguments[1::2], strict=True))
    unknown = [name for name, _ in pairs if name not in _OPTIONS and name != "--env"]
    if unknown:
        raise ValueError(f"unknown: {' '.join(unknown)}")
    return {**_OPTIONS, **dict(pairs)}, [value for name, value in pairs if name == "--env"]


if __name__ == "__main__":
    main()
