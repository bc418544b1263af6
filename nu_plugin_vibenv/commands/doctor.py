"""`vibenv doctor`."""

from __future__ import annotations

from collections.abc import Iterator

from vibenv_core import doctor
from vibenv_core.hosts import resolve
from vibenv_core.model import Check, Verdict
from vibenv_core.settings import Settings

from ..command import HostCommand
from ..sdk import Call, Example
from ..tables.host import CheckRow, check_row


class Doctor(HostCommand):
    """Check all that vibenv needs; `fix` is the line to type where something is wrong.

    A row comes as each check is made. `ok` is null for what works and could be better.
    """

    name = "vibenv doctor"
    search_terms = ("check", "diagnose")
    input_output = ((object, list[CheckRow]),)
    examples = (
        Example("vibenv doctor", "check this host"),
        Example("vibenv doctor | where ok != true", "only what is wrong or could be better"),
    )

    def answer(self, call: Call) -> object:
        """The checks as they are made."""
        env = call.engine.environment()
        found = doctor.checks(
            resolve(call[self.host], env), Settings.from_environment(env), env, cancelled=call.cancelled
        )
        return self._rows(nushell_check(call.engine.version, call.engine.untested), found)

    def _rows(self, nushell: Check, found: Iterator[Check]) -> Iterator[CheckRow]:
        yield check_row(nushell)
        yield from map(check_row, found)


def nushell_check(version: str, untested: str | None) -> Check:
    """Whether this Nushell is one that the plugin was tested with; `untested` says why not."""
    verdict = Verdict.OK if untested is None else Verdict.WARN
    return Check(check="nushell", verdict=verdict, detail=untested or f"version {version}", fix=None)
