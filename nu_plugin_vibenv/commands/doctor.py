"""`vibenv doctor`."""

from __future__ import annotations

from vibenv_core import doctor

from ..command import HostCommand
from ..sdk import Call, Example, Type, table
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
        from vibenv_core.hosts import resolve

        env = call.engine.environment()
        found = doctor.checks(resolve(call[self.host], env), self.settings(call), env)
        return (check_row(check) for check in found)
