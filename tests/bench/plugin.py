"""What a plugin does, and next to nothing else: the commands of `rust/src/main.rs` in Python."""

from __future__ import annotations

import sys

from nu_plugin_vibenv.sdk import ByteStream, Call, Command, Filesize, Plugin, Positional, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = bytes(range(256)) * 256
NOTHINGS = 16
"""Commands that do nothing: with the others they are twenty."""


class Nothing(Command):
    """Do nothing."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, call: Call) -> None:
        """Do nothing."""


class Rows(Command):
    """Give so many rows, one by one."""

    name = "python rows"
    count = Positional(int, "how many")

    def run(self, call: Call) -> Iterator[dict[str, object]]:
        """Make a row when it is asked for."""
        for number in range(call[self.count]):
            yield {
                "number": number,
                "name": f"row {number}",
                "size": Filesize(number * 1000),
                "even": number % 2 == 0,
            }


class Total(Command):
    """Add up the column `number`."""

    name = "python total"

    def run(self, call: Call) -> int:
        """Read every row."""
        return sum(row["number"] for row in call.input.values())


class Bytes(Command):
    """Give so many bytes, in chunks."""

    name = "python bytes"
    count = Positional(int, "how many")

    def run(self, call: Call) -> ByteStream:
        """Cut the last chunk to what is left."""
        count = call[self.count]
        return ByteStream(CHUNK[: count - sent] for sent in range(0, count, len(CHUNK)))


class Length(Command):
    """Count the bytes."""

    name = "python length"

    def run(self, call: Call) -> int:
        """Read every chunk."""
        return sum(map(len, call.input.bytes()))


def main() -> int:
    """Serve nu."""
    names = ["python nothing", *(f"python nothing-{number}" for number in range(1, NOTHINGS))]
    commands = [Rows(), Total(), Bytes(), Length(), *map(Nothing, names)]
    return serve(Plugin(version="0", commands=commands), sys.argv[1:])
