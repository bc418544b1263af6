"""`streams …`: producers that count what they produce, and consumers that take as much as they are told."""

import itertools
import sys
import time
from collections.abc import Iterator, Sequence

from nu_plugin_vibenv.sdk import (
    ByteStream,
    Call,
    Command,
    LabeledError,
    Optional,
    Plugin,
    Positional,
    Shape,
    Switch,
    serve,
)

STILL_S = 0.1
"""How long a count must stay the same to be called settled."""
DEADLINE_S = 10.0

made = 0
"""Pieces that `streams count` has produced, or calls of `streams mark`."""
closed = False
"""Whether the last `streams count` was closed, by its end or before it."""


def settled() -> int:
    """How many pieces were made, once no more are made."""
    deadline = time.monotonic() + DEADLINE_S
    before = -1
    while made != before and time.monotonic() < deadline:
        before = made
        time.sleep(STILL_S)
    return made


class Count(Command):
    """Count from 0, for ever or up to a number."""

    name = "streams count"
    up_to = Optional(int)
    as_bytes = Switch("a byte stream, of a chunk for each number")

    def run(self, call: Call) -> object:
        numbers = self.numbers(call[self.up_to])
        return ByteStream(str(number).encode() for number in numbers) if call[self.as_bytes] else numbers

    def numbers(self, up_to: int | None) -> Iterator[int]:
        global made, closed
        made, closed = 0, False
        try:
            for number in itertools.count() if up_to is None else range(up_to):
                made += 1
                yield number
        finally:
            closed = True


class Settled(Command):
    """Wait until nothing more is produced."""

    name = "streams settled"

    def run(self, call: Call) -> dict[str, object]:
        return {"made": settled(), "closed": closed}


class Mark(Command):
    """Count a call."""

    name = "streams mark"

    def run(self, call: Call) -> None:
        global made
        made += 1


class Hold(Command):
    """Take one piece of the input, and say how many are made while no more is taken."""

    name = "streams hold"
    as_bytes = Switch()

    def run(self, call: Call) -> int:
        pieces: Iterator[object] = call.input.bytes() if call[self.as_bytes] else call.input.values()
        next(pieces)
        return settled()


class Take(Command):
    """Take the first pieces of the input, and leave the rest."""

    name = "streams take"
    count = Positional(int)

    def run(self, call: Call) -> list[object]:
        return list(itertools.islice(call.input.values(), call[self.count]))


class Fail(Command):
    """Give three pieces, and fail."""

    name = "streams fail"
    as_bytes = Switch()

    def run(self, call: Call) -> object:
        return ByteStream(self.pieces()) if call[self.as_bytes] else self.pieces()

    def pieces(self) -> Iterator[bytes]:
        yield from (b"a", b"b", b"c")
        raise LabeledError("the well is dry")


class Through(Command):
    """Stream numbers through a closure, asking nu something for each that comes out."""

    name = "streams through"
    count = Positional(int)
    closure = Positional(Shape("Closure"))

    def run(self, call: Call) -> Iterator[object]:
        numbers = iter(range(call[self.count]))
        for value in call.engine.eval_closure(call[self.closure], input=numbers).values():
            call.engine.env_var("HOME")
            yield value


class Doubled(Command):
    """Double each number of the input as it comes, asking nu something in between."""

    name = "streams doubled"

    def run(self, call: Call) -> Iterator[int]:
        for number in call.input.values():
            call.engine.current_directory()
            yield number * 2


PLUGIN = Plugin(
    version="1",
    commands=[Count(), Settled(), Mark(), Hold(), Take(), Fail(), Through(), Doubled()],
)


def main(argv: Sequence[str]) -> int:
    """Run the plugin."""
    return serve(PLUGIN, argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
