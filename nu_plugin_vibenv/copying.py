"""What `vibenv push` and `vibenv pull` have in common: their arguments, and what they answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from vibenv_core.errors import UsageError

from .inside_command import InsideCommand
from .sdk import Call, Filesize
from .tables import whole_ms

if TYPE_CHECKING:
    from vibenv_core.files import Copied

    from .names import Names
    from .sdk import Key


@dataclass(frozen=True, slots=True)
class CopiedRecord:
    """What was copied; `to` is where it is now."""

    source: str = field(metadata={"column": "from"})
    to: str
    files: int
    size: Filesize
    took: timedelta


class CopyCommand(InsideCommand):
    """A command that is given a session, unless the pipeline names some, and two places."""

    def meant(self, call: Call, *places: Key[str | None]) -> tuple[Names, str, str]:
        """The sessions, and the places as they were typed."""
        match [typed for key in (self.session, *places) if (typed := call[key]) is not None]:
            case [_, source, to]:
                return self.named(call), source, to
            case [source, to] if not call.input.empty:
                return self.piped(call), source, to
        raise UsageError(
            f"`{self.name}` needs a session and two places",
            code="usage::places",
            help=f"{self.name} NAME FROM TO, or with names by the pipeline: … | {self.name} FROM TO",
        )

    def copies(self, call: Call, names: Names, source: str, copy: Callable[[str], Copied]) -> object:
        """What `copy` does with each session, side by side; `source` is shown as where it came from."""

        def act(name: str) -> CopiedRecord:
            begun = monotonic()
            done = copy(name)
            took = whole_ms(timedelta(seconds=monotonic() - begun))
            return CopiedRecord(source, done.path, done.files, Filesize(done.size), took)

        return self.side_by_side(call, names, act, CopiedRecord)


def here(call: Call, typed: str) -> str:
    """A place of this machine, as seen from the caller's directory; `~NAME` of nobody known stays."""
    at_home = os.path.expanduser(typed)  # noqa: PTH111  # that of Path raises where nobody is called so
    return str(Path(call.engine.current_directory(), at_home))
