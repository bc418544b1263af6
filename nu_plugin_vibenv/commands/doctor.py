"""`vibenv doctor`."""

from __future__ import annotations

from collections.abc import Iterator

from vibenv_core import doctor
from vibenv_core.hosts import resolve
from vibenv_core.model import Check, Verdict

from ..command import HostCommand
from ..sdk import Call, Example, Type, table
from ..sdk.versions import warning
from ..tables import CheckRow, check_row


class Doctor(HostCommand):
    """Check all that vibenv needs; `fix` is the line to type where something is wrong.

    A row comes as each check is made. `ok` is null for what works and could be better.
    """

    name = "vibenv doctor"
    search_terms = ("check", "diagnose")
    input_output = ((Type.ANY, table(CheckRow)),)
    examples = (
        Example("vibenv doctor", "check this host"),
        Example("vibenv doctor | where ok != true", "only what is wrong or could be better"),
    )

    def answer(self, call: Call) -> object:
        """The checks as they are made."""
        env = call.engine.environment()
        found = doctor.checks(
            resolve(call[self.host], env), self.settings(call), env, cancelled=call.cancelled
        )
        return self._rows(call.engine.version, found)

    def _rows(self, nushell: str, found: Iterator[Check]) -> Iterator[CheckRow]:
        yield check_row(nushell_check(nushell))
        yield from map(check_row, found)


def nushell_check(version: str) -> Check:
    """Whether this Nushell is one that the plugin was tested with."""
    beyond = warning(version)
    verdict = Verdict.OK if beyond is None else Verdict.WARN
    return Check(check="nushell", verdict=verdict, detail=beyond or f"version {version}", fix=None)
