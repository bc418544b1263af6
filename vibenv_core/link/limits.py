"""How much at once a host's sshd lets its users do: tried, for its configuration is root's to read.

Source: sshd_config(5), MaxSessions and MaxStartups.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from .. import batch, process
from ..address import SshAddress
from ..errors import EngineError, VibenvError
from ..process import Finished
from . import plan, runtime

SESSIONS = 12
"""How many sessions are tried at once: more than sshd lets in by default."""
LOGINS = 4
"""How many logins are."""
_TIMEOUT_S = 15.0
_HOLD = "sh -c 'sleep 1'"
"""Long enough for all of them to have begun; for any login shell."""


def sessions(address: SshAddress, env: Mapping[str, str], cancelled: threading.Event) -> int:
    """How many of `SESSIONS` sessions at once the link carries. Raises: Interrupted."""
    control = runtime.folder(address.url, env) / plan.CONTROL
    tried = _at_once(SESSIONS, plan.session_argv(address, control, _HOLD), env, cancelled)
    return sum(finished.exit_code == 0 for finished in tried)


def logins(address: SshAddress, env: Mapping[str, str], cancelled: threading.Event) -> int | None:
    """How many of `LOGINS` logins at once are not dropped; None where one alone does not succeed unasked.

    Failed logins are not repeated: hosts shut out who has many. Raises: Interrupted.
    """
    argv = plan.login_argv(address, wait_s=_TIMEOUT_S)
    if any(finished.exit_code for finished in _at_once(1, argv, env, cancelled)):
        return None
    tried = _at_once(LOGINS, argv, env, cancelled)
    return sum(not plan.is_dropped(finished.stderr) for finished in tried)


def _at_once(
    count: int, argv: Sequence[str], env: Mapping[str, str], cancelled: threading.Event
) -> list[Finished]:
    run: Callable[[str], Finished] = partial(_run, argv, env, cancelled)
    outcomes = batch.each(map(str, range(count)), run, jobs=count, cancelled=cancelled)
    results = [outcome.result for outcome in outcomes]
    for result in results:
        if isinstance(result, VibenvError):
            raise result
    return [result for result in results if isinstance(result, Finished)]


def _run(argv: Sequence[str], env: Mapping[str, str], cancelled: threading.Event, _number: str) -> Finished:
    try:
        return process.run(argv, env=env, timeout_s=_TIMEOUT_S, cancelled=cancelled)
    except EngineError as error:  # it took too long
        return Finished(argv=tuple(argv), exit_code=1, stdout="", stderr=error.message)
