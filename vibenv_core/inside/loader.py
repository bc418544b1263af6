"""Makes modules of their source: this one is a session's Python's whole command, and starts the program."""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def load(sources: Mapping[str, str]) -> None:
    """Make the modules of a package `inside`, in this order: each imports of those before it only."""
    package = sys.modules.setdefault("inside", type(sys)("inside"))
    for name, source in sources.items():
        module = sys.modules["inside." + name] = type(sys)("inside." + name)
        module.__package__ = "inside"
        setattr(package, name, module)
        exec(compile(source, name + ".py", "exec"), vars(module))


if __name__ == "__main__":
    load(json.loads(sys.argv[1]))
    sys.exit(sys.modules["inside." + sys.argv[2]].main(*sys.argv[3:]))
