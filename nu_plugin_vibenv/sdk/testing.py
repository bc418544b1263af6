"""For the tests of a plugin: run a command without nu, talk to a plugin as nu would, or drive a real nu.

    assert run(Greet(), "world") == "Hello, world!"          # in this process, in milliseconds

    with FakeNu(plugin, environment={"USER": "me"}) as nu:    # several calls of one plugin, one by one
        assert nu.run("greet", ["you"]) == "Hello, you!"

    nu = Nushell("/usr/bin/nu", plugins=["./nu_plugin_greet"])
    assert nu.value("greet world") == "Hello, world!"         # the real thing

Run as a program, it checks the examples in the help of any plugins' commands, in whatever language they are
written: `python -m ….testing nu_plugin_greet [--nu PATH]`. What is wrong goes to stderr, `N of M` is the last
line, and the exit status is 1 when it is not all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .fake_nu import DEADLINE_S, FakeNu, run
from .real_nu import CheckedExample, Nushell

__all__ = ["DEADLINE_S", "CheckedExample", "FakeNu", "Nushell", "main", "run"]


def main(argv: Sequence[str]) -> int:
    """Check the examples of plugins, and give the exit status."""
    import argparse

    parser = argparse.ArgumentParser(
        prog=f"python -m {__package__}.testing",
        description="Check the examples in the help of plugins' commands.",
    )
    parser.add_argument("plugin", nargs="+", help="the program of a plugin")
    parser.add_argument(
        "--nu", default="nu", help="the Nushell to check them with (default: the one in PATH)"
    )
    options = parser.parse_args(argv)
    checked = Nushell(options.nu, options.plugin).examples()
    wrong = [each for each in checked if each.wrong is not None]
    for each in wrong:
        print(f"{each.command}: {each.example}\n{each.wrong}\n", file=sys.stderr)
    print(f"{len(checked) - len(wrong)} of {len(checked)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
