"""`vibenv logs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from vibenv_core import kept_logs, labels
from vibenv_core.errors import NotFound

from ..command import HostCommand
from ..names import from_arguments, from_pipeline
from ..sdk import Call, Example, Rest, Switch
from ..tables import shown

if TYPE_CHECKING:
    from vibenv_core.model import Volume


@dataclass(frozen=True, slots=True)
class KeptLogRow:
    """A recording whose session is no more; `name` is what that was launched as, `created` when."""

    name: str
    created: datetime
    volume: str


class Logs(HostCommand):
    """List the recordings that are kept of sessions that were removed, oldest first, or remove some.

    Names say which; rows from the pipeline mean just themselves, where there are several of one name.
    """

    name = "vibenv logs"
    search_terms = ("recording", "volume", "prune")
    input_output = ((object, list[KeptLogRow]),)
    examples = (
        Example("vibenv logs", "what is kept"),
        Example(
            "vibenv logs | where created < ((date now) - 30day) | vibenv logs --remove", "remove old ones"
        ),
    )

    names = Rest(str, "only those of these sessions")
    remove = Switch("remove them; names, or rows from the pipeline, have to say which", short="r")

    def answer(self, call: Call) -> object:
        """The recordings as rows; with `--remove`, those that were removed."""
        engine = self.engine(call)
        found = self._wanted(call, kept_logs.kept(engine))
        if call[self.remove]:
            for each in found:
                kept_logs.remove(engine, each)
        return [_row(each) for each in found]

    def _wanted(self, call: Call, there: list[Volume]) -> list[Volume]:
        """Those of `there` that are named. Raises: NotFound, UsageError."""
        if typed := call[self.names]:
            return _of(there, from_arguments(typed).names)
        value = None if call.input.empty else call.input.value()
        if value is None and not call[self.remove]:
            return there
        rows = value if isinstance(value, list) else [value]
        volumes = [row.get("volume") for row in rows if isinstance(row, Mapping)]
        if len(volumes) == len(rows) and None not in volumes:
            return [each for each in there if each.name in volumes]
        return _of(there, from_pipeline(value).names)


def _of(there: list[Volume], names: tuple[str, ...]) -> list[Volume]:
    lacking = set(names) - {each.labels[labels.LOG] for each in there}
    if lacking:
        raise NotFound(
            f"no recording of `{min(lacking)}` is kept",
            code="log::not_found",
            help="`vibenv logs` shows those that are",
            about="names",
        )
    return [each for each in there if each.labels[labels.LOG] in names]


def _row(found: Volume) -> KeptLogRow:
    return KeptLogRow(name=shown(found.labels[labels.LOG]), created=found.created, volume=found.name)
